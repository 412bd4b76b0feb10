//! What a template puts in front of the API: a distribution of CloudFront, as far as the local stack
//! does what it says.

mod policies;
mod reader;
#[cfg(test)]
pub mod tests;

use std::{collections::BTreeMap, time::Duration};

pub use reader::read;

/// A distribution in front of the API.
#[derive(Debug, Clone)]
pub struct EdgePlan {
    /// What is done with which paths. The first that matches decides. The last one matches all.
    pub behaviours: Vec<BehaviourPlan>,
    /// For how long errors are kept at least, by status, where the distribution says it.
    pub error_ttls: BTreeMap<u16, Duration>,
    /// The host of the API.
    pub origin: String,
    /// The headers that the API gets with each request, whatever the caller sent.
    pub origin_headers: Vec<(String, String)>,
}

/// What is done with the requests for some paths.
#[derive(Debug, Clone)]
pub struct BehaviourPlan {
    /// The paths: `*` stands for any letters, `?` for one.
    pub pattern: String,
    /// The methods that pass.
    pub methods: Vec<String>,
    /// What tells answers apart, and for how long they are kept.
    pub cache: CachePlan,
    /// What the API gets of a request, besides what tells answers apart.
    pub forwarded: Forwarded,
    /// What is added to every answer.
    pub added: AddedHeaders,
    /// Whether answers are compressed.
    pub compresses: bool,
}

/// What tells answers apart, and for how long they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachePlan {
    /// For how long any answer is kept, whatever it says.
    pub min: Duration,
    /// For how long one is kept that says nothing.
    pub default: Duration,
    /// For how long one is kept at most.
    pub max: Duration,
    /// The codings that tell requests apart, the preferred ones first. A key has those that its caller takes.
    pub codings: Vec<&'static str>,
    /// The parameters of the query in the key. The API gets them.
    pub query: Selection,
    /// The headers in the key. The API gets them.
    pub headers: Selection,
}

/// What the API gets of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// Headers.
    pub headers: Selection,
    /// Parameters of the query.
    pub query: Selection,
    /// Whether it gets the cookies.
    pub cookies: bool,
}

/// Some of the headers or parameters of a request, by name. The names of headers are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// None of them.
    None,
    /// All of them.
    All,
    /// Those named.
    Only(Vec<String>),
    /// All but those named.
    Except(Vec<String>),
}

impl Selection {
    /// Whether it has this name.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(names) => names.iter().any(|one| one == name),
            Self::Except(names) => names.iter().all(|one| one != name),
        }
    }
}

/// What is added to every answer. Each header is there once: it replaces the answer's own if `wins`.
#[derive(Debug, Clone, Default)]
pub struct AddedHeaders {
    /// Those of every answer.
    pub always: Vec<AddedHeader>,
    /// Those of an answer to a page of another origin.
    pub foreign: Vec<AddedHeader>,
    /// Those of an answer that tells such a page what it may ask, besides `foreign`.
    pub preflight: Vec<AddedHeader>,
}

/// A header that is added to an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedHeader {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Whether it replaces the answer's own.
    pub wins: bool,
}

impl EdgePlan {
    /// The behaviour of a path.
    pub fn behaviour(&self, path: &str) -> &BehaviourPlan {
        let mut behaviours = self.behaviours.iter();
        behaviours
            .find(|behaviour| matches(&behaviour.pattern, path))
            .expect("the last one matches all")
    }
}

/// Whether a pattern matches a whole path. It may leave out its first slash.
pub fn matches(pattern: &str, path: &str) -> bool {
    let path = if pattern.starts_with(['/', '*']) {
        path
    } else {
        path.strip_prefix('/').unwrap_or(path)
    };
    matches_bytes(pattern.as_bytes(), path.as_bytes())
}

fn matches_bytes(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', rest @ ..] => (0..=path.len()).any(|from| matches_bytes(rest, &path[from..])),
        [b'?', rest @ ..] => !path.is_empty() && matches_bytes(rest, &path[1..]),
        [letter, rest @ ..] => path.first() == Some(letter) && matches_bytes(rest, &path[1..]),
    }
}
