//! What attackers try: it never ends in a 5xx, and never reaches somebody else's data.

mod bodies;
mod ids;
mod money;
mod passwords;
mod roles;
mod tokens;

use crate::harness::Reply;

const NOBODY: &str = "11111111-1111-4111-8111-111111111111";

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
