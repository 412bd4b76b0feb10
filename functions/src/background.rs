//! What happens without a caller: admission, the release of unpaid holds, new keys, the audit; and
//! what only the operator may call.

pub mod admit;
pub mod audit;
pub mod make_admin;
pub mod release_hold;
pub mod rotate_keys;
