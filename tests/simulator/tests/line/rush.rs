//! A rush into one open queue: what it costs, whom it overtakes, and what it leaves.

use shared::domain::queue::pool::LIFE;
use simulator::{Measured, Phase, Rush};

/// A join and the write of its session when it is calm. A wait also has an arrival: 2 WRU.
const CALM_JOIN: f64 = 2.0;

/// The most that a join may cost while the queue is busy, so that a whole wait costs at most 4.1.
const BUSY_JOIN: f64 = 2.1;

/// So many joins a second, for so long.
fn phase(seconds: u32, joins: f64) -> Phase {
    Phase { seconds, joins }
}

/// 20,000 joins a second after an opening, and then nobody.
fn great_rush() -> Rush {
    Rush {
        entries: 100_000,
        ..Rush::new(7, [phase(4, 20_000.0)])
    }
}

/// A join that has drawn a number is behind no join that came more than a pool's life after the draw.
fn assert_order_is_kept(rush: &Measured) {
    assert_order_is_kept_by(rush, 0);
}

/// The same, with clocks that differ by so many milliseconds.
fn assert_order_is_kept_by(rush: &Measured, clocks: i64) {
    let life = i64::try_from(LIFE.as_millis()).expect("milliseconds");
    assert!(rush.came_after_draw <= life + clocks, "{rush:?}");
}

fn assert_gaps_are_few(rush: &Measured) {
    assert!(rush.gap_share() <= 0.01, "{rush:?}");
}

#[test]
fn queue_takes_twenty_thousand_joins_a_second() {
    let rush = great_rush().play();
    assert!(rush.joins > 79_000, "{rush:?}");
    assert_eq!((rush.refused, rush.pools), (0, 64), "{rush:?}");
    assert!(rush.drawing.p99 <= 50, "{rush:?}");
    assert!(rush.busiest <= 600, "{rush:?}");
    assert!(rush.wru <= BUSY_JOIN, "{rush:?}");
    assert_order_is_kept(&rush);
}

/// Nobody takes what the pools have left, and the line knows all of it.
#[test]
fn rush_that_stops_leaves_no_gap() {
    let rush = great_rush().play();
    assert!(rush.unused > 1_000, "{rush:?}");
    assert_eq!(rush.gaps, 0, "{rush:?}");
    let small = Rush::new(7, [phase(15, 600.0)]).play();
    assert!(small.unused > 0, "{small:?}");
    assert_eq!(small.gaps, 0, "{small:?}");
}

/// Each of several rushes leaves something, more ranges than a line lists.
#[test]
fn line_knows_what_several_rushes_have_left() {
    let rushes = [(3, 6_000.0), (17, 100.0)].repeat(3);
    let rushes = rushes
        .into_iter()
        .map(|(seconds, joins)| phase(seconds, joins));
    let rushes = Rush::new(7, rushes).play();
    assert!(rushes.unused > 2_000, "{rushes:?}");
    assert_gaps_are_few(&rushes);
    assert_order_is_kept(&rushes);
}

#[test]
fn queue_that_was_not_warned_takes_them_too() {
    let rush = Rush {
        entries: 0,
        ..great_rush()
    };
    let rush = rush.play();
    assert!(rush.joins > 79_000, "{rush:?}");
    // In the first seconds everybody still asks the counter. Those who wait look at pools that are
    // not filled yet.
    assert!(rush.drawing.p50 <= 50, "{rush:?}");
    assert!(rush.wru <= 3.5, "{rush:?}");
    assert_order_is_kept(&rush);
    assert_gaps_are_few(&rush);
}

/// A queue that is just busy pays little more, and leaves few numbers.
#[test]
fn pools_are_as_many_as_the_joins_need() {
    for (joins, pools) in [(550.0, 4..=8), (700.0, 6..=10), (1_500.0, 12..=20)] {
        let rush = Rush::new(7, [phase(25, joins)]).play();
        assert!(pools.contains(&rush.pools), "{rush:?}");
        assert!(rush.wru <= BUSY_JOIN, "{rush:?}");
        assert!(rush.unused * 20 <= rush.issued, "{rush:?}");
        assert_order_is_kept(&rush);
        assert_gaps_are_few(&rush);
    }
}

#[test]
fn calm_queue_draws_from_its_counter() {
    let calm = Rush::new(7, [phase(20, 300.0)]).play();
    assert_eq!((calm.pools, calm.unused, calm.gaps), (0, 0, 0), "{calm:?}");
    assert!((calm.wru - CALM_JOIN).abs() < 0.01, "{calm:?}");
    assert!(calm.overtaken.max < 20, "{calm:?}");
}

/// Numbers that were being drawn or put into a pool are gaps. Nobody loses a place.
#[test]
fn lost_answers_and_dead_instances_leave_few_gaps() {
    for (lost, killed) in [(0.001, 0.0), (0.0, 0.001)] {
        let rush = Rush {
            lost,
            killed,
            ..great_rush()
        };
        let rush = rush.play();
        assert!(rush.gaps > 0, "{rush:?}");
        assert!(rush.wru <= BUSY_JOIN + 0.1, "{rush:?}");
        assert_order_is_kept(&rush);
        assert_gaps_are_few(&rush);
    }
}

/// They differ by two seconds at most. Then many numbers are unused, and the line knows them.
#[test]
fn clocks_that_differ_add_only_their_difference() {
    let rush = Rush {
        clocks_off: 1_000,
        ..great_rush()
    };
    let rush = rush.play();
    assert_order_is_kept_by(&rush, 2_000);
    assert!(rush.gap_share() <= 0.04, "{rush:?}");
    let usual = Rush {
        clocks_off: 20,
        ..great_rush()
    };
    let usual = usual.play();
    assert!(usual.wru <= BUSY_JOIN, "{usual:?}");
    assert_order_is_kept_by(&usual, 40);
}

/// A table that was not made ready has four partitions.
#[test]
fn small_table_takes_two_thousand_joins_a_second() {
    let rush = Rush {
        partitions: 4,
        ..Rush::new(7, [phase(20, 2_000.0)])
    };
    let rush = rush.play();
    assert!(rush.joins > 39_000 && rush.refused == 0, "{rush:?}");
    assert_order_is_kept(&rush);
    assert_gaps_are_few(&rush);
}
