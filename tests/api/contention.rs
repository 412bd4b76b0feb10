//! Many at once. However many want the same thing, exactly as many get it as there are, everybody
//! is told yes, no or come again, and the audit finds nothing.
//!
//! Each crowd comes twice: once as things are, and once, smaller, without the condition that
//! keeps it in order, which has to be noticed.

mod crowds;
mod pairs;

use std::collections::BTreeMap;

use crate::harness::{Reply, Shop};
use shared::futures_util::stream::{self, StreamExt as _};

/// How many requests are under way at the same moment.
const AT_ONCE: usize = 100;

/// Makes calls, a hundred at a time.
async fn all<T>(calls: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    stream::iter(calls)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// What a crowd was answered, and what of it must not be.
#[derive(Debug, Default)]
struct Outcome {
    /// How often which call was answered how.
    answers: BTreeMap<(&'static str, u16), usize>,
    troubles: Vec<String>,
}

impl Outcome {
    /// Notes an answer. Of all failures a client only ever sees 503.
    fn note(&mut self, call: &'static str, reply: &Reply) {
        let status = reply.status.as_u16();
        *self.answers.entry((call, status)).or_default() += 1;
        self.must(status < 500 || status == 503, || {
            format!("{call}: {status} {}", reply.body)
        });
    }

    /// Notes a trouble, unless what must be is.
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

    /// Without a condition there has to be trouble, or the crowd would prove nothing.
    #[track_caller]
    fn is_noticed(&self, shop: &Shop) {
        assert!(shop.stack.stripped_conditions() > 0, "no such condition");
        assert!(!self.troubles.is_empty(), "nobody noticed");
    }
}
