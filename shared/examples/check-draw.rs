//! Checks the draw of a queue, by nothing but what everybody can see: that the seed is the one
//! whose hash was public before the opening, and which number it gives to whom.
//!
//! ```text
//! curl -s $URL/v1/queues/main | cargo run --quiet --example check-draw -- --entry 17 204
//! ```

use std::{fs, io, path::PathBuf, process::ExitCode};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Parser;
use serde::Deserialize;
use shared::domain::draw::{Draw, EarlyEntry, PublicDraw};

/// Checks the draw of a queue. Ends with 1 when it does not hold, with 2 when that cannot be told.
#[derive(Parser)]
struct Arguments {
    /// A file with what `GET /v1/queues/{queue_id}` answers; standard input unless given.
    document: Option<PathBuf>,
    /// The hash of the seed as it was written down before the opening.
    #[arg(long, value_name = "SEED_HASH")]
    committed: Option<String>,
    /// Tell the number of this entry.
    #[arg(long, num_args = 2, value_names = ["STRIPE", "INDEX"], conflicts_with = "token")]
    entry: Vec<u64>,
    /// Tell the number of the entry in this queue token.
    #[arg(long)]
    token: Option<String>,
    /// Check that nobody has the number of another: a few seconds for a million.
    #[arg(long)]
    all: bool,
}

/// Why there is nothing good to tell.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Failure {
    /// The draw does not hold.
    #[error("The draw does not hold: {0}.")]
    DoesNotHold(String),
    /// There is nothing to check it by.
    #[error("The draw cannot be checked: {0}.")]
    CannotTell(String),
}

use Failure::{CannotTell, DoesNotHold};

/// What matters here of a queue's public document.
#[derive(Deserialize)]
struct Document {
    queue_id: String,
    draw: Option<PublicDraw>,
}

/// What matters here of a queue token.
#[derive(Deserialize)]
struct Claims {
    queue: String,
    early: Option<EarlyEntry>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let checked = read(&arguments).and_then(|document| check(&document, &arguments));
    match checked {
        Ok(told) => {
            println!("{}", told.join("\n"));
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(match failure {
                DoesNotHold(_) => 1,
                CannotTell(_) => 2,
            })
        }
    }
}

fn read(arguments: &Arguments) -> Result<String, Failure> {
    let document = match &arguments.document {
        Some(path) => fs::read_to_string(path),
        None => io::read_to_string(io::stdin()),
    };
    document.map_err(|error| CannotTell(format!("the document cannot be read, {error}")))
}

/// What is to be told of the draw, line by line.
fn check(document: &str, arguments: &Arguments) -> Result<Vec<String>, Failure> {
    let document: Document = serde_json::from_str(document)
        .map_err(|error| CannotTell(format!("the document is not that of a queue, {error}")))?;
    let entry = entry(&document, arguments)?;
    let public = document
        .draw
        .ok_or_else(|| CannotTell("this queue draws no lots".to_owned()))?;
    let mut told = Vec::new();

    if let Some(committed) = &arguments.committed {
        if *committed != public.seed_hash {
            let other = format!("the hash is {}, not {committed}", public.seed_hash);
            return Err(DoesNotHold(other));
        }
        told.push("The hash is the one that was written down.".to_owned());
    }
    let draw = public
        .draw()
        .map_err(|broken| DoesNotHold(broken.to_string()))?;
    let Some(draw) = draw else {
        if entry.is_some() || arguments.all {
            return Err(CannotTell("it has not been made yet".to_owned()));
        }
        told.push(format!(
            "Not made yet. Write this down: {}",
            public.seed_hash
        ));
        return Ok(told);
    };
    told.push("The seed is the one whose hash was published.".to_owned());
    told.push(format!("Entries: {}", draw.entries()));
    if let Some(entry) = entry {
        told.push(format!("Number: {}", number(&draw, entry)?));
    }
    if arguments.all {
        nobody_shares(draw.numbers())?;
        told.push("Nobody has the number of another.".to_owned());
    }
    Ok(told)
}

/// The entry that is asked for.
fn entry(document: &Document, arguments: &Arguments) -> Result<Option<EarlyEntry>, Failure> {
    if let Some(token) = &arguments.token {
        return entry_in(token, &document.queue_id).map(Some);
    }
    let [stripe, index] = arguments.entry[..] else {
        return Ok(None);
    };
    let entry = EarlyEntry::new(u8::try_from(stripe).unwrap_or(u8::MAX), index);
    entry
        .map(Some)
        .map_err(|malformed| CannotTell(malformed.to_string()))
}

/// The entry in a token of that queue, whose signature is not our business.
fn entry_in(token: &str, queue_id: &str) -> Result<EarlyEntry, Failure> {
    let claims = token.split('.').nth(1);
    let claims = claims.and_then(|claims| BASE64_URL_SAFE_NO_PAD.decode(claims).ok());
    let claims: Option<Claims> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
    let claims = claims.ok_or_else(|| CannotTell("this is no queue token".to_owned()))?;
    if claims.queue != queue_id {
        let other = format!("the token is one of the queue {}", claims.queue);
        return Err(CannotTell(other));
    }
    claims
        .early
        .ok_or_else(|| CannotTell("the token has a number and took no part".to_owned()))
}

fn number(draw: &Draw, entry: EarlyEntry) -> Result<u64, Failure> {
    if draw.is_closed(entry) {
        let ended = "the line had ended for this entry before the opening";
        return Err(CannotTell(ended.to_owned()));
    }
    draw.number_of(entry).ok_or_else(|| {
        let (stripe, index) = entry.into();
        DoesNotHold(format!("entry {index} on stripe {stripe} was left out"))
    })
}

fn nobody_shares(mut numbers: Vec<u64>) -> Result<(), Failure> {
    numbers.sort_unstable();
    if numbers.iter().copied().eq(1..=numbers.len() as u64) {
        Ok(())
    } else {
        Err(DoesNotHold("two have the same number".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const VECTORS: &str = include_str!("../src/domain/draw/vectors.json");

    /// The document of a queue in which a hundred were early.
    fn document() -> Value {
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("vectors");
        let a_hundred = |draw: &Value| draw["entries"] == 100;
        let draw = vectors.into_iter().find(a_hundred).expect("that one");
        json!({ "queue_id": "arena", "state": "OPEN", "draw": draw })
    }

    /// The document before the opening.
    fn sealed() -> Value {
        let seed_hash = document()["draw"]["seed_hash"].clone();
        json!({ "queue_id": "arena", "draw": { "seed_hash": seed_hash } })
    }

    fn checked(document: &Value, arguments: &[&str]) -> Result<String, Failure> {
        let arguments = Arguments::try_parse_from([&["check-draw"], arguments].concat());
        let told = check(&document.to_string(), &arguments.expect("arguments"))?;
        Ok(told.join("\n"))
    }

    fn token(claims: &Value) -> String {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        format!("e30.{claims}.c2lnbmF0dXJl")
    }

    #[track_caller]
    fn does_not_hold(checked: &Result<String, Failure>) {
        assert!(matches!(checked, Err(DoesNotHold(_))), "{checked:?}");
    }

    #[track_caller]
    fn cannot_tell(checked: &Result<String, Failure>) {
        assert!(matches!(checked, Err(CannotTell(_))), "{checked:?}");
    }

    #[test]
    fn a_number_is_told_for_an_entry_or_a_token() {
        let (entry, number) = {
            let numbers = &document()["draw"]["numbers"];
            (numbers[0][0].clone(), numbers[0][1].clone())
        };
        let (stripe, index) = (entry[0].to_string(), entry[1].to_string());
        let told = format!(
            "The seed is the one whose hash was published.\nEntries: 100\nNumber: {number}"
        );
        let by_entry = checked(&document(), &["--entry", &stripe, &index]);
        assert_eq!(by_entry.as_ref(), Ok(&told));
        let token = token(&json!({ "queue": "arena", "early": entry }));
        assert_eq!(checked(&document(), &["--token", &token]), Ok(told));
    }

    #[test]
    fn all_numbers_are_different() {
        let told = checked(&document(), &["--all"]).expect("a sound draw");
        assert!(
            told.ends_with("Nobody has the number of another."),
            "{told}"
        );
        assert_eq!(nobody_shares(vec![2, 3, 1]), Ok(()));
        assert!(nobody_shares(vec![2, 3, 2]).is_err());
        assert!(nobody_shares(vec![0, 1]).is_err());
    }

    #[test]
    fn before_the_opening_there_is_a_hash_to_write_down() {
        let sealed = sealed();
        let hash = sealed["draw"]["seed_hash"].as_str().expect("a hash");
        let told = checked(&sealed, &[]).expect("a hash");
        assert_eq!(told, format!("Not made yet. Write this down: {hash}"));
        cannot_tell(&checked(&sealed, &["--entry", "0", "1"]));
        cannot_tell(&checked(&sealed, &["--all"]));

        let told = checked(&document(), &["--committed", hash]).expect("that one");
        assert!(
            told.starts_with("The hash is the one that was written down."),
            "{told}"
        );
        does_not_hold(&checked(&sealed, &["--committed", &"0".repeat(64)]));
    }

    #[test]
    fn a_draw_that_was_tampered_with_does_not_hold() {
        let mut other_seed = document();
        other_seed["draw"]["seed"] = json!("0".repeat(64));
        does_not_hold(&checked(&other_seed, &[]));
        let mut one_more = document();
        one_more["draw"]["entries"] = json!(101);
        does_not_hold(&checked(&one_more, &[]));
        let mut forgotten = document();
        forgotten["draw"]["stripes"] = json!(null);
        does_not_hold(&checked(&forgotten, &[]));
        does_not_hold(&checked(&document(), &["--entry", "0", "1000"]));
    }

    #[test]
    fn what_has_nothing_to_do_with_it_cannot_be_checked() {
        for document in [json!([]), json!({}), json!({ "queue_id": "main" })] {
            cannot_tell(&checked(&document, &[]));
        }
        cannot_tell(&checked(&document(), &["--entry", "64", "1"]));
        cannot_tell(&checked(&document(), &["--entry", "320", "1"]));
        for token in [
            token(&json!({ "queue": "main", "early": [0, 1] })),
            token(&json!({ "queue": "arena", "number": 7 })),
            token(&json!({ "sub": "somebody" })),
            "nonsense".to_owned(),
        ] {
            cannot_tell(&checked(&document(), &["--token", &token]));
        }
    }
}
