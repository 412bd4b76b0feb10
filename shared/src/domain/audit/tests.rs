use proptest::prelude::*;

use super::*;
use crate::domain::order::OrderStatus;
use crate::domain::{
    changes::ChangeKind,
    decimal,
    draw::EarlyEntry,
    ids::{ConcertId, PaymentId},
    money::{Difference, Money},
    order::{Account, Entry},
    plan::{Grade, Plan},
    queue::{Counts, Queue, samples},
    seat::SeatSet,
    show::{CalledOff, Pricing, SalesWindow, Show},
    texts::ShowDetails,
};

const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

fn seat(number: u64) -> SeatOfShow {
    SeatOfShow {
        concert_id: "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b"
            .parse()
            .expect("an id"),
        show_key: "2026-12-24".parse().expect("a date"),
        seat_number: SeatNumber::new(number).expect("a seat"),
    }
}

fn held(seconds: i64) -> TakenSeat {
    TakenSeat {
        seat: seat(7).seat_number,
        status: SeatStatus::Held,
        reservation_id: ReservationId::new(),
        held_until: Some(NOW + SignedDuration::from_secs(seconds)),
        active_until: None,
        buyer: None,
    }
}

#[test]
fn held_seat_has_an_end_within_the_longest_hold_and_is_swept_after_it() {
    let now = NOW.as_second();
    for (seconds, ttl, wrong) in [
        (300, Some(300), vec![]),
        (842, Some(5_000), vec![]),
        (-5_000, Some(-1_400), vec![]),
        (843, Some(5_000), vec![Kind::SeatHeldTooLong]),
        (300, Some(299), vec![Kind::HeldSeatTtlWrong]),
        (300, None, vec![Kind::HeldSeatTtlWrong]),
        (
            843,
            None,
            vec![Kind::SeatHeldTooLong, Kind::HeldSeatTtlWrong],
        ),
    ] {
        let found = seat_alone(&held(seconds), ttl.map(|ttl| now + ttl), NOW);
        assert_eq!(found, wrong, "{seconds} {ttl:?}");
    }
    let endless = TakenSeat {
        held_until: None,
        ..held(0)
    };
    assert_eq!(
        seat_alone(&endless, Some(now), NOW),
        [Kind::SeatHeldTooLong]
    );
}

#[test]
fn sold_seat_is_never_swept() {
    let sold = TakenSeat {
        status: SeatStatus::Sold,
        held_until: None,
        ..held(0)
    };
    assert_eq!(seat_alone(&sold, None, NOW), []);
    assert_eq!(seat_alone(&sold, Some(1), NOW), [Kind::SoldSeatHasTtl]);
}

#[test]
fn order_has_its_seats_until_it_is_refunded() {
    let paid = Order {
        reservation_id: ReservationId::new(),
        payment_id: PaymentId::new(),
        user_id: UserId::new(),
        concert_id: ConcertId::new(),
        show_key: seat(7).show_key,
        concert_name: None,
        seats: SeatSet::from(seat(7).seat_number),
        amount: Money::won(1),
        plan_id: None,
        prices: None,
        limit: None,
        status: OrderStatus::Paid,
        paid_at: NOW,
        seq: 1,
        balance_after: Money::ZERO,
        returned: Vec::new(),
        refund: None,
    };
    let refunded = Order {
        status: OrderStatus::Refunded,
        ..paid.clone()
    };
    let sold_to = |reservation_id| TakenSeat {
        status: SeatStatus::Sold,
        reservation_id,
        ..held(0)
    };
    let its = sold_to(paid.reservation_id);
    let other = sold_to(ReservationId::new());
    let held = TakenSeat {
        status: SeatStatus::Held,
        ..its.clone()
    };
    for (seat, of_paid, of_refunded) in [
        (Some(&its), None, Some(Kind::RefundedOrderWithSeat)),
        (Some(&other), Some(Kind::SeatSoldTwice), None),
        (Some(&held), Some(Kind::OrderWithoutSeat), None),
        (None, Some(Kind::OrderWithoutSeat), None),
    ] {
        assert_eq!(
            order_of_seat(&paid, paid.seats.first(), seat),
            of_paid,
            "{seat:?}"
        );
        assert_eq!(
            order_of_seat(&refunded, refunded.seats.first(), seat),
            of_refunded,
            "{seat:?}"
        );
    }
}

#[test]
fn sold_seat_is_claimed_by_one_order() {
    let (its, other) = (ReservationId::new(), ReservationId::new());
    let mut memory = Memory::default();
    memory.sold(seat(7), its, None);
    memory.sold(seat(8), other, None);
    assert_eq!(
        memory.claim_sold(seat(7), other, UserId::new()),
        Claim::Unknown
    );
    assert_eq!(
        memory.claim_sold(seat(9), its, UserId::new()),
        Claim::Unknown
    );
    assert_eq!(
        memory.claim_sold(seat(7), its, UserId::new()),
        Claim::Confirmed
    );
    assert_eq!(
        memory.claim_sold(seat(7), its, UserId::new()),
        Claim::Disputed
    );
    memory.forget_claimed();
    assert_eq!(memory.next_sold(), Some((seat(8), other)));
    assert_eq!(memory.next_sold(), None);
}

#[test]
fn halves_of_an_address_match_only_for_one_user() {
    let (one, other) = (UserId::new(), UserId::new());
    let hash = address_hash("mina@example.com");
    let mut memory = Memory::default();
    let owned = Address::OfOwner(Some("mina@example.com".to_owned()));
    memory.address(one, hash, owned.clone());
    memory.address(one, hash, Address::OfUser);
    assert_eq!(memory.next_half_address(), None);
    memory.address(one, hash, Address::OfUser);
    memory.address(other, hash, owned);
    let halves = [memory.next_half_address(), memory.next_half_address()];
    assert!(
        halves.iter().all(Option::is_some),
        "another's is no half of it"
    );
}

/// Six seats of the grades `VIP` and `R`.
fn plan(grades: &str) -> Plan {
    let document = format!(
        r#"{{ "name": "홀", "grades": {grades}, "sections": [{{ "name": "1층", "grade": "VIP", "rows": [
            {{ "label": "가", "seats": "1-4" }}, {{ "label": "나", "seats": "1-2", "grade": "R" }}
        ] }}] }}"#
    );
    Plan::read(document.as_bytes()).expect("a plan")
}

fn show(capacity: u32, plan_id: PlanId, grades: &[&str]) -> Show {
    let grade = |name: &&str| Grade::parse(name).expect("a grade");
    let prices = grades.iter().map(|name| (grade(name), Money::won(1_000)));
    Show {
        concert_id: seat(1).concert_id,
        key: seat(1).show_key,
        concert_name: None,
        queue_id: QueueId::main(),
        capacity,
        pricing: Pricing::ByGrade {
            plan_id,
            prices: prices.collect(),
        },
        most_seats_a_person: None,
        sale: SalesWindow::default(),
        sale_set_at: None,
        called_off: None,
        left: Vec::new(),
        details: ShowDetails::default(),
    }
}

#[test]
fn show_fits_a_plan_with_its_number_of_seats_and_its_grades() {
    let (plan, same) = (plan(r#"["VIP", "R"]"#), plan(r#"["R", "VIP"]"#));
    let its = SeatsAndGrades::of_plan(&plan);
    assert_eq!(its, SeatsAndGrades::of_plan(&same), "whatever the order");
    for (capacity, grades, fits) in [
        (6, &["R", "VIP"][..], true),
        (5, &["R", "VIP"], false),
        (7, &["R", "VIP"], false),
        (6, &["VIP"], false),
        (6, &["R", "VIP", "S"], false),
        (6, &["RVIP"], false),
        (6, &[], false),
    ] {
        let show = show(capacity, plan.id(), grades);
        let planned = SeatsAndGrades::of_show(&show).expect("it has a plan");
        assert_eq!(planned == (plan.id(), its), fits, "{capacity} {grades:?}");

        let mut memory = Memory::default();
        memory.show(show.id(), ShowSeen::of(&show), Some(planned));
        memory.plan(plan.id(), its);
        memory.forget_fitting();
        assert_eq!(memory.next_misfit(), (!fits).then_some(show.id()));
        assert_eq!(memory.next_misfit(), None);
        assert!(memory.seen(show.id()).is_some(), "its seats come later");
        memory.forget_shows();
        assert_eq!(memory, Memory::default(), "nothing is left");
    }
    let show = show(6, plan.id(), &["R", "VIP"]);
    let mut memory = Memory::default();
    memory.show(
        show.id(),
        ShowSeen::of(&show),
        SeatsAndGrades::of_show(&show),
    );
    memory.forget_fitting();
    assert_eq!(memory.next_misfit(), Some(show.id()), "no plan was seen");
    let unplanned = Show {
        pricing: Pricing::Same {
            price: Money::won(1_000),
        },
        ..show
    };
    assert_eq!(SeatsAndGrades::of_show(&unplanned), None);
}

#[test]
fn seat_is_wrong_above_the_capacity_and_an_hour_after_its_show_was_called_off() {
    let plan_id = plan(r#"["VIP", "R"]"#).id();
    let called_off = |seconds: i64| CalledOff {
        at: NOW - SignedDuration::from_secs(seconds),
        by: UserId::new(),
        reason: None,
        change_id: None,
    };
    let sold = TakenSeat {
        status: SeatStatus::Sold,
        held_until: None,
        ..held(0)
    };
    let (beyond, sells) = (Kind::SeatBeyondCapacity, Kind::CalledOffSells);
    for (capacity, ago, wrong) in [
        (7, None, vec![]),
        (6, None, vec![beyond]),
        (7, Some(3_600), vec![]),
        (7, Some(3_601), vec![sells]),
        (7, Some(-10), vec![]),
        (6, Some(3_601), vec![beyond, sells]),
    ] {
        let show = Show {
            called_off: ago.map(called_off),
            ..show(capacity, plan_id, &[])
        };
        let seen = ShowSeen::of(&show);
        for seat in [&sold, &held(300), &held(-1)] {
            assert_eq!(seen.wrong_with(seat, NOW), wrong, "{capacity} {ago:?}");
        }
        let lapsed = seen.wrong_with(&held(-2), NOW);
        assert_eq!(lapsed, [], "{capacity} {ago:?}");
    }
}

#[test]
fn memory_is_stored_and_read_back_without_addresses() {
    let queue_id = QueueId::main();
    let mut memory = Memory::default();
    let plan = plan(r#"["VIP", "R"]"#);
    let mut show = show(7, plan.id(), &["R", "VIP"]);
    show.called_off = Some(CalledOff {
        at: NOW,
        by: UserId::new(),
        reason: None,
        change_id: None,
    });
    let planned = SeatsAndGrades::of_show(&show);
    memory.show(show.id(), ShowSeen::of(&show), planned);
    memory.plan(plan.id(), SeatsAndGrades::of_plan(&plan));
    memory.sold(seat(7), ReservationId::new(), None);
    memory.claim_sold(seat(7), ReservationId::new(), UserId::new());
    memory.held(seat(8), ReservationId::new());
    memory.user(UserId::new());
    memory.drawn(&queue_id, Ticket::Number(1_000_000));
    memory.drawn(
        &queue_id,
        Ticket::Early(EarlyEntry::new(7, 3).expect("an entry")),
    );
    memory.arrived(&queue_id, 5);
    let written = |memory: &Memory| postcard::to_stdvec(memory).expect("bytes");
    let read = |bytes: &[u8]| postcard::from_bytes::<Memory>(bytes).expect("a memory");
    assert_eq!(read(&written(&memory)), memory);

    let owned = Address::OfOwner(Some("mina@example.com".to_owned()));
    memory.address(UserId::new(), address_hash("mina@example.com"), owned);
    let bytes = written(&memory);
    let address = b"mina";
    assert!(!bytes.windows(address.len()).any(|part| part == address));
    let half = read(&bytes).next_half_address().expect("a half");
    assert_eq!(half.1, Address::OfOwner(None));
}

#[test]
fn record_of_money_is_named_once_and_a_calling_off_by_each_of_its_refunds() {
    let mut memory = Memory::default();
    let [refund, charge, called_off, role] = [(); 4].map(|()| ChangeId::new());
    memory.logged(refund, ChangeKind::Refund);
    memory.logged(charge, ChangeKind::ChargeByAdmin);
    memory.logged(called_off, ChangeKind::ShowCalledOff);
    memory.logged(role, ChangeKind::Role);
    assert!(memory.claim_logged(refund));
    assert!(!memory.claim_logged(refund), "by one entry");
    assert!(memory.claim_logged(called_off) && memory.claim_logged(called_off));
    assert!(!memory.claim_logged(role), "it moves no money");
    assert!(!memory.claim_logged(ChangeId::new()));
    assert_eq!(memory.next_without_entry(), Some(charge));
    assert_eq!(memory.next_without_entry(), None);
    memory.forget_called_off();
    assert_eq!(memory, Memory::default());
}

/// No more bytes than the documentation of `memory.rs` says.
#[test]
fn sold_seat_takes_about_20_bytes_in_a_stored_memory() {
    let mut memory = Memory::default();
    for number in 1..=1_000 {
        memory.sold(seat(number), ReservationId::new(), None);
    }
    let bytes = postcard::to_stdvec(&memory).expect("bytes").len();
    assert!((19_000..22_000).contains(&bytes), "{bytes}");
}

#[test]
fn show_takes_about_30_bytes_in_a_stored_memory() {
    let mut memory = Memory::default();
    let mut show = show(50_000, plan(r#"["VIP", "R"]"#).id(), &[]);
    for _ in 0..1_000 {
        show.concert_id = ConcertId::new();
        memory.show(show.id(), ShowSeen::of(&show), None);
    }
    let bytes = postcard::to_stdvec(&memory).expect("bytes").len();
    assert!((28_000..36_000).contains(&bytes), "{bytes}");
}

#[test]
fn number_that_is_drawn_twice_is_noticed() {
    let queue_id = QueueId::main();
    let other: QueueId = "other".parse().expect("an id");
    let mut memory = Memory::default();
    for number in [3, 1, 2] {
        assert_eq!(memory.drawn(&queue_id, Ticket::Number(number)), Seen::First);
    }
    assert_eq!(memory.drawn(&queue_id, Ticket::Number(1)), Seen::Again);
    assert_eq!(memory.drawn(&other, Ticket::Number(1)), Seen::First);
    assert_eq!(memory.numbers(&queue_id), Some((1, 3)));
    let early = |stripe, index| Ticket::Early(EarlyEntry::new(stripe, index).expect("an entry"));
    assert_eq!(memory.drawn(&queue_id, early(1, 1)), Seen::First);
    assert_eq!(memory.drawn(&queue_id, early(2, 1)), Seen::First);
    assert_eq!(memory.drawn(&queue_id, early(1, 1)), Seen::Again);
}

/// A queue that has been ticked once, at [`NOW`].
fn ticked() -> Queue {
    let queue = samples::queue(10, 1_000);
    let line = queue.tick(NOW, 3, |_| Counts::default(), None);
    Queue {
        line: line.expect("a first tick"),
        ..queue
    }
}

#[test]
fn line_has_issued_every_number_and_counted_every_arrival() {
    let queue = ticked();
    let cohort = queue.line.cohorts[0].start;
    let mut sessions = Memory::default();
    for number in 1..=3 {
        sessions.drawn(&queue.id, Ticket::Number(number));
    }
    sessions.arrived(&queue.id, cohort);
    sessions.arrived(&queue.id, cohort - 1);
    let kinds = |issued, arrived, done| {
        let counts = |_| Counts {
            arrived,
            done,
            gone: 0,
        };
        let violations = line(&queue, &sessions, issued, counts, |_| 0);
        violations
            .into_iter()
            .map(|violation| violation.kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(3, 1, 1), []);
    assert_eq!(kinds(5, 9, 1), []);
    assert_eq!(kinds(2, 1, 0), [Kind::NumberNeverIssued]);
    assert_eq!(kinds(3, 0, 0), [Kind::ArrivalNotCounted]);
    assert_eq!(kinds(3, 1, 2), [Kind::MoreDoneThanArrived]);
}

#[test]
fn report_has_five_examples_of_each_kind_however_many_runs_found_them() {
    let mut whole = Report::default();
    for _ in 0..3 {
        let mut part = Report::default();
        for _ in 0..4 {
            part.accuse(Violation::of(Kind::Unreadable, Table::Users));
        }
        part.accuse(Violation::of_user(Kind::AddressOfNobody, UserId::new()));
        part.checked.users = 10;
        whole.add(&part);
    }
    assert_eq!(whole.violations, 15);
    assert_eq!(whole.kinds[&Kind::Unreadable], 12);
    assert_eq!(whole.checked.sum(), 30);
    let told = |kind| {
        whole
            .examples
            .iter()
            .filter(|told| told.kind == kind)
            .count()
    };
    assert_eq!(
        (told(Kind::Unreadable), told(Kind::AddressOfNobody)),
        (5, 3)
    );
}

#[test]
fn kind_of_violation_has_a_stable_name() {
    let violation = Violation::of_seat(Kind::SeatSoldWithoutOrder, seat(7), ReservationId::new());
    let json = serde_json::to_value(&violation).expect("JSON");
    assert_eq!(json["kind"], "SEAT_SOLD_WITHOUT_ORDER");
    assert_eq!(json["seat_number"], 7);
    assert_eq!(json.as_object().map(serde_json::Map::len), Some(6));
}

/// What happens to an account in the chain that follows.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Charge(u32),
    Pay(u32),
    PayAndRefund(u32),
    Correct(i64),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        (0..1_000_u32).prop_map(Happening::Charge),
        (0..1_000_u32).prop_map(Happening::Pay),
        (0..1_000_u32).prop_map(Happening::PayAndRefund),
        (-1_000..1_000_i64).prop_map(Happening::Correct),
    ];
    prop::collection::vec(one, 0..20)
}

/// The account and its entries after `happenings`.
fn account_after(happenings: &[Happening]) -> (Account, Vec<Entry>) {
    let (mut account, mut entries) = (Account::EMPTY, Vec::new());
    let mut step = |kind, amount: Difference, next: Option<Account>, account: &mut Account| {
        let Some(next) = next else { return false };
        *account = next;
        entries.push(Entry {
            seq: next.seq,
            kind,
            amount,
            balance_after: next.balance,
            at: NOW,
            order: None,
            explanation: None,
            change_id: None,
        });
        true
    };
    for happening in happenings {
        use crate::domain::order::EntryKind::{Charge, Correction, Payment, Refund};
        match *happening {
            Happening::Charge(won) => {
                let won = Money::won(won);
                step(Charge, won.into(), account.charged(won), &mut account);
            }
            Happening::Pay(won) => {
                let won = Money::won(won);
                step(Payment, won.into(), account.debited(won), &mut account);
            }
            Happening::PayAndRefund(won) => {
                let won = Money::won(won);
                if step(Payment, won.into(), account.debited(won), &mut account) {
                    step(Refund, won.into(), account.refunded(won), &mut account);
                }
            }
            Happening::Correct(won) => {
                if let Some(won) = Difference::parse(&won.to_string()) {
                    step(Correction, won, account.corrected(won), &mut account);
                }
            }
        }
    }
    (account, entries)
}

proptest! {
    #[test]
    fn chain_is_whole_in_any_order(happenings in happenings(), shift in 0..20_usize) {
        let (account, mut entries) = account_after(&happenings);
        let middle = shift.min(entries.len());
        entries.rotate_left(middle);
        prop_assert_eq!(chain(UserId::new(), Some(account), &entries), vec![]);
    }

    /// Any change to one entry, or to the account, is found.
    #[test]
    fn chain_with_any_change_is_not_whole(
        happenings in happenings(), which in any::<prop::sample::Index>(), how in 0..5,
    ) {
        let (mut account, mut entries) = account_after(&happenings);
        prop_assume!(!entries.is_empty());
        let which = which.index(entries.len());
        let one_more = |amount: Difference| {
            let hundredths = amount.hundredths() + 100;
            // A difference of 0 is not allowed, so this one is a won above the entry's.
            let more = if hundredths == 0 { 200 } else { hundredths };
            Difference::parse(&decimal::format(more, 2)).expect("far below the ceiling")
        };
        let more = |money: Money| money.plus(Money::won(1)).expect("far below the ceiling");
        match how {
            0 => drop(entries.remove(which)),
            1 => entries.push(entries[which].clone()),
            2 => entries[which].balance_after = more(entries[which].balance_after),
            3 => entries[which].amount = one_more(entries[which].amount),
            _ => account.balance = more(account.balance),
        }
        prop_assert!(!chain(UserId::new(), Some(account), &entries).is_empty());
    }
}
