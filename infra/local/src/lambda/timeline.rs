//! What becomes due in a stack: sleepers, messages, records of streams, and schedules.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use shared::{
    aws_lambda_events::sqs::{SqsEvent, SqsMessage},
    clock::Clock,
};
use tokio::sync::Notify;

use super::{function::Function, streams::StreamSubscription};
use crate::{
    aws::{
        queue::{Message, Queues},
        sqs,
    },
    time::{clock::StackClock, invocation::Board},
};

/// What becomes due in a stack, and when.
pub struct Timeline {
    /// The clock.
    pub clock: Arc<StackClock>,
    /// Whether the clock runs between moves.
    pub runs: bool,
    /// The invocations in the background.
    pub board: Arc<Board>,
    /// The queues.
    pub queues: Arc<Queues>,
    /// The functions that get their messages.
    pub subscriptions: Vec<Subscription>,
    /// The functions that get the records of streams.
    pub streams: Vec<Arc<StreamSubscription>>,
    /// The functions that are called by the clock.
    pub schedules: Vec<Schedule>,
    /// Notified when something may become due earlier than was known.
    pub changed: Arc<Notify>,
    /// Held while something starts what is due.
    pub turn: tokio::sync::Mutex<()>,
}

/// A function that gets the messages of a queue.
pub struct Subscription {
    /// The function.
    pub function: Arc<Function>,
    /// The queue.
    pub queue: String,
    /// How many messages it gets at once.
    pub batch_size: usize,
}

/// A function that is called on a schedule.
pub struct Schedule {
    /// The function.
    pub function: Arc<Function>,
    /// How often.
    pub every: Duration,
    /// Its event; `None` for the scheduler's own.
    pub input: Option<Json>,
    /// When it is called next.
    pub next: Mutex<Timestamp>,
}

impl Timeline {
    /// Moves the clock on. What becomes due until then is started in order, each thing at its own
    /// time, and is finished before the next. Also the records are delivered of what was written
    /// until now, and of what is written by what becomes due; not of what others write meanwhile,
    /// because they may never stop. Returns the time after the move.
    pub async fn advance(&self, by: Duration) -> Timestamp {
        let _turn = self.turn.lock().await;
        let start = self.clock.now();
        self.clock.stand_at(start);
        let target = start.checked_add(by).unwrap_or(Timestamp::MAX);
        self.board.settled().await;
        let mut written = self.written();
        while let Some(due) = self.next_due(written).filter(|due| *due <= target) {
            self.clock.stand_at(due.max(self.clock.now()));
            let is_other = self.start_next();
            if !is_other {
                self.start_delivery(written);
            }
            self.board.settled().await;
            if is_other {
                written = self.written();
            }
        }
        self.clock.stand_at(target);
        if self.runs {
            self.clock.run();
        }
        target
    }

    /// Starts what becomes due while the clock runs. Never returns.
    pub async fn drive(&self) {
        loop {
            self.start_all_due().await;
            let wait = self
                .next_due(u64::MAX)
                .and_then(|due| self.clock.wait_until(due));
            let changed = self.changed.notified();
            match wait {
                Some(wait) => {
                    let _ = tokio::time::timeout(wait, changed).await;
                }
                None => changed.await,
            }
        }
    }

    async fn start_all_due(&self) {
        let _turn = self.turn.lock().await;
        while self.start_next() || self.start_delivery(u64::MAX) {}
    }

    /// How many writes the database has had.
    fn written(&self) -> u64 {
        self.streams.first().map_or(0, |stream| stream.writes())
    }

    /// When something is due. Of records, those of the first `written` writes count.
    fn next_due(&self, written: u64) -> Option<Timestamp> {
        let messages = self
            .subscriptions
            .iter()
            .map(|s| self.queues.next_due(&s.queue));
        let records = self.streams.iter().map(|stream| stream.next_due(written));
        let schedules = self.schedules.iter().map(|schedule| Some(schedule.next()));
        messages
            .chain(records)
            .chain(schedules)
            .chain([self.clock.next_wake()])
            .flatten()
            .min()
    }

    /// Starts one thing that is due: sleepers go first, then messages, then schedules. Returns
    /// whether there was one.
    fn start_next(&self) -> bool {
        self.clock.wake_next()
            || self
                .subscriptions
                .iter()
                .any(|subscription| self.deliver(subscription))
            || self.schedules.iter().any(|schedule| self.call(schedule))
    }

    fn deliver(&self, subscription: &Subscription) -> bool {
        let Subscription {
            function,
            queue,
            batch_size,
        } = subscription;
        let now = self.clock.now();
        let messages = self.queues.take_due(queue, now, *batch_size);
        let any = !messages.is_empty();
        if any {
            let work = deliver(
                Arc::clone(function),
                Arc::clone(&self.queues),
                Arc::clone(&self.changed),
                queue.clone(),
                messages,
                now,
            );
            self.board.spawn(work);
        }
        any
    }

    /// Starts the delivery of one batch of records, if one is due. Returns whether there was one.
    fn start_delivery(&self, written: u64) -> bool {
        let now = self.clock.now();
        let mut streams = self.streams.iter();
        let due = streams.find_map(|stream| Some((stream, stream.take_due(written, now)?)));
        let Some((stream, batch)) = due else {
            return false;
        };
        let (stream, queues) = (Arc::clone(stream), Arc::clone(&self.queues));
        let changed = Arc::clone(&self.changed);
        self.board.spawn(async move {
            stream.deliver(batch, now, &queues).await;
            changed.notify_one();
        });
        true
    }

    fn call(&self, schedule: &Schedule) -> bool {
        let now = self.clock.now();
        let is_due = schedule.take_turn(now);
        if is_due {
            let function = Arc::clone(&schedule.function);
            let event = schedule.input.clone().unwrap_or_else(|| scheduled(now));
            self.board.spawn(async move {
                if let Err(failure) = function.run(event).await {
                    tracing::error!(
                        function = function.name,
                        "a scheduled call failed: {failure}"
                    );
                }
            });
        }
        is_due
    }
}

impl Schedule {
    fn next(&self) -> Timestamp {
        *self.next.lock()
    }

    /// Returns whether it is due. If so, the next call is an interval later: after this one, or
    /// after now if more than one call was missed.
    fn take_turn(&self, now: Timestamp) -> bool {
        let mut next = self.next.lock();
        if *next > now {
            return false;
        }
        let after = |time: Timestamp| time.checked_add(self.every).unwrap_or(Timestamp::MAX);
        *next = Some(after(*next))
            .filter(|next| *next > now)
            .unwrap_or_else(|| after(now));
        true
    }
}

/// Delivers messages to a function, and returns those that failed to their queue.
async fn deliver(
    function: Arc<Function>,
    queues: Arc<Queues>,
    changed: Arc<Notify>,
    queue: String,
    messages: Vec<Message>,
    now: Timestamp,
) {
    let mut event = SqsEvent::default();
    event.records = messages
        .iter()
        .map(|message| record(&queue, message, now))
        .collect();
    let failed: Option<Vec<_>> = match function.deliver(event).await {
        Ok(response) => {
            let failures = response.batch_item_failures.into_iter();
            Some(failures.map(|failure| failure.item_identifier).collect())
        }
        Err(failure) => {
            tracing::error!(
                function = function.name,
                "a batch of messages failed: {failure}"
            );
            None
        }
    };
    for message in messages {
        if failed
            .as_ref()
            .is_none_or(|failed| failed.contains(&message.id))
        {
            queues.return_failed(&queue, message, now);
        }
    }
    changed.notify_one();
}

fn record(queue: &str, message: &Message, now: Timestamp) -> SqsMessage {
    let milliseconds = |time: Timestamp| time.as_millisecond().to_string();
    let mut record = SqsMessage::default();
    record.message_id = Some(message.id.clone());
    record.receipt_handle = Some(message.id.clone());
    record.body = Some(message.body.clone());
    record.md5_of_body = Some(sqs::checksum(&message.body));
    record.event_source = Some("aws:sqs".to_owned());
    record.event_source_arn = Some(format!("arn:aws:sqs:local:000000000000:{queue}"));
    record.attributes = [
        ("ApproximateReceiveCount", message.receive_count.to_string()),
        ("SentTimestamp", milliseconds(message.sent_at)),
        ("ApproximateFirstReceiveTimestamp", milliseconds(now)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    record
}

/// The scheduler's own event.
fn scheduled(now: Timestamp) -> Json {
    json!({
        "version": "0",
        "id": uuid::Uuid::new_v4(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": now,
        "region": "local",
        "resources": [],
        "detail": "{}",
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::time::clock::Pace;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    /// A timeline with a clock that stands still, and nothing on it.
    fn timeline() -> Timeline {
        let changed = Arc::new(Notify::new());
        Timeline {
            clock: Arc::new(StackClock::frozen_at(
                at(0),
                Pace::Machine,
                Arc::clone(&changed),
            )),
            runs: false,
            board: Arc::default(),
            queues: Arc::new(Queues::new(Vec::new())),
            subscriptions: Vec::new(),
            streams: Vec::new(),
            schedules: Vec::new(),
            changed,
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Notes the time in the background, in this interval.
    fn note_every(timeline: &Timeline, seconds: i64, notes: &Arc<Mutex<Vec<(i64, i64)>>>) {
        let (clock, notes) = (Arc::clone(&timeline.clock), Arc::clone(notes));
        timeline.board.spawn(async move {
            loop {
                let next = clock.now() + SignedDuration::from_secs(seconds);
                clock.sleep_until(next).await;
                // The clock stands still while it works.
                tokio::task::yield_now().await;
                let now = clock.now().as_second();
                notes.lock().push((seconds, now));
            }
        });
    }

    #[tokio::test]
    async fn sleepers_are_woken_at_their_times_and_in_order() {
        let timeline = timeline();
        let notes = Arc::default();
        note_every(&timeline, 5, &notes);
        note_every(&timeline, 3, &notes);
        assert_eq!(timeline.advance(Duration::from_secs(11)).await, at(11));
        assert_eq!(*notes.lock(), [(3, 3), (5, 5), (3, 6), (3, 9), (5, 10)]);
        timeline.advance(Duration::from_secs(1)).await;
        assert_eq!(notes.lock().last(), Some(&(3, 12)));
    }

    #[tokio::test]
    async fn clock_that_stands_still_wakes_no_sleeper_by_itself() {
        let timeline = timeline();
        let notes = Arc::default();
        note_every(&timeline, 5, &notes);
        timeline.advance(Duration::ZERO).await;
        assert!(!timeline.start_next());
        assert!(notes.lock().is_empty());
    }

    #[tokio::test]
    async fn clock_that_runs_goes_on_after_a_move() {
        let timeline = Timeline {
            runs: true,
            ..timeline()
        };
        timeline.advance(Duration::from_secs(9)).await;
        assert!(timeline.clock.now() >= at(9));
        assert!(timeline.clock.wait_until(at(10)).is_some());
    }
}
