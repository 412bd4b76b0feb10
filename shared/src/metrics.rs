//! Metrics, in the form in which CloudWatch reads them from a function's log (embedded metric
//! format): one JSON line on standard output for each invocation and each tick.
//!
//! Their dimensions are the function and the queue. Nothing that grows with the number of visitors
//! is a dimension. A line has no user id, no token and no path.

use std::{collections::BTreeMap, io::Write, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    domain::{audit::Report, queue::Queue},
    store::usage::Usage,
};

/// Where a function's metrics are written. Outside Lambda nobody reads them, so none are written.
#[derive(Clone, Default)]
pub struct Metrics(Option<Arc<Publisher>>);

struct Publisher {
    namespace: String,
    function: String,
    write: Box<dyn Fn(String) + Send + Sync>,
}

/// The unit of a metric.
#[derive(Clone, Copy, Serialize)]
enum Unit {
    Count,
    Milliseconds,
}

/// The name of a metric, its unit and its value.
type Metric = (&'static str, Unit, f64);

impl Metrics {
    /// Metrics of a function, under its name in a namespace. `write` gets each line.
    pub fn of(
        namespace: &str,
        function: &str,
        write: impl Fn(String) + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(Publisher {
            namespace: namespace.to_owned(),
            function: function.to_owned(),
            write: Box::new(write),
        })))
    }

    /// Metrics of the function whose name Lambda has set, on standard output; none outside Lambda.
    pub fn on_lambda(namespace: &str) -> Self {
        let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME");
        function.map_or_else(
            |_| Self::default(),
            // A line that cannot be written is lost. No request fails because of it.
            |function| {
                Self::of(namespace, &function, |line| {
                    let _ = writeln!(std::io::stdout(), "{line}");
                })
            },
        )
    }

    /// Publishes the result of a request, a message or an event, how long it took and what it
    /// consumed. `failed` means that we failed; a refusal is an answer.
    ///
    /// The number of failures is also published for all functions together, because an alarm cannot
    /// search for functions. And the alarm that stops a deployment must not depend on what is being
    /// deployed.
    pub(crate) fn invocation(
        &self,
        code: &str,
        failed: bool,
        took: Duration,
        usage: Usage,
        now: Timestamp,
    ) {
        let Some(publisher) = &self.0 else { return };
        let alarming = [
            ("Requests", Unit::Count, 1.0),
            ("Errors", Unit::Count, one_if(failed)),
        ];
        let [requests, errors] = alarming;
        let metrics = [
            requests,
            errors,
            ("Latency", Unit::Milliseconds, took.as_secs_f64() * 1_000.0),
            ("ReadUnits", Unit::Count, usage.read),
            ("WriteUnits", Unit::Count, usage.write),
            ("Contended", Unit::Count, count(usage.contended)),
        ];
        let directives: [(&[_], &[_]); 2] = [(&["function"], &metrics), (&[], &alarming)];
        publisher.publish(&directives, &[("code", code)], now);
    }

    /// Publishes the state of a line after a tick, or after a tick that failed.
    ///
    /// Whether it is stalled is also published per function, because an alarm cannot watch queues
    /// whose names the template does not know.
    pub fn tick(&self, queue: &Queue, failed: bool, now: Timestamp) {
        let Some(publisher) = &self.0 else { return };
        let alarming = [
            ("Stalled", Unit::Count, one_if(queue.is_stalled(now))),
            ("FailedTicks", Unit::Count, one_if(failed)),
        ];
        let [stalled, failed] = alarming;
        let mut metrics = vec![
            ("Waiting", Unit::Count, count(queue.waiting(now))),
            ("Active", Unit::Count, count(queue.line.active)),
            ("Served", Unit::Count, count(queue.served(now))),
            ("IssuedNumbers", Unit::Count, count(queue.line.issued)),
            stalled,
            failed,
        ];
        if let Some(seats) = &queue.line.seats {
            metrics.push(("SeatsLeft", Unit::Count, count(seats.free)));
        }
        let directives: [(&[_], &[_]); 2] = [(&["queue"], &metrics), (&["function"], &alarming)];
        publisher.publish(&directives, &[("queue", &queue.id.to_string())], now);
    }

    /// Publishes what a run of the audit has checked and found.
    pub fn audit(&self, report: &Report, now: Timestamp) {
        let Some(publisher) = &self.0 else { return };
        let metrics = [
            ("AuditViolations", Unit::Count, count(report.violations)),
            ("AuditChecked", Unit::Count, count(report.checked.sum())),
        ];
        publisher.publish(&[(&["function"], &metrics)], &[], now);
    }

    /// Publishes that a tick failed because its queue could not be read.
    pub fn lost_tick(&self, now: Timestamp) {
        let Some(publisher) = &self.0 else { return };
        let metrics = [("FailedTicks", Unit::Count, 1.0)];
        publisher.publish(&[(&["function"], &metrics)], &[], now);
    }
}

impl Publisher {
    /// Writes a line with these metrics, the dimensions under which they are published, and
    /// additional fields.
    fn publish(
        &self,
        by_dimensions: &[(&[&str], &[Metric])],
        fields: &[(&str, &str)],
        now: Timestamp,
    ) {
        let directives = by_dimensions
            .iter()
            .map(|&(dimensions, metrics)| Directive {
                namespace: &self.namespace,
                dimensions: [dimensions],
                metrics: metrics
                    .iter()
                    .map(|&(name, unit, _)| Definition { name, unit })
                    .collect(),
            });
        let values = by_dimensions.iter().flat_map(|&(_, metrics)| metrics);
        let line = Line {
            head: Head {
                timestamp: now.as_millisecond(),
                cloud_watch_metrics: directives.collect(),
            },
            function: &self.function,
            fields: fields.iter().copied().collect(),
            values: values.map(|&(name, _, value)| (name, value)).collect(),
        };
        // Nothing in it can fail.
        if let Ok(line) = serde_json::to_string(&line) {
            (self.write)(line);
        }
    }
}

/// A line as it is written. Each request writes one, so no tree of JSON values is made for it.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "_aws")]
    head: Head<'a>,
    function: &'a str,
    #[serde(flatten)]
    fields: BTreeMap<&'a str, &'a str>,
    /// Each metric once, under however many dimensions it is published.
    #[serde(flatten)]
    values: BTreeMap<&'a str, f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Head<'a> {
    timestamp: i64,
    cloud_watch_metrics: Vec<Directive<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: [&'a [&'a str]; 1],
    metrics: Vec<Definition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: Unit,
}

fn one_if(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody counts to nine quadrillion people"
)]
fn count(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::{Value, json};

    use super::*;
    use crate::domain::queue::{Counts, samples};

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    /// The lines that `publish` writes.
    fn written(publish: impl FnOnce(Metrics)) -> Vec<Value> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let write = {
            let lines = Arc::clone(&lines);
            move |line: String| {
                assert!(!line.contains('\n'), "one line: {line}");
                for name in ["function", "Invocations", "Errors", "Stalled"] {
                    let times = line.matches(&format!("\"{name}\":")).count();
                    assert!(times <= 1, "{name} is there once: {line}");
                }
                let line = serde_json::from_str(&line).expect("JSON");
                lines.lock().expect("not poisoned").push(line);
            }
        };
        publish(Metrics::of("Onsale/test", "pay", write));
        std::mem::take(&mut *lines.lock().expect("not poisoned"))
    }

    #[test]
    fn invocation_is_one_line() {
        let usage = Usage {
            read: 2.5,
            write: 8.0,
            contended: 1,
            ..Usage::default()
        };
        let lines = written(|metrics| {
            metrics.invocation("BUSY", true, Duration::from_micros(12_500), usage, NOW);
        });
        let expected = json!({
            "_aws": {
                "Timestamp": 1_790_000_000_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Onsale/test",
                    "Dimensions": [["function"]],
                    "Metrics": [
                        { "Name": "Requests", "Unit": "Count" },
                        { "Name": "Errors", "Unit": "Count" },
                        { "Name": "Latency", "Unit": "Milliseconds" },
                        { "Name": "ReadUnits", "Unit": "Count" },
                        { "Name": "WriteUnits", "Unit": "Count" },
                        { "Name": "Contended", "Unit": "Count" },
                    ],
                }, {
                    "Namespace": "Onsale/test",
                    "Dimensions": [[]],
                    "Metrics": [
                        { "Name": "Requests", "Unit": "Count" },
                        { "Name": "Errors", "Unit": "Count" },
                    ],
                }],
            },
            "function": "pay",
            "code": "BUSY",
            "Requests": 1.0,
            "Errors": 1.0,
            "Latency": 12.5,
            "ReadUnits": 2.5,
            "WriteUnits": 8.0,
            "Contended": 1.0,
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn tick_is_published_by_queue_and_its_alarms_by_function_too() {
        let queue = samples::queue(1, 50_000);
        let line = queue.tick(NOW, 3, |_| Counts::default(), None);
        let queue = Queue {
            line: line.expect("a first tick"),
            ..queue
        };
        let lines = written(|metrics| metrics.tick(&queue, false, NOW));
        let expected = json!({
            "_aws": {
                "Timestamp": 1_790_000_000_000_i64,
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Onsale/test",
                        "Dimensions": [["queue"]],
                        "Metrics": [
                            { "Name": "Waiting", "Unit": "Count" },
                            { "Name": "Active", "Unit": "Count" },
                            { "Name": "Served", "Unit": "Count" },
                            { "Name": "IssuedNumbers", "Unit": "Count" },
                            { "Name": "Stalled", "Unit": "Count" },
                            { "Name": "FailedTicks", "Unit": "Count" },
                        ],
                    },
                    {
                        "Namespace": "Onsale/test",
                        "Dimensions": [["function"]],
                        "Metrics": [
                            { "Name": "Stalled", "Unit": "Count" },
                            { "Name": "FailedTicks", "Unit": "Count" },
                        ],
                    },
                ],
            },
            "function": "pay",
            "queue": "main",
            "Waiting": 3.0,
            "Active": 0.0,
            "Served": 0.0,
            "IssuedNumbers": 3.0,
            "Stalled": 0.0,
            "FailedTicks": 0.0,
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn metrics_are_not_written_where_nobody_reads_them() {
        let none = Metrics::default();
        none.invocation("OK", false, Duration::ZERO, Usage::default(), NOW);
        none.lost_tick(NOW);
        assert!(none.0.is_none());
    }
}
