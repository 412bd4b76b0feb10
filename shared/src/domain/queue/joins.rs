//! What a tick makes of the joins since the last one (`ARCHITECTURE.md#joins`).

use jiff::Timestamp;

use super::{Line, Queue, Range, pool};
use crate::domain::schedule::{Milli, PERSON};

/// How many jumps over unused numbers a tick adds to the schedule, which must stay small.
const JUMPS_IN_A_TICK: usize = 4;

impl Queue {
    /// The line after a tick has looked at its joins: how many pools the next ones may use, and which
    /// numbers nobody has. `issued` is how many numbers have been drawn or put into pools. Also
    /// returns the unused numbers that are to be kept elsewhere.
    #[must_use]
    pub fn with_joins(
        &self,
        now: Timestamp,
        issued: u64,
        unused: impl IntoIterator<Item = Range>,
    ) -> (Line, Vec<Range>) {
        let mut line = self.line.clone();
        let tick = self.tick_milliseconds();
        let since = now.as_millisecond() - line.ticked_at;
        if line.schedule.last().is_none() {
            // This is the tick of the opening.
            line.pools = pool::pools_after_draw(issued);
        } else if since >= tick / 2 {
            let joins = issued.saturating_sub(line.issued);
            // A line in which nothing happened was not ticked.
            line.pools = pool::pools_for(line.pools, joins, since.min(tick));
        }
        let elsewhere = line.add_unused(unused);
        (line, elsewhere)
    }
}

impl Line {
    /// Continues the schedule up to the last of the longest ranges that it passes on its way to
    /// `target`. It jumps over each, so that people come in evenly before and after it. The shorter
    /// ones only make the line a little steeper.
    pub(super) fn pass_unused(&mut self, start: i64, tick: i64, served: Milli, target: Milli) {
        let nobody = self.unused.between(served / PERSON, target / PERSON) * PERSON;
        let people = target.saturating_sub(served).saturating_sub(nobody);
        let mut longest: Vec<_> = self.unused.passed_by(served, people).collect();
        longest.sort_unstable_by_key(|pass| std::cmp::Reverse(pass.to - pass.from));
        longest.truncate(JUMPS_IN_A_TICK);
        longest.sort_unstable_by_key(|pass| pass.from);
        for pass in longest {
            let part = i128::from(tick) * i128::from(pass.after) / i128::from(people.max(1));
            let at = start + i64::try_from(part).unwrap_or(tick);
            self.schedule.append(at, pass.from);
            self.schedule.append(at, pass.to);
        }
    }
}
