//! The limit of seats a person.

use std::collections::HashMap;

use super::{Kind, Violation};
use crate::domain::{ids::ConcertId, order::Order};

/// The orders whose payment took the user's seats of a concert above the limit that the order has.
/// The payments and refunds of the user are replayed in the order of their places in the chain.
pub fn limits(orders: &[Order]) -> Vec<Violation> {
    let mut moves: Vec<(u64, &Order, Move)> = Vec::new();
    for order in orders {
        moves.push((order.seq, order, Move::Bought));
        for part in &order.returned {
            moves.push((part.seq, order, Move::Returned(part.seats.len())));
        }
        if let Some(rest) = &order.refund {
            let parts = order.returned.iter().map(|part| part.seats.len());
            let left = order.seats.len().saturating_sub(parts.sum());
            moves.push((rest.seq, order, Move::Returned(left)));
        }
    }
    moves.sort_by_key(|(seq, ..)| *seq);
    let mut has: HashMap<ConcertId, usize> = HashMap::new();
    let mut violations = Vec::new();
    for (_, order, moved) in moves {
        let has = has.entry(order.concert_id).or_default();
        match moved {
            Move::Returned(seats) => *has = has.saturating_sub(seats),
            Move::Bought => {
                *has += order.seats.len();
                let limit = order.limit.and_then(|limit| usize::try_from(limit).ok());
                if limit.is_some_and(|limit| *has > limit) {
                    let seat = order.seats.first();
                    violations.push(Violation::of_order(Kind::LimitExceeded, order, seat));
                }
            }
        }
    }
    violations
}

enum Move {
    Bought,
    Returned(usize),
}
