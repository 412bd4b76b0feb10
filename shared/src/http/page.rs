//! Pages of lists: which one a request asks for, and where the next one begins.

use std::str::FromStr;

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use lambda_http::Request;

use super::{RequestParts as _, digits};
use crate::error::{ApiError, Constraint};

/// The largest number of entries of a page.
pub const MAX_PAGE_LENGTH: u32 = 100;

/// The number of entries of a page by default.
pub const USUAL_PAGE: u32 = 20;

/// The page of a list that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageWanted {
    /// The largest number of entries: 1 to 100.
    pub limit: u32,
    /// The position after which the page begins. `None` is the beginning of the list.
    pub after: Option<String>,
}

impl PageWanted {
    /// Reads `limit` and `cursor`. The cursor must be one that [`cursor`] made for the same list.
    pub fn of(request: &Request, list: &str) -> Result<Self, ApiError> {
        let limit = match request.query("limit") {
            None => USUAL_PAGE,
            Some(limit) => digits(&limit)
                .filter(|limit| (1..=MAX_PAGE_LENGTH).contains(limit))
                .ok_or(ApiError::Invalid(Constraint::Limit))?,
        };
        let after = match request.query("cursor") {
            None => None,
            Some(cursor) => Some(position(list, &cursor).ok_or(ApiError::BadRequest)?),
        };
        Ok(Self { limit, after })
    }

    /// The position, parsed as the key that the list is sorted by.
    pub fn position<T: FromStr>(&self) -> Result<Option<T>, ApiError> {
        let position = self.after.as_deref().map(str::parse).transpose();
        position.map_err(|_| ApiError::BadRequest)
    }
}

/// A cursor: where in a list the next page begins. It has a checksum over list and position, so
/// that a mistyped cursor, or one of another list, is refused. It gives no rights: with one that is
/// made up, a caller sees only what the list shows anyway.
pub fn cursor(list: &str, position: &str) -> String {
    let mut cursor = checksum(list, position).to_vec();
    cursor.extend(position.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(cursor)
}

const CHECKSUM_BYTES: usize = 8;

/// The largest size of a sort key in DynamoDB. It refuses longer positions.
const MAX_KEY_BYTES: usize = 1_024;

/// The position of a cursor that [`cursor`] made for this list; `None` if it made no such cursor.
pub fn position(list: &str, cursor: &str) -> Option<String> {
    let cursor = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (sum, position) = cursor.split_at_checked(CHECKSUM_BYTES)?;
    let position = String::from_utf8(position.to_vec()).ok()?;
    let is_a_key = (1..=MAX_KEY_BYTES).contains(&position.len());
    (is_a_key && checksum(list, &position) == sum).then_some(position)
}

fn checksum(list: &str, position: &str) -> [u8; CHECKSUM_BYTES] {
    let sum = digest::digest(&digest::SHA256, format!("{list}\n{position}").as_bytes());
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&sum.as_ref()[..CHECKSUM_BYTES]);
    checksum
}
