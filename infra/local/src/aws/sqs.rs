//! SQS's JSON protocol, as far as the functions use it.

use std::{sync::Arc, time::Duration};

use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::json;
use shared::clock::Clock;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{engine::AwsAnswer, queue::Queues};
use crate::time::clock::StackClock;

/// Given the delay that the sender of a message asked for, returns the delay of each copy that is
/// delivered. `None` is the delay of the queue.
pub type Deliveries = fn(Option<Duration>) -> Vec<Option<Duration>>;

/// The message is delivered once, with the delay of its sender.
pub const AS_SENT: Deliveries = |delay| vec![delay];

/// The prefix of the header `x-amz-target` of an SQS request.
pub const TARGET: &str = "AmazonSQS.";

/// The SQS of a stack.
#[derive(Clone)]
pub struct Sqs {
    /// Its queues.
    pub queues: Arc<Queues>,
    /// Its clock.
    pub clock: Arc<StackClock>,
    /// Notified when something may become due earlier than was known.
    pub changed: Arc<Notify>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage {
    queue_url: String,
    message_body: String,
    delay_seconds: Option<u64>,
}

impl Sqs {
    /// Answers a request.
    pub fn call(&self, action: &str, body: &[u8], deliveries: Deliveries) -> AwsAnswer {
        if action != "SendMessage" {
            return refused(
                "com.amazonaws.sqs#UnsupportedOperation",
                &format!("the local stack does not know {action}"),
            );
        }
        match serde_json::from_slice(body) {
            Ok(request) => self.send_message(&request, deliveries),
            Err(error) => refused(
                "com.amazon.coral.service#SerializationException",
                &error.to_string(),
            ),
        }
    }

    fn send_message(&self, request: &SendMessage, deliveries: Deliveries) -> AwsAnswer {
        let (_, queue) = request.queue_url.rsplit_once('/').unwrap_or_default();
        if !self.queues.contains(queue) {
            return refused(
                "com.amazonaws.sqs#QueueDoesNotExist",
                "The specified queue does not exist.",
            );
        }
        if request.message_body.is_empty() {
            return refused(
                "com.amazonaws.sqs#MissingParameter",
                "The request must contain the parameter MessageBody.",
            );
        }
        if let Some(delay) = request.delay_seconds.filter(|delay| *delay > 900) {
            return refused(
                "com.amazonaws.sqs#InvalidParameterValue",
                &format!(
                    "Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
                ),
            );
        }
        let delay = request.delay_seconds.map(Duration::from_secs);
        let digest = checksum(&request.message_body);
        let id = Uuid::new_v4().to_string();
        let now = self.clock.now();
        for delay in deliveries(delay) {
            let body = request.message_body.clone();
            self.queues.send(queue, id.clone(), body, delay, now);
        }
        self.changed.notify_one();
        AwsAnswer {
            status: 200,
            body: json!({"MessageId": id, "MD5OfMessageBody": digest}).to_string(),
        }
    }
}

/// The checksum of a message's body, which AWS's clients verify.
pub fn checksum(body: &str) -> String {
    hex::encode(Md5::digest(body))
}

fn refused(kind: &str, message: &str) -> AwsAnswer {
    AwsAnswer {
        status: 400,
        body: json!({"__type": kind, "message": message}).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{template::QueuePlan, time::clock::Pace};

    fn sqs() -> Sqs {
        let changed = Arc::new(Notify::new());
        let plan = QueuePlan {
            name: "Q".to_owned(),
            delay: Duration::ZERO,
            visibility_timeout: Duration::ZERO,
            redrive: None,
        };
        Sqs {
            queues: Arc::new(Queues::new(vec![plan])),
            clock: Arc::new(StackClock::frozen_at(
                Timestamp::UNIX_EPOCH,
                Pace::Machine,
                Arc::clone(&changed),
            )),
            changed,
        }
    }

    fn send(sqs: &Sqs, queue: &str, delay: u64) -> AwsAnswer {
        let request = json!({
            "QueueUrl": format!("http://127.0.0.1:3000/000000000000/{queue}"),
            "MessageBody": "hello", "DelaySeconds": delay,
        });
        sqs.call("SendMessage", request.to_string().as_bytes(), AS_SENT)
    }

    #[test]
    fn message_is_sent_with_its_delay_and_acknowledged_with_its_checksum() {
        let sqs = sqs();
        let answer = send(&sqs, "Q", 900);
        assert_eq!(answer.status, 200);
        assert!(
            answer.body.contains("5d41402abc4b2a76b9719d911017c592"),
            "{}",
            answer.body
        );
        assert_eq!(sqs.queues.next_due("Q"), Timestamp::from_second(900).ok());
    }

    #[test]
    fn requests_that_sqs_refuses_are_refused() {
        let sqs = sqs();
        for (answer, kind) in [
            (send(&sqs, "Q", 901), "InvalidParameterValue"),
            (send(&sqs, "R", 0), "QueueDoesNotExist"),
            (
                sqs.call("SendMessage", b"{}", AS_SENT),
                "SerializationException",
            ),
            (
                sqs.call("DeleteQueue", b"{}", AS_SENT),
                "UnsupportedOperation",
            ),
        ] {
            assert_eq!(answer.status, 400);
            assert!(answer.body.contains(kind), "{}", answer.body);
        }
    }
}
