use proptest::prelude::*;

use super::*;
use crate::domain::seat::SeatNumber;

#[test]
fn order_is_refundable_until_a_day_before_the_day_of_the_show() {
    let at = |text: &str| text.parse::<Timestamp>().expect("a time");
    let date = "2026-12-24".parse().expect("a date");
    let seoul = TimeZone::get("Asia/Seoul").expect("bundled");
    for (zone, hours, over) in [
        (&seoul, 24, "2026-12-22T15:00:00Z"),
        (&seoul, 0, "2026-12-23T15:00:00Z"),
        (&TimeZone::UTC, 36, "2026-12-22T12:00:00Z"),
    ] {
        assert_eq!(refundable_until(date, zone, hours), at(over), "{hours}");
    }
}

proptest! {
    /// Invariant 2: a chain without gaps that anyone can add up, never negative.
    #[test]
    fn entries_form_one_chain(steps in prop::collection::vec((any::<bool>(), 0_u32..100), 0..60)) {
        let mut account = Account::EMPTY;
        let mut sum = 0_i64;
        for (is_charge, won) in steps {
            let amount = Money::won(won);
            let next = if is_charge { account.charged(amount) } else { account.debited(amount) };
            let Some(next) = next else {
                prop_assert!(!is_charge && amount.hundredths() > sum);
                continue;
            };
            sum += if is_charge { amount.hundredths() } else { -amount.hundredths() };
            prop_assert_eq!(next.seq, account.seq + 1);
            prop_assert_eq!(next.balance.hundredths(), sum);
            account = next;
        }
    }
}

fn order(prices: &[u32]) -> Order {
    let prices: Vec<_> = prices.iter().map(|won| Money::won(*won)).collect();
    let seats = (1..=prices.len() as u64).filter_map(SeatNumber::new);
    Order {
        reservation_id: ReservationId::new(),
        payment_id: PaymentId::new(),
        user_id: UserId::new(),
        concert_id: ConcertId::new(),
        show_key: "2026-12-24".parse().expect("a key"),
        concert_name: None,
        seats: SeatSet::new(seats.collect()).expect("seats"),
        amount: Money::sum(prices.iter().copied()).expect("a sum"),
        plan_id: None,
        prices: Some(prices),
        limit: None,
        status: OrderStatus::Paid,
        paid_at: Timestamp::UNIX_EPOCH,
        seq: 2,
        balance_after: Money::ZERO,
        returned: Vec::new(),
        refund: None,
    }
}

#[test]
fn seats_of_an_order_without_prices_cost_the_same() {
    let old = Order {
        prices: None,
        ..order(&[5, 5, 5])
    };
    assert_eq!(old.seat_prices(), [5, 5, 5].map(Money::won));
    assert!(old.is_consistent());
    let odd = Order {
        amount: Money::won(16),
        ..order(&[5, 5, 5])
    };
    assert!(!odd.is_consistent());
}

proptest! {
    /// However the seats of an order are refunded, one after the other or together, some of them
    /// again: everything that was paid comes back once, and the entries add up.
    #[test]
    fn refunds_give_back_what_was_paid_once(
        prices in prop::collection::vec(0_u32..9, 1..=4),
        wishes in prop::collection::vec(prop::collection::btree_set(1_u64..=4, 1..=4), 0..6),
    ) {
        let mut order = order(&prices);
        let before = Account { seq: 2, ..Account::EMPTY };
        let mut account = before;
        let all = order.seats.clone();
        for wish in wishes {
            let wish = wish.into_iter().filter_map(SeatNumber::new);
            let Ok(wish) = SeatSet::new(wish.collect()) else { continue };
            if let Some(due) = order.due_of(&wish) {
                account = account.refunded(due.amount).expect("room");
                order = order.refunded(due, account, None, Timestamp::UNIX_EPOCH);
            }
            let mine = wish.iter().filter(|seat| order.seats.contains(*seat));
            prop_assert!(mine.into_iter().all(|seat| order.has_refunded(seat)));
            prop_assert!(order.is_consistent());
        }
        let refunded = order.refunded_seats();
        let cost = all.iter().zip(order.seat_prices());
        let cost = cost.filter(|(seat, _)| refunded.contains(seat)).map(|(_, price)| price);
        prop_assert_eq!(account.balance, Money::sum(cost).expect("a sum"));
        prop_assert_eq!(order.status == OrderStatus::Refunded, refunded.len() == all.len());
        prop_assert_eq!(order.refund.is_some(), order.status == OrderStatus::Refunded);
        let mut balance = 0;
        for (n, entry) in order.entries().skip(1).enumerate() {
            balance += entry.amount.hundredths();
            prop_assert_eq!(entry.balance_after.hundredths(), balance);
            prop_assert_eq!(entry.seq, 3 + n as u64);
        }
        prop_assert_eq!(balance, account.balance.hundredths());
    }
}

#[test]
fn order_that_contradicts_itself_is_inconsistent() {
    let seat = |number| SeatSet::from(SeatNumber::new(number).expect("a seat"));
    let part = |seats: SeatSet, won| PartialRefund {
        seats,
        amount: Money::won(won),
        at: Timestamp::UNIX_EPOCH,
        seq: 3,
        balance_after: Money::won(won),
        explanation: None,
    };
    let with = |returned: Vec<PartialRefund>| Order {
        returned,
        ..order(&[1, 2])
    };
    assert!(with(vec![]).is_consistent());
    assert!(with(vec![part(seat(2), 2)]).is_consistent());
    for wrong in [
        vec![part(seat(2), 1)],
        vec![part(seat(3), 0)],
        vec![part(seat(1), 1), part(seat(1), 1)],
        vec![part(seat(1), 1), part(seat(2), 2)],
    ] {
        assert!(!with(wrong.clone()).is_consistent(), "{wrong:?}");
    }
    let prices = Order {
        prices: Some(vec![Money::won(3)]),
        ..order(&[1, 2])
    };
    assert!(!prices.is_consistent());
}
