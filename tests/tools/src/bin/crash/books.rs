//! Checks that the data agrees with what buyers were answered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tools::{Client, Failure, Request, Seat, list, text};

use crate::{
    buyer::{Book, Standing, Step},
    shop::Shop,
};

/// Holds last five minutes, and two seconds more for clocks that differ.
const UNTIL_HOLDS_HAVE_LAPSED: u32 = 310;

/// Checks each book: every acknowledged step is in the data. A step without an answer is there
/// completely or not at all, and is there once after it is repeated. Returns how many of those
/// there were.
pub async fn settle(shop: &Shop, books: &mut [Book]) -> Result<usize, Failure> {
    let mut client = shop.client().await?;
    let mut in_doubt = 0;
    // A buyer who does not know their own id has nothing to check.
    for book in books.iter_mut().filter(|book| !book.user_id.is_empty()) {
        let entries = entries(&mut client, book).await?;
        if let Some(step) = book.doubt.clone() {
            in_doubt += 1;
            let mut with_it = book.entries.clone();
            with_it.extend(book.entry_of(&step));
            let is_whole = entries == with_it || entries == book.entries;
            expect(
                is_whole,
                "what was acknowledged is there",
                book,
                &json!(entries),
            )?;
            book.go(&mut client, &step).await?;
            book.taken_again = Some(step);
            let again = self::entries(&mut client, book).await?;
            expect(
                again == book.entries,
                "it is there once",
                book,
                &json!(again),
            )?;
        } else {
            let is_all = entries == book.entries;
            expect(
                is_all,
                "what was acknowledged is there",
                book,
                &json!(entries),
            )?;
        }
        if let Some((_, standing)) = &book.reservation {
            let seen = book.reservation_status(&mut client).await?;
            expect(
                seen == standing.status(),
                "the reservation stands",
                book,
                &seen,
            )?;
        }
        if !book.token.is_empty() {
            let seen = client.ask(Request::place(&book.token)).await?;
            let stands = match &book.reservation {
                Some((id, Standing::Held)) => {
                    seen["status"] == "ACTIVE" && seen["reservation"]["reservation_id"] == **id
                }
                Some((_, Standing::Paid | Standing::Refunded)) => seen["reason"] == "PAID",
                Some((_, Standing::Cancelled)) | None => {
                    seen["status"] == "ACTIVE" && seen["reservation"].is_null()
                }
            };
            expect(stands, "the session stands", book, &seen)?;
        }
    }
    Ok(in_doubt)
}

/// Checks the seats of the shows of the latest books: a buyer who has paid has their seat, the
/// latest holds are still there, and nobody else has a seat.
pub async fn compare_seats(shop: &Shop, books: &[Book], latest: usize) -> Result<(), Failure> {
    let mut expected = BTreeMap::<Seat, &[&str]>::new();
    let first_of_latest = books.len() - latest;
    for (index, book) in books.iter().enumerate() {
        let statuses: &[&str] = match &book.reservation {
            Some((_, Standing::Paid)) => &["SOLD"],
            Some((_, Standing::Held)) if index >= first_of_latest => &["HELD"],
            // The hold may have lapsed.
            Some((_, Standing::Held)) => &["HELD", "FREE"],
            // A cancellation first removes the hold from the session, and then frees the seat. If
            // it is cut off in between, the seat is taken until the hold's end.
            Some((_, Standing::Cancelled)) if book.taken_again == Some(Step::Cancel) => {
                &["FREE", "HELD"]
            }
            Some((_, Standing::Cancelled | Standing::Refunded)) | None => &["FREE"],
        };
        expected.insert(book.seat.clone(), statuses);
    }
    let shows: BTreeSet<_> = books[first_of_latest..].iter().map(show).collect();
    compare(shop, &shows, &expected).await
}

/// Moves the clock until no hold lives. Then every unsold seat is free for others too, and every
/// session that held one is over.
pub async fn let_holds_lapse(shop: &Shop, books: &[Book]) -> Result<(), Failure> {
    shop.advance(UNTIL_HOLDS_HAVE_LAPSED).await?;
    let expected = books
        .iter()
        .filter(|book| matches!(book.reservation, Some((_, Standing::Paid))))
        .map(|book| (book.seat.clone(), &["SOLD"][..]))
        .collect();
    compare(shop, &books.iter().map(show).collect(), &expected).await?;

    let mut client = shop.client().await?;
    let held = |book: &&Book| matches!(book.reservation, Some((_, Standing::Held)));
    for (index, book) in books.iter().filter(held).enumerate() {
        let seen = book.reservation_status(&mut client).await?;
        expect(seen == "EXPIRED", "the hold has lapsed", book, &seen)?;
        let seen = client.ask(Request::place(&book.token)).await?;
        expect(
            seen["reason"] == "HOLD_EXPIRED",
            "the session is over",
            book,
            &seen,
        )?;
        if index < 20 {
            // Another user gets the seat.
            let token = client.visitor(None).await?;
            client.ask(Request::hold(&token, &book.seat)).await?;
        }
    }
    Ok(())
}

fn show(book: &Book) -> (&str, &str) {
    (&book.seat.concert_id, &book.seat.date)
}

/// Compares every seat of these shows with its expected status, which is `FREE` if not given.
async fn compare(
    shop: &Shop,
    shows: &BTreeSet<(&str, &str)>,
    expected: &BTreeMap<Seat, &[&str]>,
) -> Result<(), Failure> {
    let mut client = shop.client().await?;
    let token = client.visitor(None).await?;
    for (concert_id, date) in shows {
        for (seat, status) in client.seats(&token, concert_id, date).await? {
            let wanted = expected.get(&seat).copied().unwrap_or(&["FREE"]);
            if !wanted.iter().any(|wanted| status == *wanted) {
                return Err(format!("{seat:?} is to be {wanted:?}: {status}").into());
            }
        }
    }
    Ok(())
}

/// The entries of an account, the first one first. Each must follow from the one before, and the
/// last one must agree with the balance.
async fn entries(client: &mut Client, book: &Book) -> Result<Vec<(&'static str, u64)>, Failure> {
    let user = format!("/v1/users/{}", book.user_id);
    let look = Request::get(format!("{user}/statement?limit=100"));
    let statement = client.ask(look.token(&book.access_token)).await?;
    let mut entries = Vec::new();
    let (mut seq, mut balance) = (0, 0);
    for entry in list(&statement["entries"])?.iter().rev() {
        let amount = entry["amount"].as_u64().ok_or("an entry has no amount")?;
        let kind = match text(&entry["kind"])?.as_str() {
            "CHARGE" => "CHARGE",
            "PAYMENT" => "PAYMENT",
            "REFUND" => "REFUND",
            other => return Err(format!("there is no entry of kind {other}").into()),
        };
        seq += 1;
        balance = if kind == "PAYMENT" {
            balance - amount
        } else {
            balance + amount
        };
        let follows = entry["seq"] == seq && entry["balance_after"] == balance;
        expect(follows, "the entries are one chain", book, &statement)?;
        entries.push((kind, amount));
    }
    let look = Request::get(format!("{user}/balance"));
    let seen = client.ask(look.token(&book.access_token)).await?;
    let is_last = seen["current_balance"] == balance;
    expect(is_last, "the chain ends at the balance", book, &seen)?;
    Ok(entries)
}

fn expect(holds: bool, what: &str, book: &Book, seen: &Value) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected that {what}: {seen}, for {book:?}").into())
    }
}
