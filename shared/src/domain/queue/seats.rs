//! Seats worth offering: how many more people a queue lets in for the seats that are left
//! (`ARCHITECTURE.md#seats-worth-offering`).
//!
//! Every queue but `main` sells the seats of the concerts that name it, and lets in as many people
//! as there are free seats for. Counting reads every block of every show. So a tick counts only
//! when the number matters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClosureReason, Line, Queue};
use crate::domain::{ids::QueueId, schedule::PERSON, seat::MAX_SEATS_PER_HOLD};

/// While anybody is in the line, the count that readers see is at most this old.
const COUNT_GOOD_FOR_MILLISECONDS: i64 = 60_000;

/// How often a sold-out queue looks for free seats, when somebody asks. A refund makes it look at
/// once, unless that call was lost.
const SOLD_OUT_GOOD_FOR_MILLISECONDS: i64 = 30_000;

/// After this many people have finished, their share of buyers is used for the others.
const ENOUGH_TO_KNOW: u64 = 100;

/// The counts of the seats of the shows that a queue is selling now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeatCount {
    /// How many seats there are.
    pub capacity: u64,
    /// How many are sold.
    pub sold: u64,
    /// How many are held and not lapsed.
    pub held: u64,
    /// How many active sessions hold them, and so will not take more.
    pub holding: u64,
    /// When the next unsold show opens, if every seat on sale is sold or none is on sale.
    pub opens_next: Option<Timestamp>,
    /// When a show opens or closes next, which makes these counts out of date.
    pub changes_at: Option<Timestamp>,
    /// Whether the sale of some show has not opened yet.
    pub more_to_come: bool,
    /// Whether the queue has sold shows, but none is on sale or still to open.
    pub sale_over: bool,
}

impl SeatCount {
    /// How many seats are free.
    pub fn free(self) -> u64 {
        self.capacity.saturating_sub(self.sold + self.held)
    }

    /// Whether all seats that were counted are sold.
    pub fn is_all_sold(self) -> bool {
        self.sold >= self.capacity
    }

    /// Why the line is over; `None` if it is not. It is over when all seats are sold and no sale is
    /// still to open, or when nothing is sold any more.
    pub fn ending(self) -> Option<ClosureReason> {
        if self.sale_over {
            Some(ClosureReason::SaleOver)
        } else if self.capacity > 0 && self.is_all_sold() && self.opens_next.is_none() {
            Some(ClosureReason::SoldOut)
        } else {
            None
        }
    }

    /// How many more people it is worth letting in. `let_in` people have been let in so far, and
    /// `active` are active. The active who hold nothing yet may still take a seat.
    pub(super) fn offered(self, active: u64, let_in: u64) -> u64 {
        let choosing = active.saturating_sub(self.holding);
        self.worth_having_in(let_in.saturating_sub(choosing))
            .saturating_sub(choosing)
    }

    /// How many people without a seat should be inside: one for each free seat. Once a hundred have
    /// finished, their share of non-buyers is known, and more may be inside: as many as are likely
    /// to buy what is left, three standard deviations on the side of the seats, and at most half as
    /// many again as there are seats. Otherwise the last seats of a large hall would wait, round
    /// after round, until the last no-shows are known.
    fn worth_having_in(self, through: u64) -> u64 {
        let (free, taken) = (self.free(), self.sold + self.held);
        if through < ENOUGH_TO_KNOW || taken >= through || taken == 0 {
            return free;
        }
        let deviation = (9 * free * (through - taken) / through).isqrt();
        let likely = (free + deviation) * through / taken;
        likely.min(free + free / 2)
    }
}

/// What a line stores of the last count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsLeft {
    /// When the seats were counted (milliseconds).
    pub counted_at: i64,
    /// How many seats were free.
    pub free: u64,
    /// How many more people it was worth letting in.
    pub offered: u64,
    /// How many sessions were active.
    pub active: u64,
    /// How many people had been let in.
    pub passed: u64,
    /// Whether all seats were sold and no sale was still to open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sold_out: bool,
    /// Whether nothing was sold any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sale_over: bool,
    /// When the next unsold show opens, while no seat is free (milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_next: Option<i64>,
    /// When a show opens or closes next (milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_at: Option<i64>,
    /// Whether the sale of some show had not opened yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more_to_come: bool,
}

/// The part of a count that decides whether people may join and wait.
pub(super) type Offer = (bool, bool, Option<i64>, Option<i64>);

impl SeatsLeft {
    pub(super) fn offer(&self) -> Offer {
        (
            self.sold_out,
            self.sale_over,
            self.opens_next,
            self.changes_at,
        )
    }
}

impl Queue {
    /// Whether a tick must count the seats that are left. It need not while there is a seat for
    /// everybody who may be active, even if everybody let in since the last count had taken as many
    /// seats as one may. It need not either while every seat on sale is sold and another sale is
    /// still to open.
    pub fn must_count_seats(&self, now: Timestamp) -> bool {
        if self.id == QueueId::main() {
            return false;
        }
        let Some(seats) = &self.line.seats else {
            return true;
        };
        if self.offer_has_changed(now) || is_older(seats, now, COUNT_GOOD_FOR_MILLISECONDS) {
            return true;
        }
        let reached = self.line.schedule.last().map_or(0, |last| last.served);
        let let_in = (reached / PERSON).saturating_sub(seats.passed);
        let most_taken = (seats.active + let_in) * MAX_SEATS_PER_HOLD as u64;
        let enough = most_taken + u64::from(self.settings.max_active);
        seats.opens_next.is_none() && seats.free < enough
    }

    /// How many more people may come in for the seats that are left. Without a count, there is a
    /// seat for everybody who may be active, or none until the next show opens.
    pub(super) fn seats_offered(&self, active: u64, seats: Option<SeatCount>) -> u64 {
        match (seats, self.sale_opens_at()) {
            (Some(seats), _) => seats.offered(active, self.line.let_in()),
            (None, Some(_)) => 0,
            (None, None) => u64::MAX,
        }
    }

    /// Whether a show of the queue has opened or closed since the last count.
    pub fn offer_has_changed(&self, now: Timestamp) -> bool {
        let changes_at = self.line.seats.as_ref().and_then(|seats| seats.changes_at);
        changes_at.is_some_and(|at| at <= now.as_millisecond())
    }

    /// When the next show opens, if no seat is free until then.
    pub fn sale_opens_at(&self) -> Option<Timestamp> {
        let seats = self.line.seats.as_ref()?;
        Timestamp::from_millisecond(seats.opens_next?).ok()
    }

    /// Whether a queue without seats should look again.
    pub fn may_have_seats_again(&self, now: Timestamp) -> bool {
        let seats = self.line.seats.as_ref();
        self.has_no_seats()
            && seats.is_some_and(|seats| is_older(seats, now, SOLD_OUT_GOOD_FOR_MILLISECONDS))
    }

    /// Whether every seat is sold.
    pub fn is_sold_out(&self) -> bool {
        self.line.seats.as_ref().is_some_and(|seats| seats.sold_out)
    }

    /// Whether nothing that the queue sells can be bought any more.
    pub fn is_sale_over(&self) -> bool {
        let seats = self.line.seats.as_ref();
        seats.is_some_and(|seats| seats.sale_over)
    }

    /// Whether nobody may join, because there are no seats and no sale is still to open.
    pub(super) fn has_no_seats(&self) -> bool {
        self.is_sold_out() || self.is_sale_over()
    }

    /// The last number for which there is a free seat, if everybody before it takes one, those inside
    /// included. `None` if the seats are not counted, and while a sale is still to open.
    pub fn seats_through(&self) -> Option<u64> {
        let seats = self.line.seats.as_ref();
        let seats = seats.filter(|seats| !seats.more_to_come)?;
        let (passed, offered) = (seats.passed * PERSON, seats.offered * PERSON);
        Some(self.line.unused.beyond(passed, offered) / PERSON)
    }

    /// Whether a waiting session with this number is behind the last seat: the people before it,
    /// inside and in the line, are at least as many as the free seats. Always false while a sale is
    /// still to open.
    pub fn is_beyond_seats(&self, number: u64) -> bool {
        self.seats_through().is_some_and(|last| number > last)
    }
}

impl Line {
    /// Remembers a count.
    pub(super) fn remember(&mut self, seats: SeatCount, now: i64) {
        self.seats = Some(SeatsLeft {
            counted_at: now,
            free: seats.free(),
            offered: seats.offered(self.active, self.let_in()),
            active: self.active,
            passed: self.passed,
            sold_out: seats.ending() == Some(ClosureReason::SoldOut),
            sale_over: seats.ending() == Some(ClosureReason::SaleOver),
            opens_next: seats.opens_next.map(Timestamp::as_millisecond),
            changes_at: seats.changes_at.map(Timestamp::as_millisecond),
            more_to_come: seats.more_to_come,
        });
    }

    /// How many were let in since the seats last ended, if they ever did. Those in the line at that
    /// moment were passed without a chance to buy.
    pub(super) fn let_in(&self) -> u64 {
        self.numbers_between(self.closed_through, self.passed)
    }
}

fn is_older(seats: &SeatsLeft, now: Timestamp, milliseconds: i64) -> bool {
    now.as_millisecond() - seats.counted_at >= milliseconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        queue::{Counts, samples},
        session::Ending,
    };

    const START: i64 = 1_700_000_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millisecond(START + second * 1_000).expect("a time")
    }

    fn queue(max_active: u32) -> Queue {
        Queue {
            id: "arena".parse().expect("an id"),
            ..samples::queue(max_active, 10_000)
        }
    }

    fn seats(capacity: u64, sold: u64, held: u64, holding: u64) -> SeatCount {
        SeatCount {
            capacity,
            sold,
            held,
            holding,
            ..SeatCount::default()
        }
    }

    fn tick(queue: &mut Queue, second: i64, issued: u64, arrived: u64, seats: SeatCount) {
        let counts = |_| Counts {
            arrived,
            ..Counts::default()
        };
        let line = queue.tick(at(second), issued, counts, Some(seats));
        queue.line = line.expect("it is time");
    }

    #[test]
    fn offered_seats_leave_one_for_each_active_user_without_a_hold() {
        let offered = |active| seats(50, 10, 5, 4).offered(active, 0);
        assert_eq!(offered(0), 35);
        assert_eq!(offered(4), 35, "they have theirs");
        assert_eq!(offered(10), 29);
        assert_eq!(offered(1_000), 0);
        assert_eq!(seats(50, 40, 15, 9).free(), 0, "counted while it went on");
    }

    #[test]
    fn worth_having_in_allows_for_the_known_share_that_does_not_buy() {
        let worth = |free, taken, through| {
            let seats = seats(free + taken, taken, 0, 0);
            seats.worth_having_in(through)
        };
        assert_eq!(worth(100, 80, 99), 100, "too few to know");
        // Four in five buy: 100 / 0.8, plus three times the root of 100 * 0.2, which is 13.
        assert_eq!(worth(100, 80, 100), 141);
        assert_eq!(worth(1_000, 800, 1_000), 1_302);
        assert_eq!(worth(1, 800, 1_000), 1, "one seat is one person's");
        assert_eq!(worth(2, 800, 1_000), 3);
        assert_eq!(worth(0, 800, 1_000), 0);
        assert_eq!(worth(100, 10, 100), 150, "half as many again at most");
        assert_eq!(worth(100, 100, 100), 100, "all buy");
        assert_eq!(worth(100, 300, 100), 100, "all buy several");
        assert_eq!(worth(100, 0, 100), 100, "the sale has only begun");
    }

    #[test]
    fn users_that_still_choose_do_not_count_as_not_buying() {
        // A hundred have finished, eighty of them with a seat, and fifty are choosing.
        assert_eq!(seats(180, 80, 0, 0).offered(50, 150), 141 - 50);
        assert_eq!(seats(180, 70, 10, 10).offered(60, 150), 141 - 50);
    }

    #[test]
    fn sold_out_means_that_there_were_seats_and_each_is_sold() {
        assert_eq!(seats(0, 0, 0, 0).ending(), None);
        assert_eq!(seats(2, 1, 1, 1).ending(), None);
        let sold = seats(2, 2, 0, 0);
        assert_eq!(sold.ending(), Some(ClosureReason::SoldOut));
        let more_to_come = SeatCount {
            opens_next: Some(at(600)),
            ..sold
        };
        assert_eq!(more_to_come.ending(), None);
    }

    #[test]
    fn seats_are_counted_when_the_number_may_matter() {
        let mut arena = queue(100);
        assert!(arena.must_count_seats(at(0)), "it has never been");
        // Twenty are inside, and each may have taken four seats since. A hundred may be inside.
        arena.line.active = 20;
        arena.line.remember(seats(180, 0, 0, 0), START);
        assert!(
            !arena.must_count_seats(at(1)),
            "four times twenty, and a hundred"
        );
        arena.line.remember(seats(179, 0, 0, 0), START);
        assert!(arena.must_count_seats(at(1)));
        arena.line.remember(seats(100_000, 0, 0, 0), START);
        assert!(!arena.must_count_seats(at(59)));
        assert!(arena.must_count_seats(at(60)), "for those who look");
        arena.id = QueueId::main();
        assert!(!arena.must_count_seats(at(60)));
    }

    #[test]
    fn seats_are_counted_again_for_users_let_in_since_the_count() {
        let mut arena = queue(100);
        tick(&mut arena, 0, 1_000, 0, seats(300, 0, 0, 0));
        assert!(!arena.must_count_seats(at(5)), "fifty are let in");
        let line = arena.tick(at(5), 1_000, |_| Counts::default(), None);
        arena.line = line.expect("it is time");
        assert!(arena.must_count_seats(at(10)), "a hundred by now");
    }

    #[test]
    fn line_lets_in_no_more_people_than_there_are_seats_for() {
        let mut arena = queue(1_000);
        tick(&mut arena, 0, 500, 0, seats(30, 0, 0, 0));
        assert_eq!(arena.served(at(5)), 30);
        tick(&mut arena, 5, 500, 30, seats(30, 0, 20, 20));
        assert_eq!(arena.served(at(10)), 30, "ten are free, and ten choose");
        assert!(!arena.is_beyond_seats(30) && arena.is_beyond_seats(31));
        tick(&mut arena, 10, 500, 30, seats(30, 29, 0, 0));
        assert_eq!(arena.served(at(15)), 30);
    }

    #[test]
    fn line_that_is_sold_out_is_over_and_asleep() {
        let mut arena = queue(1_000);
        tick(&mut arena, 0, 500, 0, seats(30, 0, 0, 0));
        tick(&mut arena, 5, 500, 30, seats(30, 30, 0, 0));
        assert!(arena.is_sold_out() && arena.is_quiet());
        assert_eq!(arena.line.closed_through, 500);
        assert_eq!(arena.place(500, at(5)), 0);
        assert_eq!(arena.ended_for(500), Some(Ending::SoldOut));
        assert_eq!(arena.ended_for(501), None);
        assert!(!arena.may_have_seats_again(at(34)));
        assert!(arena.may_have_seats_again(at(35)));
        tick(&mut arena, 604, 500, 0, seats(30, 30, 0, 0));
        assert!(!arena.has_slept_in(at(604)) && arena.has_slept_in(at(605)));
        assert!(!arena.may_have_seats_again(at(605)), "it has just looked");

        // Those inside when it was sold out take nobody's place when it sells again.
        tick(&mut arena, 640, 502, 0, seats(30, 28, 0, 0));
        assert_eq!(
            (arena.served(at(645)), arena.line.closed_through),
            (502, 500)
        );
        assert!(!arena.is_sold_out());
        assert_eq!(
            arena.line.let_in(),
            0,
            "the line that was over says nothing"
        );
    }

    #[test]
    fn credit_for_seats_that_are_gone_is_void() {
        let mut arena = queue(1_000);
        tick(&mut arena, 0, 0, 0, seats(30, 0, 0, 0));
        assert_eq!(arena.served(at(0)), 30, "newcomers walk in");
        let void = |left| arena.void_credit(at(5), 0, |_| Counts::default(), Some(left));
        assert_eq!(void(seats(30, 0, 0, 0)), None);
        let numbers = |left| void(left).map(|void| void.numbers);
        assert_eq!(numbers(seats(30, 20, 0, 0)), Some(20));
        assert_eq!(numbers(seats(30, 30, 0, 0)), Some(30));
    }
}
