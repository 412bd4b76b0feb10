//! The document stays small.

use shared::{
    domain::{
        ids::QueueId,
        queue::{Counts, Line, Opening, Queue, Range, Settings},
        texts::{InLanguages, Notice},
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

/// A queue that was rushed again and again, and whose pools had something left each time.
#[test]
fn unused_numbers_take_less_than_a_kilobyte() {
    let queue = Queue {
        id: QueueId::main(),
        settings: settings(1_000, 50_000),
        line: Line::default(),
        opening: Opening::Always,
    };
    let ranges =
        (0..1_000).map(|range| Range::from((10_000_000 + 100 * range, 10_000_050 + 100 * range)));
    let (line, elsewhere) = queue.with_joins(Timestamp::UNIX_EPOCH, 11_000_000, ranges);
    assert!(elsewhere.len() > 900);
    let size = item_size(&line.unused);
    assert!((500..1_000).contains(&size), "{size} bytes");
}

/// Two texts of 300 Korean characters, of three bytes each. Beside a line of two kilobytes and what a
/// draw leaves, they make the item larger than the four kilobytes that half a read unit reads.
#[test]
fn longest_notice_in_korean_has_under_two_kilobytes() {
    let text = Notice::parse(&"가".repeat(Notice::MAX_LENGTH)).expect("a notice");
    let without = settings(1_000_000, 50_000);
    let with = Settings {
        notice: Some(InLanguages {
            ko: Some(text.clone()),
            en: Some(text),
        }),
        ..without.clone()
    };
    let notice = item_size(&with) - item_size(&without);
    assert!((1_800..1_850).contains(&notice), "{notice} bytes");
    assert!(item_size(&without) < 150, "{}", item_size(&without));
}
