//! Attacks: no request gets a 5xx, and none gets at another user's data.

mod bodies;
mod ids;
mod money;
mod passwords;
mod roles;
mod tokens;

use crate::harness::Reply;

impl Reply {
    /// Checks that the answer is any refusal, in the envelope.
    #[track_caller]
    fn is_refusal(&self) {
        assert!(self.status.is_client_error(), "{self:?}");
        assert!(
            self.body["code"].is_string() && self.body["error"].is_string(),
            "{self:?}"
        );
    }
}
