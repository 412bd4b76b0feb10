//! Many requests at once. However many callers want the same thing, exactly as many get it as there
//! are. Everybody gets success, a refusal, or an answer to try again. The audit finds nothing.
//!
//! Each crowd comes twice: once with all conditions, and once, smaller, without the condition that
//! guards it. The test must notice that.

mod crowds;
mod pairs;

use std::collections::BTreeMap;

use crate::harness::{Reply, Shop};
use shared::futures_util::stream::{self, StreamExt as _};

/// How many requests are made at the same time.
const AT_ONCE: usize = 100;

/// Makes calls, a hundred at a time.
async fn all<T>(calls: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    stream::iter(calls)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// The answers to a crowd, and which of them are wrong.
#[derive(Debug, Default)]
struct Outcome {
    /// How many times each call had each status.
    answers: BTreeMap<(&'static str, u16), usize>,
    troubles: Vec<String>,
}

impl Outcome {
    /// Counts an answer. The only failure that a client may get is 503.
    fn note(&mut self, call: &'static str, reply: &Reply) {
        let status = reply.status.as_u16();
        *self.answers.entry((call, status)).or_default() += 1;
        self.must(status < 500 || status == 503, || {
            format!("{call}: {status} {}", reply.body)
        });
    }

    /// Notes a trouble if `holds` is false.
    fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.troubles.push(what());
        }
    }

    /// Notes what the audit finds.
    async fn audit(mut self, shop: &Shop) -> Self {
        let report = shop.audited().await;
        self.must(report["violations"] == 0, || report["kinds"].to_string());
        self
    }

    #[track_caller]
    fn is_fine(&self) {
        println!("{:?}", self.answers);
        assert!(self.troubles.is_empty(), "{:#?}", self.troubles);
    }

    /// Without a condition there must be trouble, or the test would prove nothing.
    #[track_caller]
    fn is_noticed(&self, shop: &Shop) {
        assert!(shop.stack.stripped_conditions() > 0, "no such condition");
        assert!(!self.troubles.is_empty(), "nobody noticed");
    }
}
