//! The metrics that the functions publish.

use std::sync::Arc;

use parking_lot::Mutex;
use shared::metrics::Metrics;

/// The lines of metrics that the functions have published.
#[derive(Clone, Default)]
pub struct Published(Arc<Mutex<Vec<String>>>);

impl Published {
    /// The metrics of a function. Their lines are kept here.
    pub fn by(&self, namespace: &str, function: &str) -> Metrics {
        let lines = Arc::clone(&self.0);
        Metrics::of(namespace, function, move |line| {
            lines.lock().push(line);
        })
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}
