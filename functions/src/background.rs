//! What happens without a caller: admission, and the release of unpaid holds; and what only the
//! operator may call.

pub mod admit;
pub mod make_admin;
pub mod release_hold;
