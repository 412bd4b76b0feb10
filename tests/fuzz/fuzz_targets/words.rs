//! Ids, dates, times, names, addresses, passwords: what is read and written again reads the same.

#![no_main]

use std::{fmt::Display, str::FromStr};

use libfuzzer_sys::fuzz_target;
use shared::{
    domain::{
        ids::{ConcertId, QueueId, ReservationId, ShowKey, UserId},
        show,
        user::{Email, Name, Password},
    },
    http::{IdempotencyKey, PageWanted, RequestParts as _},
    lambda_http::{Body, Request, http::HeaderValue},
};
use unicode_normalization::UnicodeNormalization as _;

fn reads_the_same<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(id) = text.parse::<T>() {
        let again = id.to_string().parse::<T>();
        assert!(again.is_ok_and(|again| again == id), "{text}");
    }
}

fuzz_target!(|text: &str| {
    reads_the_same::<UserId>(text);
    reads_the_same::<ConcertId>(text);
    reads_the_same::<ReservationId>(text);
    reads_the_same::<ShowKey>(text);
    if let Ok(queue) = text.parse::<QueueId>() {
        assert_eq!(queue.as_str(), text);
    }
    if let Some(time) = show::time(text) {
        assert_eq!(show::time(&time.to_string()), Some(time));
    }
    if let Some(name) = Name::parse(text) {
        assert_eq!(Name::parse(name.as_str()), Some(name));
    }
    if let Some(email) = Email::parse(text) {
        assert_eq!(Email::parse(email.as_str()).as_ref(), Some(&email));
        let folded = Email::parse(&email.folded()).expect("an address, too");
        assert_eq!(folded.folded(), email.folded());
        // Unicode's case rules are for decomposed text. The iota below a letter is last in it, and
        // upper case makes it a letter of its own.
        let letters: String = email.as_str().nfd().collect();
        for other in [letters.to_uppercase(), letters.to_lowercase()] {
            if let Some(same) = Email::parse(&other) {
                assert_eq!(same.folded(), email.folded(), "{other}");
            }
        }
    }
    if let Some(password) = Password::parse(text) {
        let typed = std::str::from_utf8(password.as_bytes()).expect("UTF-8");
        assert!(Password::parse(typed) == Some(password), "another one");
    }

    let mut request = Request::new(Body::Empty);
    if let Ok(value) = HeaderValue::from_str(text) {
        for header in ["idempotency-key", "accept-language", "if-none-match"] {
            request.headers_mut().insert(header, value.clone());
        }
    }
    if let Ok(Some(key)) = IdempotencyKey::of(&request) {
        assert_eq!(key.as_str(), text);
    }
    let _ = (request.language(), request.has("\"tag\""));
    let _ = PageWanted::of(&request, "concerts");
});
