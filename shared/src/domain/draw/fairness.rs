//! Tests that the draw is fair: every entry is equally likely to get every place, and every order
//! of two or of a few entries is equally likely. The seeds are the hashes of a counter, so each run
//! counts the same draws. Other tests show that this counting would find an unfair draw.

use std::{array, collections::BTreeMap};

use super::*;

const DRAWS: u32 = 10_000;

/// The number of entries, except in the tests of a few.
const ENTRIES: usize = 100;

/// Where each entry comes out, in each draw.
type Places = Vec<[usize; ENTRIES]>;

/// Shuffles with this many different seeds, which are derived from `name`.
fn shuffled<T>(name: &str, draws: u32, mut shuffle: impl FnMut(&[u8; 32]) -> T) -> Vec<T> {
    let seeds = (0..draws).map(|n| digest(&SHA256, format!("{name} {n}").as_bytes()));
    seeds
        .map(|seed| shuffle(seed.as_ref().try_into().expect("32 bytes")))
        .collect()
}

fn places(name: &str, rounds: Option<u8>) -> Places {
    shuffled(name, DRAWS, |seed| {
        let mut shuffle = Shuffle::new(seed, ENTRIES as u64);
        if let Some(rounds) = rounds {
            shuffle = shuffle.with_rounds(rounds);
        }
        let places = shuffle.places();
        array::from_fn(|entry| usize::try_from(places[entry]).expect("a place"))
    })
}

/// How often each case was seen.
fn count(cases: usize, seen: impl IntoIterator<Item = usize>) -> Vec<u32> {
    let mut counts = vec![0; cases];
    for case in seen {
        counts[case] += 1;
    }
    counts
}

/// How far counts are from being equal (chi-square), relative to what is [`suspicious`]. Above 1,
/// something is wrong.
fn unevenness(counts: &[u32]) -> f64 {
    let cases = f64::from(u32::try_from(counts.len()).expect("a few"));
    let expected = f64::from(counts.iter().sum::<u32>()) / cases;
    let deviations = counts.iter().map(|n| f64::from(*n) - expected);
    let chi_square: f64 = deviations.map(|by| by * by / expected).sum();
    chi_square / suspicious(cases - 1.0)
}

/// The chi-square that is exceeded by chance once in a thousand times, for this many degrees of
/// freedom (after Wilson and Hilferty).
fn suspicious(freedom: f64) -> f64 {
    let spread = 2.0 / (9.0 * freedom);
    freedom * (1.0 - spread + 3.0902 * spread.sqrt()).powi(3)
}

/// Counts the places of each entry, the entries of each place, and how each entry lies relative to
/// the next: which of the two is first, and the distance from one to the other, around the end.
fn unevennesses(draws: &Places) -> Vec<f64> {
    let mut entries_at = vec![vec![0; ENTRIES]; ENTRIES];
    let mut all = Vec::new();
    for entry in 0..ENTRIES {
        let places = count(ENTRIES, draws.iter().map(|places| places[entry]));
        for (place, times) in places.iter().enumerate() {
            entries_at[place][entry] = *times;
        }
        let pairs = draws
            .iter()
            .map(|places| (places[entry], places[(entry + 1) % ENTRIES]));
        let first = count(2, pairs.clone().map(|(one, next)| usize::from(one < next)));
        let distance = |(one, next)| (next + ENTRIES - one) % ENTRIES - 1;
        let distances = count(ENTRIES - 1, pairs.map(distance));
        all.extend([&places, &first, &distances].map(|counts| unevenness(counts)));
    }
    all.extend(entries_at.iter().map(|counts| unevenness(counts)));
    all
}

fn assert_fair(name: &str) {
    let unfair = unevennesses(&places(name, None))
        .into_iter()
        .filter(|unevenness| *unevenness > 1.0);
    assert_eq!(unfair.count(), 0);
}

#[test]
fn every_place_is_as_likely_as_another() {
    assert_fair("one");
}

#[test]
fn every_place_is_as_likely_as_another_with_other_seeds() {
    assert_fair("another");
}

#[test]
fn every_order_of_a_few_entries_is_as_likely_as_another() {
    for (entries, orders) in [(2, 2), (3, 6), (4, 24), (5, 120)] {
        let draws = shuffled("few", 3_000, |seed| Shuffle::new(seed, entries).places());
        let mut seen = BTreeMap::new();
        for order in draws {
            *seen.entry(order).or_default() += 1;
        }
        let counts: Vec<u32> = seen.into_values().collect();
        assert_eq!(counts.len(), orders, "{entries}");
        assert!(unevenness(&counts) < 1.0, "{entries}: {counts:?}");
    }
}

/// With six rounds, one rank in 64 is never moved and stays where it is.
#[test]
fn shuffle_of_too_few_rounds_is_found_to_be_unfair() {
    for rounds in [1, 6] {
        let uneven = unevennesses(&places("one", Some(rounds)));
        let unfair = uneven.iter().filter(|unevenness| **unevenness > 1.0);
        assert!(unfair.count() > 2 * ENTRIES, "{rounds}");
    }
}

/// The values of the published tables of the distribution.
#[test]
fn limit_of_unevenness_is_passed_by_one_in_a_thousand_fair_counts() {
    for (freedom, table) in [(1.0, 10.83), (5.0, 20.52), (23.0, 49.73), (99.0, 148.23)] {
        let ratio: f64 = suspicious(freedom) / table;
        assert!((0.97..1.04).contains(&ratio), "{freedom}: {ratio}");
    }
}
