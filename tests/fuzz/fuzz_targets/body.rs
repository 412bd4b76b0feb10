//! Bodies of requests. Whatever the bytes are, each field is read or refused, and nothing panics. A
//! refusal is a client's error in the contract's envelope.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use serde::Deserialize;
use serde_json::Value;
use shared::{
    domain::{
        ids::{ConcertId, ShowKey, UserId},
        money::Money,
        seat::{SeatNumber, SeatSet},
        user::Name,
    },
    error::ApiError,
    http::{Field, body, error_response, even_null, event},
    lambda_http::{Body, Request},
    language::Language,
};

/// Fields of all kinds that endpoints have.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Anything {
    user_id: Field,
    concert_id: Field,
    date: Field,
    seat_number: Field,
    seat_numbers: Field,
    name: Field,
    amount: Field,
    payment_details: Field,
    #[serde(deserialize_with = "even_null")]
    default_concert_id: Option<Field>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    amount: Field,
}

fn read(bytes: &[u8]) -> Result<(), ApiError> {
    let request = Request::new(Body::Binary(bytes.to_vec()));
    let body: Anything = body(&request)?;
    body.user_id
        .text(|text| text.parse::<UserId>().ok(), ApiError::InvalidUserId)?;
    body.concert_id.text(
        |text| text.parse::<ConcertId>().ok(),
        ApiError::ConcertNotFound,
    )?;
    body.date
        .text(|text| text.parse::<ShowKey>().ok(), ApiError::InvalidDate)?;
    body.name.text(Name::parse, ApiError::BadRequest)?;
    if let Some(amount) = body.amount.raw() {
        Money::parse(amount).ok_or(ApiError::InvalidAmount)?;
    }
    let details = body.payment_details.object::<Details>();
    if let Some(details) = details.or_malformed(ApiError::MissingPaymentAmount)? {
        details.amount.raw().map(Money::parse);
    }
    if let Some(field) = body.default_concert_id {
        field.text(|text| text.parse::<ConcertId>().ok(), ApiError::BadRequest)?;
    }
    let one = body.seat_number.whole::<u64>().value().into_iter();
    let several = body.seat_numbers.wholes::<u64>().value();
    let seats: Vec<_> = one
        .chain(several.into_iter().flatten())
        .filter_map(SeatNumber::new)
        .collect();
    if let Ok(set) = SeatSet::new(seats) {
        let numbers: Vec<u32> = set.iter().map(SeatNumber::get).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if let Ok(json) = serde_json::from_slice::<Value>(bytes) {
        // An operator's event is JSON already.
        let _ = event::<Anything>(&json);
    }
    let Err(error) = read(bytes) else {
        return Corpus::Keep;
    };
    for language in [Language::Korean, Language::English] {
        let answer = error_response(&error, language, "request");
        assert!(answer.status().is_client_error(), "{error}");
        let body: Value = serde_json::from_slice(answer.body()).expect("an envelope");
        assert!(body["error"].is_string() && body["code"].is_string());
    }
    Corpus::Keep
});
