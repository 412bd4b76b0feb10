use proptest::prelude::*;

use super::*;
use crate::domain::ids::ShowDate;
use crate::domain::money::Money;

fn concert() -> Concert {
    Concert {
        concert_id: ConcertId::new(),
        name: Name::parse("겨울 콘서트").expect("a name"),
        queue_id: QueueId::main(),
        most_seats_a_person: None,
        left: Vec::new(),
    }
}

fn date(day: i32) -> ShowKey {
    let new_year = jiff::civil::date(2027, 1, 1);
    ShowDate::from(new_year + jiff::ToSpan::days(day)).into()
}

fn show(day: i32) -> ShowChange {
    ShowChange {
        key: date(day),
        pricing: PricingChange::Same(Money::won(50_000)),
        capacity: None,
        opens_at: Change::Keep,
        closes_at: Change::Keep,
        details: DetailsChange::default(),
    }
}

fn shows(shows: Vec<ShowChange>) -> ProgrammeChange {
    ProgrammeChange {
        shows,
        ..ProgrammeChange::default()
    }
}

fn programme(days: i32) -> Programme {
    let all = shows((0..days).map(show).collect());
    Programme::new(concert()).changed(&all).expect("a concert")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

#[test]
fn change_keeps_what_it_does_not_mention() {
    let before = programme(2);
    assert_eq!(
        before.changed(&ProgrammeChange::default()),
        Ok(before.clone())
    );
    let open = ShowChange {
        pricing: PricingChange::Keep,
        opens_at: Change::Set(at(5)),
        ..show(1)
    };
    let opened = before.changed(&shows(vec![open])).expect("a change");
    assert_eq!(opened.shows[&date(0)], before.shows[&date(0)]);
    assert_eq!(opened.shows[&date(1)].sale.opens_at, Some(at(5)));
    assert_eq!(opened.shows[&date(1)].pricing.lowest(), Money::won(50_000));
    let dearer = ShowChange {
        pricing: PricingChange::Same(Money::won(60_000)),
        ..show(1)
    };
    let dearer = opened.changed(&shows(vec![dearer])).expect("a change");
    assert_eq!(dearer.shows[&date(1)].sale.opens_at, Some(at(5)));
    let at_once = ShowChange {
        opens_at: Change::Clear,
        ..show(1)
    };
    let at_once = opened.changed(&shows(vec![at_once])).expect("a change");
    assert_eq!(at_once.shows[&date(1)].sale.opens_at, None);
}

#[test]
fn day_has_one_show_without_a_start_or_any_number_with_one() {
    let key = |text: &str| text.parse::<ShowKey>().expect("a key");
    let keyed = |text: &str| ShowChange {
        key: key(text),
        ..show(0)
    };
    let of = |keys: &[&str]| {
        let all = shows(keys.iter().map(|key| keyed(key)).collect());
        Programme::new(concert()).changed(&all)
    };
    let two = of(&["2027-05-01T14:00", "2027-05-01T19:30", "2027-05-02T14:00"]).expect("fine");
    assert_eq!(
        two.listed().expect("shows").last_date,
        key("2027-05-02").date()
    );
    for mixed in [
        ["2027-05-01", "2027-05-01T14:00"],
        ["2027-05-01T14:00", "2027-05-01"],
    ] {
        assert_eq!(of(&mixed), Err(Impossible::ShowTimes), "{mixed:?}");
    }
    assert_eq!(
        of(&["2027-05-01T14:00", "2027-05-01T14:00"]),
        Err(Impossible::Shows)
    );

    assert_eq!(two.named(key("2027-05-03")), Named::None);
    assert_eq!(two.named(key("2027-05-01T15:00")), Named::None);
    let evening = &two.shows[&key("2027-05-01T19:30")];
    assert_eq!(two.named(evening.key), Named::One(evening));
    let both = vec![key("2027-05-01T14:00"), key("2027-05-01T19:30")];
    assert_eq!(two.named(key("2027-05-01")), Named::Several(both.clone()));
    let only = &two.shows[&key("2027-05-02T14:00")];
    assert_eq!(two.named(key("2027-05-02")), Named::One(only));

    // A date alone changes the only show of its day, and adds none beside it.
    let dearer = ShowChange {
        pricing: PricingChange::Same(Money::won(60_000)),
        ..keyed("2027-05-02")
    };
    let dearer = two.changed(&shows(vec![dearer])).expect("a change");
    assert_eq!(dearer.shows.len(), 3);
    assert_eq!(dearer.shows[&only.key].pricing.lowest(), Money::won(60_000));
    assert_eq!(
        two.changed(&shows(vec![keyed("2027-05-01")])),
        Err(Impossible::SeveralShows(both))
    );
    let twice = vec![keyed("2027-05-02"), keyed("2027-05-02T14:00")];
    assert_eq!(two.changed(&shows(twice)), Err(Impossible::Shows));
}

#[test]
fn impossible_change_is_refused_with_its_reason() {
    let before = programme(2);
    let change = |change| before.changed(&shows(vec![change])).map(drop);
    assert_eq!(
        before.changed(&shows(vec![show(5), show(5)])),
        Err(Impossible::Shows)
    );
    assert_eq!(
        before.changed(&shows((2..201).map(show).collect())),
        Err(Impossible::Shows)
    );
    assert!(before.changed(&shows((2..200).map(show).collect())).is_ok());
    assert_eq!(
        Programme::new(concert()).changed(&shows(Vec::new())),
        Err(Impossible::Shows)
    );
    let another_capacity = ShowChange {
        capacity: Some(51),
        ..show(1)
    };
    assert_eq!(change(another_capacity), Err(Impossible::Capacity));
    let same_capacity = ShowChange {
        capacity: Some(50),
        ..show(1)
    };
    assert_eq!(change(same_capacity), Ok(()));
    let without_price = ShowChange {
        pricing: PricingChange::Keep,
        ..show(7)
    };
    assert_eq!(change(without_price), Err(Impossible::NoPrice));
    let never_open = ShowChange {
        opens_at: Change::Set(at(5)),
        closes_at: Change::Set(at(5)),
        ..show(7)
    };
    assert_eq!(change(never_open), Err(Impossible::SalesWindow));
}

#[test]
fn new_queue_is_written_with_every_show() {
    let before = programme(5);
    let queue_id: QueueId = "arena".parse().expect("an id");
    let after = before
        .changed(&ProgrammeChange {
            queue_id: Some(queue_id.clone()),
            ..ProgrammeChange::default()
        })
        .expect("a change");
    let steps = before.steps_to(&after, 2);
    assert_eq!(steps.len(), 3);
    let sold: Vec<_> = steps.iter().map(|s| s.sold_by(&queue_id).len()).collect();
    assert_eq!(sold, [2, 4, 5]);
    assert!(steps.iter().all(|step| step.concert == after.concert));
    // After a crash, the same change does the rest.
    let rest = steps[0].changed(&ProgrammeChange::default()).expect("fine");
    assert_eq!(steps[0].steps_to(&rest, 2).len(), 2);
    assert_eq!(rest.shows, after.shows);
}

#[test]
fn concerts_of_a_queue_have_200_shows_together_at_most() {
    let (one, other) = (ConcertId::new(), ConcertId::new());
    let seats = SeatsOnSale {
        capacity: 50,
        sale: SalesWindow::default(),
    };
    let some = |count| (0..count).map(|day| (date(day), seats.clone())).collect();
    let empty = QueueShows::default();
    let first = empty.with(one, some(150)).expect("room");
    assert_eq!(first.with(other, some(51)), None);
    let both = first.with(other, some(50)).expect("room");
    assert_eq!(both.version, 2);
    assert_eq!(both.with(one, some(150)).as_ref(), Some(&both), "no change");
    let left = both.with(one, some(0)).expect("less");
    assert_eq!(left.shows.keys().collect::<Vec<_>>(), [&other]);
}

proptest! {
    /// The steps lead from one to the other. Each is whole, and none is too large.
    #[test]
    fn steps_lead_to_the_changed_programme(
        before in prop::collection::btree_map(0_i32..40, 1_u32..3, 1..30),
        after in prop::collection::btree_map(0_i32..40, 1_u32..3, 0..30),
        max in 1_usize..8,
    ) {
        let of = |prices: BTreeMap<i32, u32>| {
            let concert = Concert {
                concert_id: "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b".parse().expect("an id"),
                ..concert()
            };
            let mut programme = Programme::new(concert);
            for (day, won) in prices {
                let priced = ShowChange { pricing: PricingChange::Same(Money::won(won)), ..show(day) };
                let show = priced.created(&programme.concert).expect("a show");
                programme.shows.insert(date(day), show);
            }
            programme
        };
        let (before, after) = (of(before), of(after));
        let mut from = before.clone();
        for step in before.steps_to(&after, max) {
            let days = (0..40).map(date);
            let changes = days.filter(|day| from.shows.get(day) != step.shows.get(day));
            prop_assert!((1..=max).contains(&changes.count()));
            prop_assert_eq!(step.version, from.version + 1);
            from = step;
        }
        prop_assert_eq!(from.shows, after.shows);
    }
}
