//! Never more sessions inside than the settings allowed.

use std::{sync::Arc, time::Duration};

use shared::{
    domain::{ids::QueueId, session::Standing},
    jiff::{SignedDuration, Timestamp},
    store::Reading,
};

use super::{SHOWS, World, disturbances::Limits, locked, people::Person};

/// Longer than the window of any session that came in under other settings, and than the write of
/// any settings may take.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(120);

/// Counts those inside, again and again.
pub async fn check(world: Arc<World>, people: Vec<Arc<Person>>, limits: Arc<Limits>) {
    let operator = world.shop.stack.operator().await;
    let store = operator.store();
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        for (name, _) in SHOWS {
            let id: QueueId = name.parse().expect("an id");
            let queue = store
                .queue(&id, operator.queue_defaults(), Reading::Consistent)
                .await
                .expect("an answer")
                .expect("a queue");
            let now = world.now();
            let mut inside = 0;
            for person in &people {
                let user_id = person.guest.user_id.parse().expect("an id");
                let session = store.session(user_id, &id).await.expect("an answer");
                let standing = session.map(|session| session.standing(&queue, now));
                if let Some(Standing::Admitted(_) | Standing::Active { .. }) = standing {
                    inside += 1;
                }
            }
            let max = max_inside(&limits, name, now);
            if inside > max {
                world.violated(format!("{inside} are in {name}, where {max} may be"));
            }
        }
    }
}

/// The most sessions that may be in a queue at a time, under any settings under which one of them
/// may have come in.
fn max_inside(limits: &Limits, queue: &str, now: Timestamp) -> u64 {
    let limits = locked(limits);
    let of_queue: Vec<_> = limits.iter().filter(|(name, ..)| *name == queue).collect();
    let recent = of_queue
        .iter()
        .rposition(|(_, since, _)| now.duration_since(*since) > REMEMBERED)
        // And the two before it, in case the one in force had failed.
        .map_or(0, |in_force| in_force.saturating_sub(2));
    let first = if recent == 0 { 12 } else { 0 };
    of_queue[recent..]
        .iter()
        .map(|(.., max)| *max)
        .max()
        .unwrap_or(0)
        .max(first)
}
