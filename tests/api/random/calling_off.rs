//! An operator calls a show off in the middle of the evening, while people hold and pay its seats.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::Value;

use super::{
    CALLED_OFF, World,
    people::{Person, Place},
    visits::RequestOutcome,
};
use crate::harness::Call;

/// The time between two calls.
const BETWEEN: Duration = Duration::from_secs(3);

/// Calls the show off when half of the evening is over, and goes on until all is given back.
pub async fn call_off(world: Arc<World>, people: Vec<Arc<Person>>, operations: u64) {
    while world.is_open() && world.left.load(Ordering::SeqCst) > operations / 2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    if !world.is_open() {
        return;
    }
    world.is_called_off.store(true, Ordering::SeqCst);
    for person in people {
        for (id, reservation) in &mut person.memory().reservations {
            if reservation.show == CALLED_OFF {
                reservation.refund_begun = true;
                world.ledger.give_up(id);
            }
        }
    }
    while world.is_open() {
        if let RequestOutcome::Done(answer) = world.ask("call off", call(&world), &[]).await
            && is_over(&world, &answer)
        {
            return;
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// Goes on until all is given back, now that nothing goes wrong. Checks that it comes to an end.
pub async fn finish(world: &World) {
    for _ in 0..10 {
        let outcome = world.ask("call off", call(world), &[]).await;
        if let RequestOutcome::Done(answer) = outcome
            && is_over(world, &answer)
        {
            return;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    world.violated("calling off does not come to an end");
}

/// Whether the answer says that all is given back. Nothing may have failed.
fn is_over(world: &World, answer: &Value) -> bool {
    if answer["failed"]
        .as_array()
        .is_none_or(|failed| !failed.is_empty())
    {
        world.violated(format!("not everything is refunded: {answer}"));
    }
    answer["is_over"] == true
}

fn call(world: &World) -> Call {
    let is_it = |place: &&Place| place.show == CALLED_OFF;
    let place = world.shows.iter().find(is_it).expect("the show");
    let path = format!(
        "/v1/concerts/{}/dates/{CALLED_OFF}/call-off",
        place.concert_id
    );
    world.shop.post(&path).token(&world.admin.access_token)
}
