//! Between the functions and AWS: the connector of their SDK clients, their permissions, the count
//! of what they consume, and the faults that their calls meet.

pub mod connector;
pub mod faults;
pub mod guard;
pub mod interference;
pub mod lifetime;
pub mod tally;
