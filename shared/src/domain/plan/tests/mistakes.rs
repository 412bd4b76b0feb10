//! Every limit and every mistake, with its place.

use super::*;

#[track_caller]
fn mistake(json: &str) -> (String, PlanReason) {
    let mistake = Plan::read(json.as_bytes()).expect_err("a mistake");
    (mistake.at, mistake.reason)
}

#[track_caller]
fn assert_wrong(document: &Value, at: &str, reason: PlanReason) {
    assert_eq!(mistake(&document.to_string()), (at.to_owned(), reason));
}

/// A plan in which everything is there.
fn whole() -> Value {
    json!({
        "name": "Hall",
        "grades": ["R", "S"],
        "sections": [
            { "name": "A", "grade": "R", "rank": 1, "towards": "left", "at": [0, 0], "turn": 0,
                "curve": 1, "depth": 1, "rows": [
                { "label": "1", "seats": "1-4" },
                { "label": "2", "seats": "1-4", "grade": "S", "accessible": "1", "rank": 1,
                    "shift": 1 },
            ] },
            { "name": "B", "grade": "S", "rows": [{ "label": "1", "seats": "1-4" }] },
        ],
    })
}

/// The whole plan with another value at a place.
fn with(at: &str, value: Value) -> Value {
    let mut document = whole();
    *document.pointer_mut(at).expect("a place") = value;
    document
}

/// The whole plan without the field at a place.
fn without(at: &str) -> Value {
    let mut document = whole();
    let (object, field) = at.rsplit_once('/').expect("a place");
    let object = document.pointer_mut(object).expect("a place");
    object.as_object_mut().expect("an object").remove(field);
    document
}

const ROW: &str = "/sections/0/rows/1";

/// A value at a place of the whole plan is a mistake there.
#[track_caller]
fn wrong(at: &str, value: impl Into<Value>, reason: PlanReason) {
    assert_wrong(&with(at, value.into()), at, reason);
}

/// A value at a place of the whole plan is fine.
#[track_caller]
fn fine(at: &str, value: impl Into<Value>) {
    read(&with(at, value.into()));
}

#[test]
fn every_field_has_its_type() {
    for at in ["", "/sections/1", ROW] {
        wrong(at, json!([]), PlanReason::NotAnObject);
    }
    for at in ["/grades", "/sections", "/sections/0/rows"] {
        wrong(at, "text", PlanReason::NotAList);
        wrong(at, json!(null), PlanReason::NotAList);
    }
    let texts = [
        "/name",
        "/grades/1",
        "/sections/0/name",
        "/sections/0/grade",
    ];
    for at in texts.into_iter().chain(["/sections/0/towards"]) {
        wrong(at, 1, PlanReason::NotAText);
        wrong(at, json!(null), PlanReason::NotAText);
    }
    for field in ["label", "seats", "grade", "accessible"] {
        wrong(&format!("{ROW}/{field}"), 1, PlanReason::NotAText);
    }
    wrong("/sections/0/at", json!([1]), PlanReason::NotAPoint);
    wrong("/sections/0/at", json!([1, 2, 3]), PlanReason::NotAPoint);
    wrong("/sections/0/at", json!({ "x": 1 }), PlanReason::NotAPoint);
}

#[test]
fn numbers_are_whole_and_within_their_limits() {
    for (at, from, to) in [
        ("/sections/0/rank", 0, 99_999),
        ("/sections/0/turn", -179, 180),
        ("/sections/0/curve", 1, 100_000),
        ("/sections/0/depth", 1, 100_000),
        ("/sections/0/at/0", -100_000, 100_000),
        ("/sections/0/at/1", -100_000, 100_000),
        ("/sections/0/rows/1/rank", 0, 99_999),
        ("/sections/0/rows/1/shift", -100_000, 100_000),
    ] {
        fine(at, from);
        fine(at, to);
        let is_rank = at.ends_with("rank");
        // One of the rank is that of the section or the row beside it.
        let to = if is_rank { to + 1 } else { to };
        let reason = PlanReason::WholeNumber { from, to };
        wrong(at, from - 1, reason);
        wrong(at, to + 1, reason);
        wrong(at, 1.5, reason);
        wrong(at, 1.0, reason);
        wrong(at, "1", reason);
        wrong(at, json!(null), reason);
        wrong(at, u64::MAX, reason);
        wrong(at, 1e300, reason);
    }
}

#[test]
fn rank_has_a_limit_with_that_of_the_section() {
    let own = "/sections/0/rows/1/rank";
    wrong(own, 100_000, PlanReason::RankTooHigh);
    let mut document = with("/sections/1/rows/0/label", json!("7"));
    document["sections"][1]["rank"] = json!(100_000);
    read(&document);
    let row = document["sections"][1]["rows"][0].clone();
    document["sections"][1]["rows"] = json!([row, { "label": "8", "seats": "1" }]);
    assert_wrong(&document, "/sections/1/rows/1", PlanReason::RankTooHigh);
}

#[test]
fn needed_fields_are_missing_where_they_would_be() {
    for at in [
        "/name",
        "/grades",
        "/sections",
        "/sections/0/name",
        "/sections/0/rows",
        "/sections/0/rows/1/label",
        "/sections/0/rows/1/seats",
    ] {
        assert_wrong(&without(at), at, PlanReason::Missing);
    }
    let at = "/sections/0/grade";
    assert_wrong(
        &without(at),
        "/sections/0/rows/0/grade",
        PlanReason::Missing,
    );
    for at in [
        "/sections/0/rank",
        "/sections/0/towards",
        "/sections/0/at",
        "/sections/0/turn",
        "/sections/0/curve",
        "/sections/0/depth",
        "/sections/0/rows/1/grade",
        "/sections/0/rows/1/accessible",
        "/sections/0/rows/1/rank",
        "/sections/0/rows/1/shift",
    ] {
        read(&without(at));
    }
}

#[test]
fn unknown_fields_and_fields_there_twice_are_mistakes() {
    for (object, at) in [
        ("", "/a~1b~0c"),
        ("/sections/1", "/sections/1/a~1b~0c"),
        (ROW, "/sections/0/rows/1/a~1b~0c"),
    ] {
        let mut document = whole();
        document.pointer_mut(object).expect("a place")["a/b~c"] = json!([]);
        assert_wrong(&document, at, PlanReason::UnknownField);
    }
    let mut document = whole();
    document["sections"][1]["x".repeat(41)] = json!(1);
    assert_wrong(&document, "/sections/1", PlanReason::UnknownField);
    let twice = r#"{"name":"a","grades":["R"],"name":"b"}"#;
    assert_eq!(
        mistake(twice),
        ("/sections".to_owned(), PlanReason::Missing)
    );
    let twice = r#"{"name":"a","grades":["R"],"name":"b","sections":[]}"#;
    assert_eq!(mistake(twice), ("/name".to_owned(), PlanReason::FieldTwice));
}

#[test]
fn names_have_1_to_30_characters_and_that_of_the_plan_100() {
    fine("/name", "가".repeat(100));
    fine("/sections/0/name", "가".repeat(30));
    for (at, most, reason) in [
        ("/name", 100, PlanReason::NotAPlanName),
        ("/sections/0/name", 30, PlanReason::NotASectionName),
        ("/grades/1", 30, PlanReason::NotAGrade),
    ] {
        wrong(at, "가".repeat(most + 1), reason);
        wrong(at, " ", reason);
        wrong(at, "a\nb", reason);
        wrong(at, "\u{202e}a", reason);
    }
    let long = "가".repeat(30);
    let mut document = with("/grades/0", json!(long));
    document["sections"][0]["grade"] = json!(long);
    read(&document);
}

#[test]
fn labels_have_1_to_8_letters_or_digits() {
    let (label, seats) = (&format!("{ROW}/label"), &format!("{ROW}/seats"));
    for good in [
        "12345678",
        "가나다라마바사아",
        "Ａ１",
        "é",
        "e\u{301}",
        "ⅷ",
        "कि",
    ] {
        fine(label, good);
        fine(seats, format!("1 {good}"));
    }
    for bad in [
        "123456789",
        "A.1",
        "A_1",
        "#1",
        "\u{3164}",
        "a\u{115f}",
        "a\u{200b}",
        "😀",
        "\u{301}",
        "1\t2",
        "1\u{a0}2",
    ] {
        wrong(label, bad, PlanReason::NotALabel);
        wrong(seats, format!("1 {bad}"), PlanReason::NotALabel);
    }
    for bad in ["", " ", "1 2", "1-2", "_1"] {
        wrong(label, bad, PlanReason::NotALabel);
    }
}

#[test]
fn seats_are_tokens() {
    let at = &format!("{ROW}/seats");
    for (seats, reason) in [
        ("", PlanReason::NoSeats),
        ("  ", PlanReason::NoSeats),
        ("_3", PlanReason::NoSeats),
        ("1 -3", PlanReason::NotALabel),
        ("1-", PlanReason::NotALabel),
        ("1-2-3", PlanReason::NotALabel),
        ("1-4000000000", PlanReason::NotALabel),
        ("4000000000-1", PlanReason::NotALabel),
        ("1-99999999", PlanReason::TooManySeatsInRow),
        ("99999999-0", PlanReason::TooManySeatsInRow),
        ("0-99999999/2", PlanReason::TooManySeatsInRow),
        ("A-F", PlanReason::NotARange),
        ("1-A", PlanReason::NotARange),
        ("A1-9", PlanReason::NotARange),
        ("A1-B9", PlanReason::NotARange),
        ("01-9", PlanReason::NotARange),
        ("1-09", PlanReason::NotARange),
        ("099-9", PlanReason::NotARange),
        ("1-9/0", PlanReason::WrongStep),
        ("1-9/1", PlanReason::WrongStep),
        ("1-9/3", PlanReason::WrongStep),
        ("1-9/", PlanReason::WrongStep),
        ("1-9/2/2", PlanReason::WrongStep),
        ("1-9/-2", PlanReason::WrongStep),
        ("7/2", PlanReason::NotALabel),
        ("1 _", PlanReason::WrongGap),
        ("1 _0", PlanReason::WrongGap),
        ("1 _-1", PlanReason::WrongGap),
        ("1 _+1", PlanReason::WrongGap),
        ("1 _x", PlanReason::WrongGap),
        ("1 _2001", PlanReason::WrongGap),
        ("1 _99999999999999999999", PlanReason::WrongGap),
        ("1 1", PlanReason::SeatTwice),
        ("1-5 3", PlanReason::SeatTwice),
        ("1 _2 1", PlanReason::SeatTwice),
        ("1-9 2-8/2", PlanReason::SeatTwice),
        ("\u{ac00} \u{1100}\u{1161}", PlanReason::SeatTwice),
    ] {
        assert_eq!(wrong_reason(at, seats), (at.clone(), reason), "{seats}");
    }
    fine(at, "1 01 001 a A");
}

fn wrong_reason(at: &str, value: &str) -> (String, PlanReason) {
    mistake(&with(at, json!(value)).to_string())
}

#[test]
fn row_has_at_most_1000_seats_and_2000_places() {
    let at = &format!("{ROW}/seats");
    fine(at, "1 2-1000");
    fine(at, "1-1999/2");
    wrong(at, "1-1001", PlanReason::TooManySeatsInRow);
    wrong(at, "1 2-1001", PlanReason::TooManySeatsInRow);
    fine(at, "1 _1999");
    fine(at, "1-1000 _500 _500");
    wrong(at, "1 _2000", PlanReason::TooManyPlaces);
    wrong(at, "1-1000 _500 _501", PlanReason::TooManyPlaces);
    wrong(at, "1-1000 _1000 a", PlanReason::TooManySeatsInRow);
}

#[test]
fn wheelchair_places_are_seats_of_the_row() {
    let at = &format!("{ROW}/accessible");
    fine(at, "1-4");
    fine(at, "4 1");
    wrong(at, "", PlanReason::NoSeats);
    wrong(at, "5", PlanReason::UnknownSeat);
    wrong(at, "3-5", PlanReason::UnknownSeat);
    wrong(at, "01", PlanReason::UnknownSeat);
    wrong(at, "1 _1 2", PlanReason::GapNotAllowed);
    wrong(at, "1 1", PlanReason::SeatTwice);
    wrong(at, "1-4/4", PlanReason::WrongStep);
}

#[test]
fn grades_are_different_known_and_used() {
    wrong("/grades", json!([]), PlanReason::NoGrades);
    wrong("/grades/1", "R", PlanReason::GradeTwice);
    wrong("/grades/1", " R ", PlanReason::GradeTwice);
    wrong("/sections/1/grade", "T", PlanReason::UnknownGrade);
    wrong("/sections/1/grade", "r", PlanReason::UnknownGrade);
    wrong(&format!("{ROW}/grade"), "", PlanReason::UnknownGrade);
    assert_wrong(
        &with("/grades", json!(["R", "S", "T"])),
        "/grades/2",
        PlanReason::UnusedGrade,
    );
    // A section's grade that each of its rows replaces is the grade of no seat.
    let mut document = with("/grades", json!(["R", "S", "T"]));
    document["sections"][1]["grade"] = json!("T");
    document["sections"][1]["rows"][0]["grade"] = json!("S");
    assert_wrong(&document, "/grades/2", PlanReason::UnusedGrade);
}

#[test]
fn plan_has_1_to_12_grades() {
    let with_grades = |count: usize| {
        let grades: Vec<_> = (0..count).map(|grade| format!("G{grade}")).collect();
        let row = |grade| json!({ "label": grade, "seats": "1", "grade": grade });
        let rows: Vec<_> = grades.iter().map(row).collect();
        json!({ "name": "Hall", "grades": grades, "sections": [{ "name": "A", "rows": rows }] })
    };
    assert_eq!(read(&with_grades(12)).grades().len(), 12);
    assert_wrong(&with_grades(13), "/grades/12", PlanReason::TooManyGrades);
}

#[test]
fn plan_has_1_to_100_sections_with_different_names() {
    let with_sections = |count: usize| {
        let section = |index| {
            json!({ "name": format!("{index}"), "grade": "R",
                "rows": [{ "label": "1", "seats": "1" }] })
        };
        let sections: Vec<_> = (0..count).map(section).collect();
        json!({ "name": "Hall", "grades": ["R"], "sections": sections })
    };
    read(&with_sections(100));
    assert_wrong(
        &with_sections(101),
        "/sections/100",
        PlanReason::TooManySections,
    );
    wrong("/sections", json!([]), PlanReason::NoSections);
    wrong("/sections/1/name", "A", PlanReason::SectionTwice);
    wrong("/sections/1/name", " A", PlanReason::SectionTwice);
    fine("/sections/1/name", "a");
}

#[test]
fn plan_has_at_most_2500_rows_with_different_labels_in_a_section() {
    let with_rows = |last: usize| {
        let row = |row: usize| json!({ "label": row.to_string(), "seats": "1" });
        let section = |index, rows: usize| {
            json!({ "name": format!("{index}"), "grade": "R",
                "rows": (0..rows).map(row).collect::<Vec<_>>() })
        };
        let sections = json!([section(1, 2_000), section(2, last)]);
        json!({ "name": "Hall", "grades": ["R"], "sections": sections })
    };
    read(&with_rows(500));
    assert_wrong(
        &with_rows(501),
        "/sections/1/rows/500",
        PlanReason::TooManyRows,
    );
    wrong("/sections/0/rows", json!([]), PlanReason::NoRows);
    wrong(&format!("{ROW}/label"), "1", PlanReason::RowTwice);
    fine(&format!("{ROW}/label"), "01");
}

#[test]
fn plan_has_at_most_100000_seats() {
    let with_last = |seats: &str| {
        let mut rows = vec![json!({ "label": "x", "seats": "1-999" })];
        rows.extend((1..100).map(|row| json!({ "label": row.to_string(), "seats": "1-1000" })));
        rows.push(json!({ "label": "y", "seats": seats }));
        document(&Value::from(rows))
    };
    assert_eq!(read(&with_last("1")).seats(), 100_000);
    let at = "/sections/0/rows/100/seats";
    assert_wrong(&with_last("1-2"), at, PlanReason::TooManySeats);
}

#[test]
fn documents_have_limits_as_sent_and_in_their_shortest_form() {
    let text = whole().to_string();
    let padded = |length: usize| text.clone() + &" ".repeat(length - text.len());
    Plan::read(padded(MAX_PLAN_BYTES).as_bytes()).expect("a plan");
    let too_long = mistake(&padded(MAX_PLAN_BYTES + 1));
    assert_eq!(too_long, (String::new(), PlanReason::TooLong));

    // Labels that make no ranges.
    let text_of = |labels: Range<usize>| {
        let labels: Vec<_> = labels.map(|label| format!("{label:07}x")).collect();
        labels.join(" ")
    };
    let with_labels = |labels: usize| {
        let row = |first: usize| {
            let seats = text_of(first..labels.min(first + 500));
            json!({ "label": first.to_string(), "seats": seats })
        };
        document(&(0..labels).step_by(500).map(row).collect())
    };
    let length = |document: &Value| read(document).document().len();
    // A further label of the last row has eight letters and a space.
    let labels = 28_501 + (MAX_PLAN_BYTES - length(&with_labels(28_501))) / 9;
    let mut document = with_labels(labels);
    let name = "Hall".to_owned() + &"l".repeat(MAX_PLAN_BYTES - length(&document));
    document["name"] = name.as_str().into();
    assert_eq!(length(&document), MAX_PLAN_BYTES);
    // A letter of three bytes, whose composed form has six.
    document["sections"][0]["name"] = "\u{958}".into();
    document["name"] = name[2..].into();
    assert_eq!(document.to_string().len(), MAX_PLAN_BYTES);
    assert_wrong(&document, "", PlanReason::DocumentTooLong);
}

#[test]
fn garbage_is_not_json() {
    for (garbage, line, column) in [("", 1, 0), ("{\n\"name\" 1}", 2, 8), ("{\n\"name\"", 2, 6)] {
        let reason = PlanReason::NotJson { line, column };
        assert_eq!(mistake(garbage), (String::new(), reason), "{garbage}");
    }
    for garbage in [
        "plan",
        "{}{}",
        "{\"name\":\"\\ud800\"}",
        "{\"name\":1e999}",
        "{\"name\":01}",
        "\u{feff}{}",
        &"[".repeat(100_000),
        &"{\"a\":".repeat(40_000),
    ] {
        let (at, reason) = mistake(garbage);
        let is_not_json = matches!(reason, PlanReason::NotJson { .. });
        assert!(at.is_empty() && is_not_json, "{garbage:.20}: {reason:?}");
    }
    let not_utf_8 = Plan::read(b"{\"name\":\"\xff\"}").expect_err("a mistake");
    assert!(matches!(not_utf_8.reason, PlanReason::NotJson { .. }));
    assert_eq!(mistake("[]"), (String::new(), PlanReason::NotAnObject));
    let nested = "[".repeat(100) + &"]".repeat(100);
    let nested = format!("{{\"grades\":{nested}}}");
    assert_eq!(mistake(&nested), ("/name".to_owned(), PlanReason::Missing));
}

#[test]
fn first_mistake_is_the_first_of_the_document_whatever_the_order_of_fields_is() {
    let section = r#"{"rows":[{"seats":"1-","label":"?","grade":"S"}],"name":"","rank":-1}"#;
    for (json, at) in [
        (
            format!(r#"{{"sections":[{section}],"grades":[],"name":""}}"#),
            "/sections/0/rows/0/seats",
        ),
        (
            format!(r#"{{"grades":[],"sections":[{section}],"name":""}}"#),
            "/grades",
        ),
        (
            format!(r#"{{"name":"","grades":[],"sections":[{section}]}}"#),
            "/name",
        ),
        (
            r#"{"grades":["S"],"name":"a","sections":[{"rows":[{"label":"1","seats":"1"},
                {"label":"2"}],"name":"a","grade":"S"},3]}"#
                .to_owned(),
            "/sections/0/rows/1/seats",
        ),
        (
            r#"{"grades":["S","T"],"name":"a","sections":[{"rows":[{"seats":"1","accessible":"2"}],
                "towards":"up","name":"a","grade":"S"},3]}"#
                .to_owned(),
            "/sections/0/rows/0/label",
        ),
    ] {
        assert_eq!(mistake(&json).0, at, "{json}");
    }
}

#[test]
fn mistakes_are_told_in_words_with_the_limits() {
    let told = |at: &str, value: Value| {
        let json = with(at, value).to_string();
        Plan::read(json.as_bytes())
            .expect_err("a mistake")
            .to_string()
    };
    assert_eq!(
        told("/sections/0/turn", json!(181)),
        "/sections/0/turn: must be a whole number from -179 to 180"
    );
    assert_eq!(
        told("/name", json!("")),
        "/name: must be one line of 1 to 100 characters"
    );
    assert_eq!(told("", json!(1)), "the document: must be an object");
}

proptest! {
    /// Whatever is read, a mistake points at a place that is there or could be.
    #[test]
    fn pointers_lead_into_the_document(
        at in prop::sample::select(vec![
            "/name", "/grades/0", "/sections/0/rows/1", "/sections/1", "/sections/0/at",
            "/sections/0/rows/1/seats", "/sections/0/rows/1/accessible",
        ]),
        value in prop_oneof![
            Just(json!(null)),
            Just(json!({ "a": [1, { "b~/": 2 }] })),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[-_/ 019A]{0,12}".prop_map(Value::from),
        ],
    ) {
        let document = with(at, value);
        if let Err(mistake) = Plan::read(document.to_string().as_bytes()) {
            let is_there = document.pointer(&mistake.at).is_some();
            prop_assert_eq!(is_there, mistake.reason != PlanReason::Missing, "{}", mistake);
        }
    }
}
