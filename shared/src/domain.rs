//! The rules, without I/O: every function here takes what it needs, `now` included, and
//! returns what follows.

pub mod attempts;
pub mod audit;
pub mod best;
pub mod changes;
pub mod decimal;
pub mod draw;
pub mod events;
pub mod hall;
pub mod ids;
pub mod money;
pub mod order;
pub mod plan;
pub mod programme;
pub mod queue;
pub mod reason;
pub mod schedule;
pub mod seat;
pub mod session;
pub mod show;
pub mod signing;
pub mod texts;
pub mod user;
pub mod values;
