use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Made by another implementation. The JavaScript that pages use is tested with them too.
const VECTORS: &str = include_str!("vectors.json");

fn seed(byte: u8) -> Seed {
    Seed([byte; 32])
}

/// A draw with these counts of entries on the first stripes.
fn draw(counts: &[u64]) -> Draw {
    let mut stripes = [0; STRIPES as usize];
    stripes[..counts.len()].copy_from_slice(counts);
    Draw::new(seed(7), stripes).expect("a draw")
}

fn entry(stripe: u8, index: u64) -> EarlyEntry {
    EarlyEntry::new(stripe, index).expect("an entry")
}

#[test]
fn numbers_are_those_of_the_test_vectors() {
    #[derive(Deserialize)]
    struct Vector {
        #[serde(flatten)]
        public: PublicDraw,
        numbers: Vec<(EarlyEntry, Option<u64>)>,
    }
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).expect("vectors");
    let sizes: Vec<_> = vectors.iter().filter_map(|it| it.public.entries).collect();
    assert_eq!(sizes, [1, 2, 2, 3, 64, 100, 1_000, 1_000_000]);
    for vector in vectors {
        let draw = vector.public.draw().expect("sound").expect("open");
        assert_eq!(PublicDraw::from(&draw), vector.public);
        for (entry, number) in vector.numbers {
            assert_eq!(draw.number_of(entry), number, "{entry:?}");
        }
    }
}

#[test]
fn shuffle_is_that_of_ethereum() {
    // From the test vectors of Ethereum's consensus specification; each is described by its seed.
    let shuffled = |seed: &str, size| {
        let seed: Seed = seed.parse().expect("a seed");
        Shuffle::new(&seed.0, size).places()
    };
    let seed = "01b4f6bd5d6a06a7b74a8565ceb4f845afe0ae96a0ac05cf5e86066bf7b538ec";
    assert_eq!(shuffled(seed, 10), [2, 7, 8, 5, 4, 1, 6, 0, 9, 3]);
    assert_eq!(
        shuffled(seed, 33),
        [
            10, 17, 5, 14, 27, 31, 3, 23, 2, 26, 28, 11, 32, 20, 9, 16, 24, 4, 1, 21, 7, 22, 18,
            15, 29, 6, 19, 13, 0, 30, 12, 8, 25
        ]
    );
    let seed = "0623ccb9b1619bd388284a438034d8cb6431964ba727d8b1c450303105735488";
    assert_eq!(shuffled(seed, 5), [0, 1, 4, 3, 2]);
}

#[test]
fn shuffle_gives_every_rank_a_place_of_its_own() {
    for size in 0..=600 {
        let mut places = Shuffle::new(&[3; 32], size).places();
        places.sort_unstable();
        assert!(places.into_iter().eq(0..size), "{size}");
    }
}

#[test]
fn shuffle_can_be_undone_whatever_its_size() {
    for size in [10_007, 1_000_000, 1 << 32, MAX_RANKS - 1, MAX_RANKS] {
        let shuffle = Shuffle::new(&[3; 32], size);
        for n in 0..200 {
            let rank = size / 200 * n + size % (n + 1);
            let place = shuffle.place(rank);
            assert!(place < size, "{rank} of {size}");
            assert_eq!(shuffle.rank(place), rank, "{rank} of {size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn each_entry_has_a_number_of_its_own(
        seed: [u8; 32], counts in prop::collection::vec(0_u64..7, STRIPES as usize),
    ) {
        let counts: [u64; STRIPES as usize] = counts.try_into().expect("64");
        let draw = Draw::new(Seed(seed), counts).expect("a draw");
        let entries = (0..STRIPES).zip(counts);
        let entries = entries.flat_map(|(stripe, n)| (1..=n).map(move |i| entry(stripe, i)));
        let mut numbers: Vec<_> = entries
            .map(|entry| draw.number_of(entry).expect("counted"))
            .collect();
        prop_assert_eq!(&numbers, &draw.numbers());
        numbers.sort_unstable();
        prop_assert!(numbers.into_iter().eq(1..=draw.entries()));
    }
}

#[test]
fn entry_that_was_not_counted_has_no_number() {
    let draw = draw(&[0, 2, 1]);
    assert_eq!(draw.entries(), 3);
    for (stripe, index) in [(0, 1), (1, 3), (2, 2), (2, u64::MAX), (63, 1)] {
        assert_eq!(
            draw.number_of(entry(stripe, index)),
            None,
            "{stripe} {index}"
        );
    }
    assert!(draw.number_of(entry(1, 2)).is_some());
    assert_eq!(self::draw(&[]).entries(), 0);
    assert_eq!(self::draw(&[]).numbers(), Vec::<u64>::new());
    assert_eq!(self::draw(&[]).number_of(entry(0, 1)), None);
}

#[test]
fn entry_is_a_pair_of_a_stripe_and_an_index() {
    assert_eq!(json!(entry(17, 204)), json!([17, 204]));
    let read = |value| serde_json::from_value::<EarlyEntry>(value);
    assert_eq!(read(json!([63, 1])).expect("an entry"), entry(63, 1));
    for wrong in [
        json!([64, 1]),
        json!([0, 0]),
        json!([-1, 1]),
        json!([0, 1.5]),
        json!([0]),
        json!([0, 1, 2]),
        json!({"stripe": 0, "index": 1}),
    ] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn seed_is_random_and_hidden_in_debug_output() {
    let seed = Seed::new();
    assert!(seed != Seed::new());
    assert!(!format!("{seed:?} {:?}", draw(&[1])).contains(&draw(&[1]).seed.reveal()[..8]));
    assert!(!format!("{seed:?}").contains(&seed.reveal()[..8]));
    assert_eq!(seed.reveal().parse::<Seed>().expect("a seed"), seed);
    assert_eq!(
        Seed([0; 32]).hash(),
        "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
    );
    let digits = "0123456789abcdef".repeat(4);
    assert_eq!(digits.parse::<Seed>().expect("a seed").reveal(), digits);
    for wrong in [
        String::new(),
        digits[1..].to_owned(),
        format!("{digits}00"),
        digits.to_uppercase(),
        digits.replace('f', "g"),
    ] {
        assert_eq!(wrong.parse::<Seed>(), Err(MalformedSeed), "{wrong}");
    }
}

#[cfg(feature = "aws")]
#[test]
fn draw_is_stored_as_it_is_shown() {
    let draw = draw(&[3, 0, 2]);
    let json = json!(draw);
    assert_eq!(json["seed"], "07".repeat(32));
    assert_eq!(json["stripes"].as_array().map(Vec::len), Some(64));
    assert_eq!(serde_json::from_value::<Draw>(json).expect("a draw"), draw);
    let stored = serde_dynamo::to_attribute_value::<_, aws_sdk_dynamodb::types::AttributeValue>;
    let stored = stored(draw.clone()).expect("an attribute");
    let read: Draw = serde_dynamo::from_attribute_value(stored).expect("a draw");
    assert_eq!(read, draw);
}

#[test]
fn draw_has_64_stripes_and_no_more_entries_than_can_be_shuffled() {
    let mut stripes = [0; STRIPES as usize];
    let max = 1 << 40;
    stripes[5] = max;
    let fullest = Draw::new(seed(1), stripes).expect("a draw");
    let number = fullest.number_of(entry(5, max)).expect("counted");
    assert!((1..=max).contains(&number));
    for one_more in [1, u64::MAX] {
        stripes[6] = one_more;
        assert_eq!(Draw::new(seed(1), stripes), Err(MalformedDraw));
    }
    for count in [63, 65] {
        let wrong = json!({ "seed": seed(1), "stripes": vec![0; count] });
        assert!(serde_json::from_value::<Draw>(wrong).is_err(), "{count}");
    }
}

#[test]
fn public_draw_is_a_hash_until_the_opening_and_everything_after_it() {
    let draw = draw(&[3, 0, 2]);
    let sealed = PublicDraw::sealed(draw.seed.hash(), None);
    assert_eq!(json!(sealed), json!({ "seed_hash": draw.seed.hash() }));
    assert_eq!(sealed.draw(), Ok(None));

    let open = PublicDraw::from(&draw);
    assert_eq!(
        json!(open),
        json!({
            "seed_hash": draw.seed.hash(),
            "seed": draw.seed.reveal(),
            "entries": 5,
            "stripes": draw.stripes.to_vec(),
        })
    );
    assert_eq!(open.draw(), Ok(Some(draw)));
}

#[test]
fn draw_that_was_tampered_with_is_refused() {
    let open = PublicDraw::from(&draw(&[3, 0, 2]));
    let broken = |change: fn(&mut PublicDraw)| {
        let mut changed = open.clone();
        change(&mut changed);
        changed.draw().expect_err("broken")
    };
    assert_eq!(broken(|it| it.seed = Some(seed(8))), BrokenDraw::OtherSeed);
    assert_eq!(
        broken(|it| it.seed_hash = seed(8).hash()),
        BrokenDraw::OtherSeed
    );
    assert_eq!(broken(|it| it.entries = Some(6)), BrokenDraw::OtherCount);
    assert_eq!(
        broken(|it| it.stripes = Some(vec![5; 64])),
        BrokenDraw::OtherCount
    );
    assert_eq!(
        broken(|it| it.stripes = Some(vec![5])),
        MalformedDraw.into()
    );
    assert_eq!(broken(|it| it.seed = None), BrokenDraw::Incomplete);
    assert_eq!(broken(|it| it.entries = None), BrokenDraw::Incomplete);
    assert_eq!(broken(|it| it.stripes = None), BrokenDraw::Incomplete);
}

/// The line ended for some entries before the opening. The entries after them are drawn as if they
/// were the first.
#[test]
fn draw_leaves_out_entries_for_which_the_line_has_ended() {
    let seed = || Seed([7; 32]);
    let mut stripes = [0; STRIPES as usize];
    (stripes[0], stripes[63]) = (3, 2);
    let mut closed = [0; STRIPES as usize];
    (closed[0], closed[1]) = (10, 4);
    let draw = Draw::new(seed(), stripes).expect("a draw").after(closed);
    let plain = Draw::new(seed(), stripes).expect("a draw");
    let entry = |stripe, index| EarlyEntry::new(stripe, index).expect("an entry");
    for index in 1..=3 {
        let number = draw.number_of(entry(0, 10 + index));
        assert_eq!(number, plain.number_of(entry(0, index)));
        assert!(number.is_some());
    }
    for (stripe, index) in [(0, 10), (0, 1), (0, 14), (1, 4), (1, 5), (63, 3)] {
        assert_eq!(
            draw.number_of(entry(stripe, index)),
            None,
            "{stripe} {index}"
        );
    }
    assert!(draw.is_closed(entry(0, 10)) && !draw.is_closed(entry(0, 11)));
    let public = PublicDraw::from(&draw);
    assert_eq!(public.draw(), Ok(Some(draw.clone())));
    let written = serde_json::to_string(&draw).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Draw>(&written).expect("a draw"),
        draw
    );
}
