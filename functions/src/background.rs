//! What happens without a caller: admission, and the release of unpaid holds.

pub mod admit;
pub mod release_hold;
