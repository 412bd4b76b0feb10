//! Every order in which the calls of a few joins can reach one pool of numbers: draws, claims, fills
//! and the tick that takes out what was not drawn. Meanwhile time passes, an answer gets lost, or a
//! process ends between any two of its calls.
//!
//! The joins are the real ones (`shared::app::numbers`). Each call waits until the explorer lets it
//! through. The explorer plays every sequence of its choices from the beginning.

mod explorer;
mod table;

use std::collections::BTreeSet;

use self::{
    explorer::{Explorer, Scenario},
    table::{Condition, Table},
};

/// What is left after a play: who has which number, and what the line passes as unused.
#[derive(Debug, Default)]
struct Outcome {
    numbers: Vec<u64>,
    unused: Vec<(u64, u64)>,
    table: Table,
    /// Whether no process ended, no answer was lost, and no time passed during a call.
    is_undisturbed: bool,
}

impl Outcome {
    /// How many numbers nobody has, and nobody can draw, and nobody knows.
    fn lost(&self) -> u64 {
        let pool = self.table.pool.as_ref();
        let known = pool.map_or(0, |pool| {
            let unused: u64 = pool.unused.iter().map(|range| range.len()).sum();
            unused + pool.end.saturating_sub(pool.drawn)
        });
        let had = u64::try_from(self.numbers.len()).expect("a count");
        self.table.issued - self.table.drawn_before - known - had
    }

    /// What is wrong.
    fn wrong(&self) -> Option<&'static str> {
        let had: BTreeSet<_> = self.numbers.iter().copied().collect();
        if had.len() < self.numbers.len() {
            return Some("two have the same number");
        }
        let is_had = |after, through| had.iter().any(|had| (after + 1..=through).contains(had));
        if self
            .unused
            .iter()
            .any(|(after, through)| is_had(*after, *through))
        {
            return Some("somebody has a number that the line passes");
        }
        let pool = self.table.pool.as_ref();
        if pool.is_some_and(|pool| is_had(pool.drawn, pool.end)) {
            return Some("somebody has a number that can be drawn again");
        }
        let can_be_drawn = |(after, through): &(u64, u64)| {
            pool.is_some_and(|pool| pool.drawn.max(*after) < pool.end.min(*through))
        };
        if self.unused.iter().any(can_be_drawn) {
            return Some("a number that the line passes can be drawn");
        }
        if self.is_undisturbed && self.lost() > 0 {
            return Some("a number was lost");
        }
        let last = had.last().copied().unwrap_or(0);
        (last > self.table.issued).then_some("a number was not issued")
    }
}

/// Plays every order. All must be well.
fn all_is_well(scenario: &Scenario) {
    let mut explorer = Explorer::default();
    let mut most = 0;
    while let Some(outcome) = explorer.play(scenario) {
        let wrong = outcome.wrong();
        assert_eq!(wrong, None, "{outcome:?} after {:?}", explorer.choices());
        most = most.max(outcome.numbers.len());
    }
    assert_eq!(most, scenario.joins, "in some order all get numbers");
    assert!(explorer.plays() > 10, "{}", explorer.plays());
}

/// Without this condition, some order goes wrong.
fn goes_wrong_without(condition: Condition, scenario: Scenario) {
    let scenario = Scenario {
        without: Some(condition),
        ..scenario
    };
    let mut explorer = Explorer::default();
    while let Some(outcome) = explorer.play(&scenario) {
        if outcome.wrong().is_some() {
            return;
        }
    }
    panic!("{condition:?} proves nothing in {} plays", explorer.plays());
}

/// A pool that has some numbers left.
fn left(numbers: u64) -> Table {
    Table::with_left(numbers)
}

#[test]
fn three_joins_find_no_pool() {
    all_is_well(&Scenario::joins(3, Table::default()));
}

#[test]
fn three_joins_find_a_pool_with_one_number() {
    all_is_well(&Scenario::joins(3, left(1)));
}

#[test]
fn time_passes_while_joins_draw() {
    let plays = [
        (2, 2, Table::default()),
        (2, 2, left(1)),
        (3, 1, left(1)),
        (2, 2, left(2)),
    ];
    for (joins, time, table) in plays {
        all_is_well(&Scenario {
            time,
            ..Scenario::joins(joins, table)
        });
    }
}

#[test]
fn tick_takes_out_what_two_joins_may_still_draw() {
    for table in [left(1), left(2), left(3)] {
        let scenario = Scenario::joins(2, table);
        all_is_well(&Scenario {
            time: 1,
            ticks: 1,
            clocks_differ: true,
            ..scenario
        });
    }
}

#[test]
fn process_ends_between_any_two_calls() {
    for table in [Table::default(), left(1)] {
        let scenario = Scenario::joins(2, table);
        let scenario = Scenario {
            time: 1,
            kills: 1,
            ..scenario
        };
        all_is_well(&scenario);
    }
}

#[test]
fn answer_of_any_call_is_lost() {
    for table in [Table::default(), left(1)] {
        let scenario = Scenario::joins(2, table);
        let scenario = Scenario {
            time: 1,
            losses: 1,
            ..scenario
        };
        all_is_well(&scenario);
    }
}

/// A call that was given up takes effect after those that were made instead of it.
#[test]
fn call_takes_effect_after_it_was_given_up() {
    for table in [Table::default(), left(1), left(2)] {
        let scenario = Scenario::joins(2, table);
        all_is_well(&Scenario {
            time: 1,
            delays: 1,
            ..scenario
        });
    }
}

/// The same happens to a tick.
#[test]
fn tick_ends_or_is_late_while_a_join_draws() {
    for table in [left(1), left(2)] {
        let scenario = Scenario {
            time: 1,
            ticks: 1,
            clocks_differ: true,
            ..Scenario::joins(1, table)
        };
        all_is_well(&Scenario {
            kills: 1,
            ..scenario.clone()
        });
        all_is_well(&Scenario {
            losses: 1,
            ..scenario.clone()
        });
        all_is_well(&Scenario {
            delays: 1,
            ..scenario
        });
    }
}

/// The conditions that keep numbers apart. Those of time only keep the order; the API suite proves
/// them (`guards::pools`).
#[test]
fn each_condition_is_needed() {
    let late = |table| Scenario {
        time: 2,
        ticks: 1,
        clocks_differ: true,
        ..Scenario::joins(2, table)
    };
    goes_wrong_without(Condition::HasNumbers, Scenario::joins(3, left(1)));
    goes_wrong_without(Condition::DrawnAsSeen, late(left(2)));
    goes_wrong_without(Condition::IsAbsent, Scenario::joins(2, Table::default()));
}
