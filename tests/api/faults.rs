//! Every kind of failure below the functions, one at a time, and its result. Each test pauses the
//! runtime's time, so that waiting for time-outs takes no time.

mod calls;
mod cancellation_reasons;
mod deadlines;
mod messages;
mod partial_reads;

const TRANSACTION: &str = "TransactWriteItems";

/// More tries than any function makes.
const ALWAYS: u32 = 1_000;
