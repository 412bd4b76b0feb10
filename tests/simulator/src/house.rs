//! The ideal that a line is compared with: a venue in which a place is taken again at the moment at
//! which it becomes free.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{crowd::Comes, evening::Evening, people::People, simulation::HOLD_SECONDS};

/// When the last seat would be sold if the same people came to an ideal venue (milliseconds). They
/// take the same time. Those who do not come keep their place for as long as they may, and it is
/// known who has left the line. `None` if there are not enough buyers.
pub(crate) fn sold_out_at(evening: &Evening, people: &People, seats: u64) -> Option<i64> {
    let seats = usize::try_from(seats).ok()?;
    let settings = &evening.settings;
    let claim = i64::from(settings.claim_seconds) * 1_000;
    let window = i64::from(settings.active_seconds) * 1_000;
    let mut places: BinaryHeap<_> = (0..settings.max_active)
        .map(|_| Reverse(i64::MIN))
        .collect();
    // The earliest sales, as many as there are seats, the latest of them on top.
    let mut sales = BinaryHeap::new();
    for (number, person) in people.iter() {
        let plan = evening.crowd.plan(evening.seed, number);
        let Reverse(free_at) = places.pop()?;
        let starts = person.joined_at.max(free_at);
        if sales.len() == seats && sales.peek().is_some_and(|last| *last <= starts) {
            break;
        }
        let has_left = plan
            .tires_after
            .is_some_and(|after| person.joined_at + after <= starts);
        if has_left {
            places.push(Reverse(free_at));
            continue;
        }
        let waited = starts > person.joined_at;
        let notices = if waited {
            plan.notices_after(settings.claim_seconds)
        } else {
            0
        };
        let stays = match plan.comes {
            Comes::Never if waited => claim,
            Comes::ToDecline if waited => notices,
            _ => plan.stays.map_or(window, |stays| notices + stays),
        };
        places.push(Reverse(starts + stays.min(window)));
        let buys = !waited || plan.comes == Comes::ToBuy;
        if buys && plan.stays.is_some() && stays < window + HOLD_SECONDS * 1_000 {
            sales.push(starts + stays);
            if sales.len() > seats {
                sales.pop();
            }
        }
    }
    (sales.len() == seats).then(|| sales.peek().copied())?
}
