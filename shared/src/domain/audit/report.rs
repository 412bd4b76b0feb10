//! The result of an audit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Kind, Violation};

/// The most violations of one kind that a report lists in full.
const MAX_EXAMPLES: u64 = 5;

/// What was checked, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many violations there are in all.
    pub violations: u64,
    /// How many there are of each kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// How much was checked.
    pub checked: Checked,
    /// A few of each kind.
    pub examples: Vec<Violation>,
}

/// How many of each were checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checked {
    /// Shows.
    pub shows: u64,
    /// Plans of halls.
    pub plans: u64,
    /// Users.
    pub users: u64,
    /// Seats that have an item.
    pub seats: u64,
    /// Sessions.
    pub sessions: u64,
    /// Queues.
    pub queues: u64,
    /// Accounts.
    pub accounts: u64,
    /// Charges, payments and refunds.
    pub entries: u64,
    /// Orders, paid or refunded.
    pub orders: u64,
    /// Records of the log of changes.
    pub changes: u64,
}

impl Checked {
    /// How many items there are in total.
    pub fn sum(&self) -> u64 {
        let Self {
            shows,
            plans,
            users,
            seats,
            sessions,
            queues,
            accounts,
            entries,
            orders,
            changes,
        } = self;
        shows + plans + users + seats + sessions + queues + accounts + entries + orders + changes
    }
}

impl Report {
    /// Adds a violation.
    pub fn accuse(&mut self, violation: Violation) {
        let count = self.kinds.entry(violation.kind).or_default();
        *count += 1;
        self.violations += 1;
        if *count <= MAX_EXAMPLES {
            self.examples.push(violation);
        }
    }

    /// Adds the findings of a later part of the same round.
    pub fn add(&mut self, later: &Self) {
        for violation in &later.examples {
            let told = self
                .examples
                .iter()
                .filter(|known| known.kind == violation.kind);
            if (told.count() as u64) < MAX_EXAMPLES {
                self.examples.push(violation.clone());
            }
        }
        for (kind, count) in &later.kinds {
            *self.kinds.entry(*kind).or_default() += count;
        }
        self.violations += later.violations;
        let (sum, more) = (&mut self.checked, &later.checked);
        sum.shows += more.shows;
        sum.plans += more.plans;
        sum.users += more.users;
        sum.seats += more.seats;
        sum.sessions += more.sessions;
        sum.queues += more.queues;
        sum.accounts += more.accounts;
        sum.entries += more.entries;
        sum.orders += more.orders;
        sum.changes += more.changes;
    }
}
