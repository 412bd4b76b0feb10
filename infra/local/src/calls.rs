//! Between the functions and AWS: the connector of their SDK clients, their permissions, the count
//! of what they consume, how long their calls take, and the faults that they meet.

pub mod connector;
pub mod faults;
pub mod guard;
pub mod interference;
pub mod lifetime;
pub mod tally;
pub mod traffic;
