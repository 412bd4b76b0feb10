//! Lists come in pages: which one is asked for, and where the next one begins.

use std::str::FromStr;

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use lambda_http::Request;

use super::{RequestParts as _, digits};
use crate::error::{ApiError, Constraint};

/// The most entries that a page has.
pub const MAX_PAGE_LENGTH: u32 = 100;

/// How many it has unless the client says otherwise.
pub const USUAL_PAGE: u32 = 20;

/// Which page of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageWanted {
    /// The most entries to answer with: 1 to 100.
    pub limit: u32,
    /// The position after which it begins; `None` is the beginning.
    pub after: Option<String>,
}

impl PageWanted {
    /// Reads `limit` and `cursor`, which has to be one that [`cursor`] made for the same list.
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

    /// The position as what the list is sorted by.
    pub fn position<T: FromStr>(&self) -> Result<Option<T>, ApiError> {
        let position = self.after.as_deref().map(str::parse).transpose();
        position.map_err(|_| ApiError::BadRequest)
    }
}

/// A cursor: where in a list the next page begins. It carries a checksum over list and position,
/// so that one of another list, or one that was mistyped, is refused. It is no secret and no
/// right: whoever makes one up sees what the list shows anyway.
pub fn cursor(list: &str, position: &str) -> String {
    let mut cursor = checksum(list, position).to_vec();
    cursor.extend(position.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(cursor)
}

const CHECKSUM_BYTES: usize = 8;

/// The most bytes that a sort key has in DynamoDB, which takes no position beyond that.
const MAX_KEY_BYTES: usize = 1_024;

fn position(list: &str, cursor: &str) -> Option<String> {
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
