//! What people are told is about what comes true.

use crate::{ordinary, play};

#[test]
fn nobody_is_told_nonsense_once_the_line_has_settled() {
    let evening = ordinary(300, 50_000).wave(10_000, 0, 60);
    let outcome = play(&evening);
    let errors = outcome.errors(600..i64::MAX);
    assert!(errors.estimates > 1_000, "{errors:?}");
    assert!(errors.p90 <= 0.33, "{errors:?}");
}
