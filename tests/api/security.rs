//! What attackers try: it never ends in a 5xx, and never reaches somebody else's data.

mod bodies;
mod ids;
mod money;
mod passwords;
mod roles;
mod tokens;

use crate::harness::Reply;

impl Reply {
    /// A refusal of whatever kind, in the envelope.
    #[track_caller]
    fn is_refusal(&self) {
        assert!(self.status.is_client_error(), "{self:?}");
        assert!(
            self.body["code"].is_string() && self.body["error"].is_string(),
            "{self:?}"
        );
    }
}
