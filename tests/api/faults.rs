//! Whatever fails below the functions, one kind of fault at a time, and what becomes of it. Each of
//! these tests pauses the time of the runtime, so that a function that waits in vain costs no time.

mod calls;
mod cancellation_reasons;
mod deadlines;
mod messages;
mod partial_reads;

const TRANSACTION: &str = "TransactWriteItems";

/// More tries than any function makes.
const ALWAYS: u32 = 1_000;
