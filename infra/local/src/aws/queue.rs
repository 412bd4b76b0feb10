//! The message queues of a stack, in the time of its clock.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use jiff::Timestamp;
use parking_lot::Mutex;

use crate::template::{QueuePlan, RedrivePlan};

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its body.
    pub body: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// How often it has been delivered.
    pub receive_count: u32,
}

/// All queues of a stack.
#[derive(Debug)]
pub struct Queues {
    plans: HashMap<String, QueuePlan>,
    messages: Mutex<HashMap<String, Waiting>>,
}

/// The messages of one queue, by the time from which they may be delivered. Messages of the same
/// time are in the order of their arrival.
type Waiting = BTreeMap<(Timestamp, u64), Message>;

impl Queues {
    /// Empty queues.
    pub fn new(plans: Vec<QueuePlan>) -> Self {
        Self {
            messages: Mutex::default(),
            plans: plans
                .into_iter()
                .map(|plan| (plan.name.clone(), plan))
                .collect(),
        }
    }

    /// Whether there is a queue of that name.
    pub fn contains(&self, queue: &str) -> bool {
        self.plans.contains_key(queue)
    }

    /// Sends a message. Without a `delay` it waits as long as the queue says.
    pub fn send(
        &self,
        queue: &str,
        id: String,
        body: String,
        delay: Option<Duration>,
        now: Timestamp,
    ) {
        let message = Message {
            id,
            body,
            sent_at: now,
            receive_count: 0,
        };
        let usual = self.plans.get(queue).map(|plan| plan.delay);
        let delay = delay.or(usual).unwrap_or_default();
        insert(&mut self.messages.lock(), queue, later(now, delay), message);
    }

    /// When the next message of a queue is due.
    pub fn next_due(&self, queue: &str) -> Option<Timestamp> {
        let queues = self.messages.lock();
        let ((due, _), _) = queues.get(queue)?.first_key_value()?;
        Some(*due)
    }

    /// Takes out the messages of a queue that are due, `max` at most.
    pub fn take_due(&self, queue: &str, now: Timestamp, max: usize) -> Vec<Message> {
        let mut queues = self.messages.lock();
        let mut taken = Vec::new();
        while taken.len() < max
            && let Some(first) = queues.get_mut(queue).and_then(BTreeMap::first_entry)
            && first.key().0 <= now
        {
            let mut message = first.remove();
            message.receive_count += 1;
            taken.push(message);
        }
        taken
    }

    /// Returns a message that failed to its queue. It is delivered again after the visibility
    /// timeout. When it has failed too often it goes to the dead-letter queue.
    pub fn return_failed(&self, queue: &str, message: Message, received_at: Timestamp) {
        let Some(plan) = self.plans.get(queue) else {
            return;
        };
        match &plan.redrive {
            Some(RedrivePlan { to, after }) if message.receive_count >= *after => {
                tracing::error!(
                    queue,
                    message_id = message.id,
                    "a message failed {after} times and is now in {to}"
                );
                insert(&mut self.messages.lock(), to, received_at, message);
            }
            _ => {
                let visible_at = later(received_at, plan.visibility_timeout);
                insert(&mut self.messages.lock(), queue, visible_at, message);
            }
        }
    }

    /// The messages of a queue that no function works on, those due first in front.
    pub fn messages(&self, queue: &str) -> Vec<Message> {
        let queues = self.messages.lock();
        let messages = queues.get(queue).map(BTreeMap::values);
        messages.into_iter().flatten().cloned().collect()
    }

    /// The queues for messages that failed too often.
    pub fn dead_letter_queues(&self) -> impl Iterator<Item = &str> {
        self.plans
            .values()
            .filter_map(|plan| plan.redrive.as_ref())
            .map(|redrive| redrive.to.as_str())
    }
}

fn insert(queues: &mut HashMap<String, Waiting>, queue: &str, due: Timestamp, message: Message) {
    let waiting = queues.entry(queue.to_owned()).or_default();
    let last = waiting.range(..=(due, u64::MAX)).next_back();
    let place = last.map_or(
        0,
        |((time, place), _)| if *time == due { place + 1 } else { 0 },
    );
    waiting.insert((due, place), message);
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues() -> Queues {
        let plan = |name: &str, redrive| QueuePlan {
            name: name.to_owned(),
            delay: Duration::ZERO,
            visibility_timeout: Duration::from_mins(3),
            redrive,
        };
        let redrive = RedrivePlan {
            to: "Dead".to_owned(),
            after: 2,
        };
        Queues::new(vec![plan("Q", Some(redrive)), plan("Dead", None)])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn bodies(messages: &[Message]) -> Vec<&str> {
        messages.iter().map(|m| m.body.as_str()).collect()
    }

    #[test]
    fn messages_arrive_when_they_are_due_and_in_order() {
        let queues = queues();
        let send = |body: &str, seconds| {
            let delay = Some(Duration::from_secs(seconds));
            queues.send("Q", format!("id-{body}"), body.to_owned(), delay, at(0));
        };
        send("late", 10);
        send("first", 5);
        send("second", 5);
        assert_eq!(queues.next_due("Q"), Some(at(5)));
        assert!(queues.take_due("Q", at(4), 10).is_empty());
        assert_eq!(bodies(&queues.take_due("Q", at(5), 1)), ["first"]);
        assert_eq!(bodies(&queues.take_due("Q", at(9), 10)), ["second"]);
        assert_eq!(bodies(&queues.messages("Q")), ["late"]);
    }

    #[test]
    fn message_that_fails_comes_again_and_becomes_a_dead_letter() {
        let queues = queues();
        queues.send("Q", "id-bad".to_owned(), "bad".to_owned(), None, at(0));
        let [message] = &queues.take_due("Q", at(0), 10)[..] else {
            panic!("one message");
        };
        queues.return_failed("Q", message.clone(), at(0));
        assert_eq!(queues.next_due("Q"), Some(at(180)));
        let [message] = &queues.take_due("Q", at(200), 10)[..] else {
            panic!("one message");
        };
        assert_eq!(message.receive_count, 2);
        queues.return_failed("Q", message.clone(), at(200));
        assert_eq!(queues.next_due("Q"), None);
        assert_eq!(bodies(&queues.messages("Dead")), ["bad"]);
    }
}
