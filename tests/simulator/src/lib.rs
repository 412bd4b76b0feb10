//! The line in virtual time: the real tick, admission and standing, used as the functions use them.
//! The functions' clocks are off, their documents are old, and their writes get lost.
//!
//! An [`Evening`] says who comes, what they do and what goes wrong. Playing it checks at every
//! event what must always be true, and measures the rest. The result is an [`Outcome`]. Nothing
//! sleeps, and the same seed plays the same evening.

mod crowd;
mod evening;

mod agenda;
mod time;

mod house;
mod people;
mod rush;
mod simulation;

mod outcome;
mod size;

pub use crowd::{Crowd, Stay};
pub use evening::{Arrivals, Evening, Troubles, Wave, settings};
pub use outcome::{Errors, Estimate, Look, Moment, Outcome, Ticks, Units};
pub use rush::{Measured, Phase, Rush, Spread, Table};
pub use simulation::Progress;
pub use size::item_size;
