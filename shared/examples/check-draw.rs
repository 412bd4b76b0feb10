//! Checks the draw of a queue with public data only: that the seed is the one whose hash was public
//! before the opening, and which number an entry has.
//!
//! ```text
//! curl -s $URL/v1/queues/main | cargo run --quiet --example check-draw -- --entry 17 204
//! ```

use std::{fs, io, path::PathBuf, process::ExitCode};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Parser;
use serde::Deserialize;
use shared::domain::draw::{Draw, EarlyEntry, PublicDraw};

/// Checks the draw of a queue. The exit code is 1 if the draw does not hold, and 2 if it cannot be
/// checked.
#[derive(Parser)]
struct Arguments {
    /// A file with the answer of `GET /v1/queues/{queue_id}`; standard input if not given.
    document: Option<PathBuf>,
    /// The hash of the seed, as it was published before the opening.
    #[arg(long, value_name = "SEED_HASH")]
    committed: Option<String>,
    /// Print the number of this entry.
    #[arg(long, num_args = 2, value_names = ["STRIPE", "INDEX"], conflicts_with = "token")]
    entry: Vec<u64>,
    /// Print the number of the entry in this queue token.
    #[arg(long)]
    token: Option<String>,
    /// Check that no two entries have the same number; takes a few seconds for a million.
    #[arg(long)]
    all: bool,
}

/// Why the check did not succeed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Failure {
    /// The draw does not hold.
    #[error("The draw does not hold: {0}.")]
    DoesNotHold(String),
    /// The draw cannot be checked.
    #[error("The draw cannot be checked: {0}.")]
    CannotCheck(String),
}

use Failure::{CannotCheck, DoesNotHold};

/// The part of a queue's public document that is needed here.
#[derive(Deserialize)]
struct Document {
    queue_id: String,
    draw: Option<PublicDraw>,
}

/// The part of a queue token that is needed here.
#[derive(Deserialize)]
struct Claims {
    queue: String,
    early: Option<EarlyEntry>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let checked = read(&arguments).and_then(|document| check(&document, &arguments));
    match checked {
        Ok(lines) => {
            println!("{}", lines.join("\n"));
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(match failure {
                DoesNotHold(_) => 1,
                CannotCheck(_) => 2,
            })
        }
    }
}

fn read(arguments: &Arguments) -> Result<String, Failure> {
    let document = match &arguments.document {
        Some(path) => fs::read_to_string(path),
        None => io::read_to_string(io::stdin()),
    };
    document.map_err(|error| CannotCheck(format!("the document cannot be read, {error}")))
}

/// Checks the draw, and returns the lines to print.
fn check(document: &str, arguments: &Arguments) -> Result<Vec<String>, Failure> {
    let document: Document = serde_json::from_str(document)
        .map_err(|error| CannotCheck(format!("the document is not a queue's, {error}")))?;
    let entry = entry(&document, arguments)?;
    let public = document
        .draw
        .ok_or_else(|| CannotCheck("this queue has no draw".to_owned()))?;
    let mut lines = Vec::new();

    if let Some(committed) = &arguments.committed {
        if *committed != public.seed_hash {
            let other = format!("the hash is {}, not {committed}", public.seed_hash);
            return Err(DoesNotHold(other));
        }
        lines.push("The hash is the one that was given.".to_owned());
    }
    let draw = public
        .draw()
        .map_err(|broken| DoesNotHold(broken.to_string()))?;
    let Some(draw) = draw else {
        if entry.is_some() || arguments.all {
            return Err(CannotCheck("it has not been made yet".to_owned()));
        }
        lines.push(format!(
            "The draw has not been made yet. Keep its hash: {}",
            public.seed_hash
        ));
        return Ok(lines);
    };
    lines.push("The seed is the one whose hash was published.".to_owned());
    lines.push(format!("Entries: {}", draw.entries()));
    if let Some(entry) = entry {
        lines.push(format!("Number: {}", number(&draw, entry)?));
    }
    if arguments.all {
        require_different(draw.numbers())?;
        lines.push("No two entries have the same number.".to_owned());
    }
    Ok(lines)
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
        .map_err(|malformed| CannotCheck(malformed.to_string()))
}

/// The entry in a token of this queue. The signature is not checked.
fn entry_in(token: &str, queue_id: &str) -> Result<EarlyEntry, Failure> {
    let claims = token.split('.').nth(1);
    let claims = claims.and_then(|claims| BASE64_URL_SAFE_NO_PAD.decode(claims).ok());
    let claims: Option<Claims> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
    let claims = claims.ok_or_else(|| CannotCheck("this is not a queue token".to_owned()))?;
    if claims.queue != queue_id {
        let other = format!("the token is of the queue {}", claims.queue);
        return Err(CannotCheck(other));
    }
    claims.early.ok_or_else(|| {
        CannotCheck("the token has a number, so it takes no part in the draw".to_owned())
    })
}

fn number(draw: &Draw, entry: EarlyEntry) -> Result<u64, Failure> {
    if draw.is_closed(entry) {
        let ended = "the line had ended for this entry before the opening";
        return Err(CannotCheck(ended.to_owned()));
    }
    draw.number_of(entry).ok_or_else(|| {
        let (stripe, index) = entry.into();
        DoesNotHold(format!("entry {index} on stripe {stripe} was left out"))
    })
}

fn require_different(mut numbers: Vec<u64>) -> Result<(), Failure> {
    numbers.sort_unstable();
    if numbers.iter().copied().eq(1..=numbers.len() as u64) {
        Ok(())
    } else {
        Err(DoesNotHold("two entries have the same number".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const VECTORS: &str = include_str!("../src/domain/draw/vectors.json");

    /// The document of a queue with a hundred early entries.
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
        let lines = check(&document.to_string(), &arguments.expect("arguments"))?;
        Ok(lines.join("\n"))
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
    fn cannot_check(checked: &Result<String, Failure>) {
        assert!(matches!(checked, Err(CannotCheck(_))), "{checked:?}");
    }

    #[test]
    fn number_of_an_entry_or_of_a_token_is_printed() {
        let (entry, number) = {
            let numbers = &document()["draw"]["numbers"];
            (numbers[0][0].clone(), numbers[0][1].clone())
        };
        let (stripe, index) = (entry[0].to_string(), entry[1].to_string());
        let lines = format!(
            "The seed is the one whose hash was published.\nEntries: 100\nNumber: {number}"
        );
        let by_entry = checked(&document(), &["--entry", &stripe, &index]);
        assert_eq!(by_entry.as_ref(), Ok(&lines));
        let token = token(&json!({ "queue": "arena", "early": entry }));
        assert_eq!(checked(&document(), &["--token", &token]), Ok(lines));
    }

    #[test]
    fn numbers_are_checked_to_be_different() {
        let lines = checked(&document(), &["--all"]).expect("a sound draw");
        assert!(
            lines.ends_with("No two entries have the same number."),
            "{lines}"
        );
        assert_eq!(require_different(vec![2, 3, 1]), Ok(()));
        assert!(require_different(vec![2, 3, 2]).is_err());
        assert!(require_different(vec![0, 1]).is_err());
    }

    #[test]
    fn sealed_draw_has_only_a_hash_to_keep_and_compare() {
        let sealed = sealed();
        let hash = sealed["draw"]["seed_hash"].as_str().expect("a hash");
        let lines = checked(&sealed, &[]).expect("a hash");
        assert_eq!(
            lines,
            format!("The draw has not been made yet. Keep its hash: {hash}")
        );
        cannot_check(&checked(&sealed, &["--entry", "0", "1"]));
        cannot_check(&checked(&sealed, &["--all"]));

        let lines = checked(&document(), &["--committed", hash]).expect("that one");
        assert!(
            lines.starts_with("The hash is the one that was given."),
            "{lines}"
        );
        does_not_hold(&checked(&sealed, &["--committed", &"0".repeat(64)]));
    }

    #[test]
    fn draw_that_was_tampered_with_does_not_hold() {
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
    fn unrelated_documents_entries_and_tokens_cannot_be_checked() {
        for document in [json!([]), json!({}), json!({ "queue_id": "main" })] {
            cannot_check(&checked(&document, &[]));
        }
        cannot_check(&checked(&document(), &["--entry", "64", "1"]));
        cannot_check(&checked(&document(), &["--entry", "320", "1"]));
        for token in [
            token(&json!({ "queue": "main", "early": [0, 1] })),
            token(&json!({ "queue": "arena", "number": 7 })),
            token(&json!({ "sub": "somebody" })),
            "nonsense".to_owned(),
        ] {
            cannot_check(&checked(&document(), &["--token", &token]));
        }
    }
}
