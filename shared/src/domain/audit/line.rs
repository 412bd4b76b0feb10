//! Checks a queue against its sessions (invariants 5 and 6).

use super::{Kind, Memory, Violation};
use crate::domain::queue::{Counts, Opening, Queue};

/// What is wrong with a queue. `issued` is how many numbers have been drawn. The other arguments
/// are the counts of its live cohorts, and how many early entries each stripe has. All of this was
/// read after the sessions that are remembered.
pub fn line(
    queue: &Queue,
    sessions: &Memory,
    issued: u64,
    counts: impl Fn(i64) -> Counts,
    early_entries: impl Fn(u8) -> u64,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut accuse =
        |kind, number| violations.push(Violation::of_queue(kind, &queue.id, Some(number)));
    let numbers = sessions.numbers(&queue.id);
    let highest = numbers
        .map_or(0, |(_, highest)| highest)
        .max(queue.line.issued);
    if highest > issued {
        accuse(Kind::NumberNeverIssued, highest);
    }
    if let (Opening::Done(draw), Some((lowest, _))) = (&queue.opening, numbers)
        && lowest <= draw.entries()
    {
        accuse(Kind::NumberDrawnTwice, lowest);
    }
    for entry in sessions.early(&queue.id) {
        if entry.index() > early_entries(entry.stripe()) {
            accuse(Kind::NumberNeverIssued, entry.index());
        }
    }
    for cohort in &queue.line.cohorts {
        let Counts { arrived, done, .. } = counts(cohort.start);
        let name = cohort.start.unsigned_abs();
        if done > arrived {
            accuse(Kind::MoreDoneThanArrived, name);
        }
        if sessions.arrivals(&queue.id, cohort.start) > arrived {
            accuse(Kind::ArrivalNotCounted, name);
        }
    }
    violations
}
