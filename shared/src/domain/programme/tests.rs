use proptest::prelude::*;

use super::*;
use crate::domain::ids::{PlanId, ShowDate, UserId};
use crate::domain::money::Money;
use crate::domain::plan::Grade;

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

fn plan(name: &str, seats: u32, grades: &[&str]) -> PlanOfShow {
    PlanOfShow {
        plan_id: PlanId::of(name.as_bytes()),
        seats,
        grades: grades
            .iter()
            .filter_map(|grade| Grade::parse(grade))
            .collect(),
    }
}

fn prices(grades: &[(&str, u32)]) -> BTreeMap<Grade, Money> {
    let prices = grades.iter().copied();
    prices
        .map(|(grade, won)| (Grade::parse(grade).expect("a grade"), Money::won(won)))
        .collect()
}

/// A show with a plan of six seats in two grades, and what a change makes of it.
fn planned() -> (
    Show,
    impl Fn(PricingChange, Option<u32>) -> Result<Show, Impossible>,
) {
    let with = |pricing, capacity| ShowChange {
        pricing,
        capacity,
        ..show(0)
    };
    let of_new = PricingChange::Plan {
        plan: plan("A", 6, &["R", "S"]),
        prices: Some(prices(&[("R", 2), ("S", 1)])),
    };
    let before = with(of_new, None).created(&concert()).expect("a show");
    let seen = before.clone();
    let change = move |pricing, capacity| with(pricing, capacity).applied_to(&seen, at(1));
    (before, change)
}

#[test]
fn show_with_another_plan_has_its_seats_and_a_price_for_each_of_its_grades() {
    let (before, change) = planned();
    let another = |grades: &[&str], prices| PricingChange::Plan {
        plan: plan("B", 8, grades),
        prices,
    };
    let same_grades = change(another(&["S", "R"], None), None).expect("a change");
    assert_eq!(same_grades.capacity, 8);
    assert_eq!(same_grades.pricing.plan_id(), Some(PlanId::of(b"B")));
    assert_eq!(same_grades.pricing.grades(), before.pricing.grades());
    assert_eq!(change(another(&["R", "S"], None), Some(8)), Ok(same_grades));
    for wrong in [6, 7, 9] {
        let changed = change(another(&["R", "S"], None), Some(wrong));
        assert_eq!(changed, Err(Impossible::Capacity));
    }
    for grades in [&["R", "S", "A"][..], &["R"], &["VIP", "S"]] {
        let changed = change(another(grades, None), None);
        assert_eq!(changed, Err(Impossible::Prices));
    }
    let all = prices(&[("R", 3), ("S", 2), ("A", 1)]);
    let more = change(another(&["R", "S", "A"], Some(all.clone())), None).expect("a change");
    assert_eq!(more.pricing.grades(), Some(&all));
    let changed = change(another(&["R", "S"], Some(all)), None);
    assert_eq!(changed, Err(Impossible::Prices));

    assert_eq!(change(PricingChange::Keep, Some(6)), Ok(before.clone()));
    for other in [5, 7] {
        let changed = change(PricingChange::Keep, Some(other));
        assert_eq!(changed, Err(Impossible::Capacity));
    }
    let same = PricingChange::Plan {
        plan: plan("A", 6, &["R", "S"]),
        prices: None,
    };
    assert_eq!(change(same, None), Ok(before));
    let none = change(PricingChange::Same(Money::won(1)), None);
    assert_eq!(none, Err(Impossible::Prices));
}

#[test]
fn show_without_a_plan_gets_another_capacity_or_a_plan_with_prices() {
    let before = programme(2);
    let change = |pricing, capacity| {
        let change = ShowChange {
            pricing,
            capacity,
            ..show(1)
        };
        let changed = before.changed(&shows(vec![change]))?;
        Ok(changed.shows[&date(1)].clone())
    };
    for capacity in [1, 50, 51, 100_000] {
        let changed = change(PricingChange::Keep, Some(capacity)).expect("a change");
        assert_eq!(changed.capacity, capacity);
    }
    let planned = |prices| PricingChange::Plan {
        plan: plan("A", 6, &["R"]),
        prices,
    };
    let of_r = Some(prices(&[("R", 1)]));
    let in_hall = change(planned(of_r.clone()), None).expect("a change");
    assert_eq!(
        (in_hall.capacity, in_hall.pricing.lowest()),
        (6, Money::won(1))
    );
    assert_eq!(change(planned(None), None), Err(Impossible::Plan));
    assert_eq!(change(planned(of_r), Some(50)), Err(Impossible::Capacity));
    let by_grade = PricingChange::ByGrade(prices(&[("R", 1)]));
    assert_eq!(change(by_grade, None), Err(Impossible::Prices));
}

#[test]
fn show_that_was_called_off_keeps_its_seats() {
    let called_off = CalledOff {
        at: at(5),
        by: UserId::new(),
        reason: None,
        change_id: None,
    };
    let before = programme(1).with_called_off(date(0), called_off);
    let change = |pricing, capacity| {
        let change = ShowChange {
            pricing,
            capacity,
            ..show(0)
        };
        before.changed(&shows(vec![change])).map(drop)
    };
    for capacity in [49, 51] {
        let changed = change(PricingChange::Keep, Some(capacity));
        assert_eq!(changed, Err(Impossible::CalledOff));
    }
    let in_hall = PricingChange::Plan {
        plan: plan("A", 50, &["R"]),
        prices: Some(prices(&[("R", 1)])),
    };
    assert_eq!(change(in_hall, None), Err(Impossible::CalledOff));
    assert_eq!(change(PricingChange::Keep, Some(50)), Ok(()));
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
