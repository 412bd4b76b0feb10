//! The document stays small.

use shared::{
    domain::{
        ids::QueueId,
        queue::{Counts, Line, Opening, Queue},
    },
    jiff::Timestamp,
};
use simulator::{item_size, settings};

use crate::{on_sale, play};

#[test]
fn line_of_weeks_stays_under_two_kilobytes() {
    let mut queue = Queue {
        id: QueueId::main(),
        settings: settings(1_000_000, 50_000),
        line: Line::default(),
        opening: Opening::Always,
    };
    // Numbers of ten million, and ticks that are never on time.
    for tick in 0..4_000_u32 {
        let now = 1_700_000_000_000 + i64::from(tick) * 5_050;
        let issued = 10_000_000 + u64::from(tick) * 300;
        let now = Timestamp::from_millisecond(now).expect("a time");
        let line = queue.tick(now, issued, |_| Counts::default(), None);
        queue.line = line.expect("a tick");
    }
    assert!(queue.line.passed > 900_000);
    let size = item_size(&queue.line);
    assert!(size < 2_000, "{size} bytes");
}

#[test]
fn on_sale_stays_under_two_kilobytes() {
    let outcome = play(&on_sale());
    assert!(
        outcome.largest_item < 2_000,
        "{} bytes",
        outcome.largest_item
    );
}
