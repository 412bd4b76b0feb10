//! Whether the shop still knows what it has told people.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    buyer::{Book, Standing, Step},
    connection::{Connection, Failure, text},
    shop::{Seat, Shop},
    visitor::visitor,
};

/// Holds last five minutes, and two seconds for clocks that disagree.
const UNTIL_HOLDS_HAVE_LAPSED: u32 = 310;

/// Checks each book: everything that was acknowledged is there; a step that was not is there whole
/// or not at all, and when it is taken again it is there once. Returns how many there were of
/// those.
pub async fn settle(shop: &Shop, books: &mut [Book]) -> Result<usize, Failure> {
    let mut connection = Connection::open(&shop.address).await?;
    let mut in_doubt = 0;
    // Of somebody who has not been told who they are there is nothing to ask.
    for book in books.iter_mut().filter(|book| !book.user_id.is_empty()) {
        let entries = entries(&mut connection, book).await?;
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
            book.go(&mut connection, &step).await?;
            book.taken_again = Some(step);
            let again = self::entries(&mut connection, book).await?;
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
            let seen = reservation(&mut connection, book).await?;
            expect(
                seen == standing.status(),
                "the reservation stands",
                book,
                &seen,
            )?;
        }
        if !book.token.is_empty() {
            let seen = place(&mut connection, book).await?;
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

/// Checks the seats of the shows in which the latest books are: whoever has paid has theirs, a hold
/// of the latest ones stands, and nobody else has one.
pub async fn compare_seats(shop: &Shop, books: &[Book], latest: usize) -> Result<(), Failure> {
    let mut expected = BTreeMap::<Seat, &[&str]>::new();
    let first_of_latest = books.len() - latest;
    for (index, book) in books.iter().enumerate() {
        let statuses: &[&str] = match &book.reservation {
            Some((_, Standing::Paid)) => &["SOLD"],
            Some((_, Standing::Held)) if index >= first_of_latest => &["HELD"],
            // It may have lapsed.
            Some((_, Standing::Held)) => &["HELD", "FREE"],
            // The session lets go of a hold first, and then the seat. Whoever is stopped in
            // between leaves the seat to the hold's end.
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

/// Moves the clock until no hold lives: every seat that is not sold is free, also for somebody
/// else, and every session that held one is over.
pub async fn let_holds_lapse(shop: &Shop, books: &[Book]) -> Result<(), Failure> {
    shop.advance(UNTIL_HOLDS_HAVE_LAPSED).await?;
    let expected = books
        .iter()
        .filter(|book| matches!(book.reservation, Some((_, Standing::Paid))))
        .map(|book| (book.seat.clone(), &["SOLD"][..]))
        .collect();
    compare(shop, &books.iter().map(show).collect(), &expected).await?;

    let mut connection = Connection::open(&shop.address).await?;
    let held = |book: &&Book| matches!(book.reservation, Some((_, Standing::Held)));
    for (index, book) in books.iter().filter(held).enumerate() {
        let seen = reservation(&mut connection, book).await?;
        expect(seen == "EXPIRED", "the hold has lapsed", book, &seen)?;
        let seen = place(&mut connection, book).await?;
        expect(
            seen["reason"] == "HOLD_EXPIRED",
            "the session is over",
            book,
            &seen,
        )?;
        if index < 20 {
            let token = visitor(&mut connection, None).await?;
            let path = format!("/v1/concerts/{}/reservations", book.seat.concert_id);
            let body = json!({ "date": book.seat.date, "seat_number": book.seat.number });
            let (status, seen) = connection.send("POST", &path, &token, Some(body)).await?;
            expect(status == 200, "somebody else gets the seat", book, &seen)?;
        }
    }
    Ok(())
}

fn show(book: &Book) -> (&str, &str) {
    (&book.seat.concert_id, &book.seat.date)
}

/// Compares every seat of these shows with what is expected of it, `FREE` unless said.
async fn compare(
    shop: &Shop,
    shows: &BTreeSet<(&str, &str)>,
    expected: &BTreeMap<Seat, &[&str]>,
) -> Result<(), Failure> {
    let mut connection = Connection::open(&shop.address).await?;
    let token = visitor(&mut connection, None).await?;
    for (concert_id, date) in shows {
        let path = format!("/v1/concerts/{concert_id}/seats?date={date}");
        let (_, seats) = connection.send("GET", &path, &token, None).await?;
        let seats = seats["seats"].as_array().ok_or("there are no seats")?;
        for seen in seats {
            let seat = Seat {
                concert_id: (*concert_id).to_owned(),
                date: (*date).to_owned(),
                number: seen["seat_number"].as_u64().ok_or("a seat has no number")?,
            };
            let wanted = expected.get(&seat).copied().unwrap_or(&["FREE"]);
            if !wanted.iter().any(|status| seen["status"] == *status) {
                return Err(format!("{seat:?} is to be {wanted:?}: {seen}").into());
            }
        }
    }
    Ok(())
}

/// The entries of an account, the first one first. Each has to follow from the one before, and the
/// last one has to be the balance.
async fn entries(
    connection: &mut Connection,
    book: &Book,
) -> Result<Vec<(&'static str, u64)>, Failure> {
    let user = format!("/v1/users/{}", book.user_id);
    let path = format!("{user}/statement?limit=100");
    let (_, statement) = connection
        .send("GET", &path, &book.access_token, None)
        .await?;
    let mut entries = Vec::new();
    let (mut seq, mut balance) = (0, 0);
    let listed = statement["entries"].as_array();
    for entry in listed.ok_or("there is no statement")?.iter().rev() {
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
    let path = format!("{user}/balance");
    let (_, seen) = connection
        .send("GET", &path, &book.access_token, None)
        .await?;
    let is_last = seen["current_balance"] == balance;
    expect(is_last, "the chain ends at the balance", book, &seen)?;
    Ok(entries)
}

/// The status of a book's reservation.
async fn reservation(connection: &mut Connection, book: &Book) -> Result<Value, Failure> {
    let reservation_id = book.reservation.as_ref().map_or("", |(id, _)| id);
    let concert_id = &book.seat.concert_id;
    let path = format!("/v1/concerts/{concert_id}/reservations/{reservation_id}");
    let (_, seen) = connection
        .send("GET", &path, &book.access_token, None)
        .await?;
    Ok(seen["status"].clone())
}

/// Where a book's session stands.
async fn place(connection: &mut Connection, book: &Book) -> Result<Value, Failure> {
    let asked = connection.send("GET", "/v1/auth/tokens", &book.token, None);
    Ok(asked.await?.1)
}

fn expect(holds: bool, what: &str, book: &Book, seen: &Value) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected that {what}: {seen}, for {book:?}").into())
    }
}
