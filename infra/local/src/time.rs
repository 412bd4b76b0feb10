//! Time: one clock for the whole stack, which can be moved, and the invocations that sleep on it.

pub mod clock;
pub mod function_clock;
pub mod invocation;
