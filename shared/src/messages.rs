//! The SQS messages, and how they are sent.

use aws_sdk_sqs::Client;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ids::{QueueId, ReservationId, UserId};

/// The longest delay of an SQS message, in seconds (SQS's limit).
const MAX_DELAY: i32 = 900;

/// Sent with each hold, to be delivered when the hold has lapsed. If it is lost, the seats are free
/// all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseHold {
    /// The user that holds the seats.
    pub user_id: UserId,
    /// The queue of the session that holds them.
    pub queue_id: QueueId,
    /// The hold.
    pub reservation_id: ReservationId,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
#[error("the message was not sent: {0}")]
pub struct SendError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// The sender's side of the release queue.
#[derive(Debug, Clone)]
pub struct ReleaseQueue {
    client: Client,
    url: String,
}

impl ReleaseQueue {
    /// The queue at this URL.
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Sends a message that is delivered at `due`, or after SQS's longest delay if that is earlier.
    pub async fn send(
        &self,
        message: &ReleaseHold,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let body = serde_json::to_string(message).map_err(|error| SendError(error.into()))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(delay(due.duration_since(now)))
            .send()
            .await
            .map(drop)
            .map_err(|error| SendError(error.into()))
    }
}

/// The wait in whole seconds, rounded up, at most SQS's longest delay.
fn delay(wait: SignedDuration) -> i32 {
    let seconds = wait.as_millis().max(0).unsigned_abs().div_ceil(1_000);
    i32::try_from(seconds).unwrap_or(MAX_DELAY).min(MAX_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_is_rounded_up_to_whole_seconds_within_the_limit_of_sqs() {
        assert_eq!(delay(SignedDuration::from_secs(-5)), 0);
        assert_eq!(delay(SignedDuration::from_millis(1)), 1);
        assert_eq!(delay(SignedDuration::from_secs(302)), 302);
        assert_eq!(delay(SignedDuration::from_hours(1)), MAX_DELAY);
    }
}
