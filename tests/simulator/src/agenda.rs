//! What happens when.

use std::{cmp::Ordering, collections::BinaryHeap};

/// Events by time. Those of the same time are in the order in which they were planned.
pub(crate) struct Agenda<E> {
    heap: BinaryHeap<Entry<E>>,
    planned: u64,
}

struct Entry<E> {
    at: i64,
    order: u64,
    event: E,
}

impl<E> Agenda<E> {
    pub fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            planned: 0,
        }
    }

    pub fn plan(&mut self, at: i64, event: E) {
        self.planned += 1;
        self.heap.push(Entry {
            at,
            order: self.planned,
            event,
        });
    }

    /// When the next event is.
    pub fn next_at(&self) -> Option<i64> {
        self.heap.peek().map(|entry| entry.at)
    }

    pub fn take(&mut self) -> Option<(i64, E)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

impl<E> Ord for Entry<E> {
    /// The heap has its largest entry on top, which must be the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<E> Eq for Entry<E> {}
