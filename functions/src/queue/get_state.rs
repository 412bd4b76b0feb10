//! `GET /v1/admin/queues/{queue_id}`: what an operator watches during a sale, beside the public document
//! of the queue ([`super::get_queue`]): how many are inside, and how many seats are sold, held and left.
//!
//! Exact is what one item says: how many numbers are issued, and the settings. The number of the active is
//! that of the last tick. Seats are counted block by block, while people buy. Each show says when it was
//! counted.
//!
//! Cost: 1 RRU for the door, 1 RRU for the numbers, 0.5 RRU per 4 KB of the queue's document, which an
//! instance keeps for a second. Before the opening 32 RRU for the early entries. For a queue of its own 1
//! RRU per 4 KB of the list of its shows. For each concert 0.5 RRU per 4 KB of its shows, which are kept
//! for five seconds. For each block of 500 seats 0.5 RRU per 4 KB of its taken seats, and at least 0.5. A
//! count is kept for four seconds, and for 10 ms for each block. A call counts 200 blocks at most. So a
//! page that asks every five seconds reads at most 100 blocks a second: 700 RRU if every seat is taken,
//! and for a hall of 1,000 seats at most 3 RRU a second. Plans of halls are kept without an end.
//!
//! Round trips: 6 calls in 4 rounds for a show of one block. One more for each further concert, and for
//! each further block, 32 side by side.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        hall::{SoldAndHeld, SoldSeats},
        ids::{ConcertId, PlanId, QueueId, ShowDate, ShowKey},
        plan::{Grade, Plan},
        queue::Queue,
        show::Show,
        user::Name,
    },
    error::ApiError,
    futures_util::{StreamExt as _, TryStreamExt as _, stream},
    http::{Milliseconds, RequestParts as _, Seconds, ok},
    jiff::Timestamp,
    lambda_http::{Body, Request, Response},
    store::at_once::MAX_AT_ONCE,
};
use utoipa::ToSchema;

use super::document::PublicQueueState;
use crate::{
    concerts::list_dates::Sale,
    operation::{Door, Operation},
};

/// Answers with the state of the queue and of its seats.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.admin(&request).await?.now;
    let queue_id = request.queue_id()?;
    let concert_id = concert_id(&request)?;

    let (queue, issued, shows) = tokio::join!(
        queue_and_entries(&app, &queue_id, now),
        app.store().issued(&queue_id),
        shows_of(&app, &queue_id, concert_id, now),
    );
    let ((queue, early_entries), issued, shows) = (queue?, issued?, shows?);
    let shows = match &shows {
        Some(shows) => Some(counted(&app, shows, now).await?),
        None => None,
    };
    ok(&QueueStateAnswer::new(
        &queue,
        issued,
        early_entries,
        shows,
        now,
    ))
}

/// The concert whose shows are asked for.
fn concert_id(request: &Request) -> Result<Option<ConcertId>, ApiError> {
    let id = request.query("concert_id").map(|id| id.parse());
    id.transpose().map_err(|_| ApiError::ConcertNotFound)
}

/// The queue, and how many have joined before its opening. `None` once the draw has been made.
async fn queue_and_entries(
    app: &App,
    queue_id: &QueueId,
    now: Timestamp,
) -> Result<(Queue, Option<u64>), ApiError> {
    let queue = app.cached_queue(queue_id, now).await?;
    if !queue.has_draw_to_come() {
        return Ok((queue, None));
    }
    let entries = app.store().early_entries_lately(queue_id).await?;
    Ok((queue, Some(entries)))
}

/// The shows of today and later that a queue sells, or those of one of its concerts. `None` for `main`,
/// which keeps no list of its concerts, unless a concert is named.
async fn shows_of(
    app: &App,
    queue_id: &QueueId,
    concert_id: Option<ConcertId>,
    now: Timestamp,
) -> Result<Option<Vec<Show>>, ApiError> {
    let concerts = match concert_id {
        Some(concert_id) => vec![concert_id],
        None if *queue_id == QueueId::main() => return Ok(None),
        None => {
            let shows = app.store().queue_shows(queue_id).await?.shows;
            shows.into_keys().collect()
        }
    };
    let read = concerts.into_iter().map(async |id| {
        let shows = match app.cached_shows(id, now).await {
            // It was deleted at this very moment.
            Err(ApiError::ConcertNotFound) if concert_id.is_none() => return Ok(vec![]),
            shows => shows?,
        };
        let is_its = |show: &&Show| show.queue_id == *queue_id;
        Ok::<_, ApiError>(shows.iter().filter(is_its).cloned().collect())
    });
    let shows: Vec<Vec<_>> = stream::iter(read)
        .buffered(MAX_AT_ONCE)
        .try_collect()
        .await?;
    let shows = shows.concat();
    if concert_id.is_some() && shows.is_empty() {
        return Err(ApiError::ConcertNotFound);
    }
    let zone = &app.config().time_zone;
    let to_come = shows.into_iter().filter(|show| show.is_to_come(now, zone));
    Ok(Some(to_come.collect()))
}

/// The shows with the counts of their seats.
async fn counted<'a>(
    app: &App,
    shows: &'a [Show],
    now: Timestamp,
) -> Result<Vec<ShowOfQueue<'a>>, ApiError> {
    let all: Vec<_> = shows.iter().collect();
    let counts = app.sold_seats(&all, now).await?;
    let zone = &app.config().time_zone;
    let mut answers = Vec::with_capacity(shows.len());
    for (show, counted) in shows.iter().zip(counts) {
        let plan = app.plan_for_labels(show.pricing.plan_id()).await;
        let sale = show.sale_state(now, zone).into();
        answers.push(ShowOfQueue::new(show, sale, plan.as_deref(), counted));
    }
    Ok(answers)
}

/// What an operator watches of a queue.
#[derive(Serialize, ToSchema)]
#[schema(as = WatchedQueue)]
pub struct QueueStateAnswer<'a> {
    /// The id of the queue.
    queue_id: &'a QueueId,
    /// Whether people may join, and are let in.
    state: PublicQueueState,
    /// The version of the settings in force. 0 if nobody has changed them.
    version: u64,
    /// The setting: the largest number of sessions that are active at once.
    max_active: u32,
    /// The number of sessions that were let in and have not finished, as of the last tick.
    active: u64,
    /// The time of the last tick. Absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ticked_at: Option<Seconds>,
    /// The last number issued. It is exact. 0 before the opening.
    issued: u64,
    /// The number of people served now. It may be larger than `issued`: then newcomers do not wait.
    served: u64,
    /// The number of people that wait now, those who have left the line included.
    waiting: u64,
    /// The number of people who have joined before the opening, those for whom the line ended
    /// included. Present only until the draw.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    early_entries: Option<u64>,
    /// The sums of the shows that were counted. Absent if `shows` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seats: Option<SeatsOfQueue>,
    /// The shows of today and later, by concert and date. Absent for `main`, unless the request names
    /// a concert.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shows: Option<Vec<ShowOfQueue<'a>>>,
    /// The current time of the service.
    server_time: Milliseconds,
}

/// The seats of several shows together.
#[derive(Default, Serialize, ToSchema)]
pub struct SeatsOfQueue {
    /// The number of seats.
    capacity: u64,
    /// The number of seats that are sold.
    sold: u64,
    /// The number of seats that are held.
    held: u64,
    /// The number of free seats.
    left: u64,
    /// The number of shows that are not in these sums, because they were not counted yet.
    uncounted: usize,
}

/// A show that a queue sells, with its seats.
#[derive(Serialize, ToSchema)]
pub struct ShowOfQueue<'a> {
    /// The concert's id.
    concert_id: ConcertId,
    /// The concert's name. Absent if an early version of the service stored the show without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_name: Option<&'a Name>,
    /// The date of the show.
    date: ShowDate,
    /// The show, as `date` of a request names it: its date, and its start if it has one.
    show: ShowKey,
    /// The state of the sale.
    sale: Sale,
    /// The number of seats.
    capacity: u32,
    /// The counts of the seats. Absent until they were counted for the first time, as may be if the
    /// queue has more than 100,000 seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    counts: Option<SeatCounts>,
    /// The time of the count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    counted_at: Option<Seconds>,
    /// The plan of the hall. Absent if the show has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The grades of the seats, the best first. Absent if the show has no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    grades: Option<Vec<SeatsOfGrade>>,
}

/// The seats of a grade.
#[derive(Serialize, ToSchema)]
pub struct SeatsOfGrade {
    /// The grade.
    grade: Grade,
    /// The number of seats.
    capacity: u32,
    /// The counts of the seats. Absent if those of the show are, and until the seats are counted again
    /// after the show got another plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    counts: Option<SeatCounts>,
}

/// How many seats are sold, held and left. While people buy, a seat that was held and then paid during
/// the count is counted once, as either.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct SeatCounts {
    /// The number of seats that are sold.
    sold: u32,
    /// The number of seats that are held, and for two seconds after the end of a hold.
    held: u32,
    /// The number of free seats.
    left: u32,
}

impl SeatCounts {
    fn of(seats: SoldAndHeld, capacity: u32) -> Self {
        Self {
            sold: seats.sold,
            held: seats.held,
            left: seats.left_of(capacity),
        }
    }
}

impl SeatsOfQueue {
    fn of(shows: &[ShowOfQueue<'_>]) -> Self {
        let mut sum = Self::default();
        for show in shows {
            let Some(counts) = show.counts else {
                sum.uncounted += 1;
                continue;
            };
            sum.capacity += u64::from(show.capacity);
            sum.sold += u64::from(counts.sold);
            sum.held += u64::from(counts.held);
            sum.left += u64::from(counts.left);
        }
        sum
    }
}

impl<'a> ShowOfQueue<'a> {
    fn new(
        show: &'a Show,
        sale: Sale,
        plan: Option<&Plan>,
        counted: Option<(Timestamp, SoldSeats)>,
    ) -> Self {
        let (counted_at, seats) = counted.unzip();
        Self {
            concert_id: show.concert_id,
            concert_name: show.concert_name.as_ref(),
            date: show.date(),
            show: show.key,
            sale,
            capacity: show.capacity,
            counts: seats
                .as_ref()
                .map(|seats| SeatCounts::of(seats.all, show.capacity)),
            counted_at: counted_at.map(Seconds),
            plan_id: show.pricing.plan_id(),
            grades: plan.map(|plan| grades(plan, seats.as_ref())),
        }
    }
}

/// The grades of a plan, the best first.
fn grades(plan: &Plan, seats: Option<&SoldSeats>) -> Vec<SeatsOfGrade> {
    let counted = seats.and_then(|seats| seats.of_grades(plan.id()));
    let grades = plan.grades().iter().zip(plan.seats_of_grades());
    let grades = grades.enumerate().map(|(index, (grade, capacity))| {
        let seats = counted.and_then(|counted| counted.get(index));
        SeatsOfGrade {
            grade: grade.clone(),
            capacity,
            counts: seats.map(|seats| SeatCounts::of(*seats, capacity)),
        }
    });
    grades.collect()
}

impl<'a> QueueStateAnswer<'a> {
    fn new(
        queue: &'a Queue,
        issued: u64,
        early_entries: Option<u64>,
        shows: Option<Vec<ShowOfQueue<'a>>>,
        now: Timestamp,
    ) -> Self {
        let served = queue.served(now);
        let ticked_at = queue.line.schedule.last().map(|_| queue.line.ticked_at);
        let ticked_at = ticked_at.and_then(|at| Timestamp::from_millisecond(at).ok());
        Self {
            queue_id: &queue.id,
            state: PublicQueueState::of(queue),
            version: queue.settings.version,
            max_active: queue.settings.max_active,
            active: queue.line.active,
            ticked_at: ticked_at.map(Seconds),
            issued,
            served,
            waiting: issued.saturating_sub(served),
            early_entries,
            seats: shows.as_deref().map(SeatsOfQueue::of),
            shows,
            server_time: Milliseconds(now),
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Watch a queue and its seats", Door::Admin)
        .details(
            "What an operator watches during a sale, beside the public document of the queue \
             (`GET /v1/queues/{queue_id}`): how many are inside, and how many seats are sold, held \
             and left. Ask every five seconds.\n\n\
             `issued` is exact. `active` is as of the last tick, at `ticked_at`. While people come, \
             there is a tick every `tick_seconds`. Seats are as of `counted_at`: at most four \
             seconds ago, or 10 ms for each 500 seats of the queue if that is more.",
        )
        .query::<ConcertId>(
            "concert_id",
            false,
            "A concert of the queue: only its shows. `main` has no list of its concerts, so it \
             shows seats only of the concert that is named here.",
        )
        .answers::<QueueStateAnswer>(
            200,
            "The state of the queue and of its seats.",
            json!({
                "queue_id": "winter",
                "state": "OPEN",
                "version": 3,
                "max_active": 1_000,
                "active": 412,
                "ticked_at": "2026-11-20T03:00:00Z",
                "issued": 5_230,
                "served": 1_200,
                "waiting": 4_030,
                "seats": { "capacity": 1_000, "sold": 300, "held": 42, "left": 658, "uncounted": 0 },
                "shows": [{
                    "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                    "concert_name": "겨울 콘서트",
                    "date": "2026-12-24",
                    "show": "2026-12-24",
                    "sale": "OPEN",
                    "capacity": 1_000,
                    "counts": { "sold": 300, "held": 42, "left": 658 },
                    "counted_at": "2026-11-20T02:59:58Z",
                    "plan_id": "kT3n1v0Yb2m9QxZ4c7LdEw",
                    "grades": [
                        {
                            "grade": "VIP",
                            "capacity": 100,
                            "counts": { "sold": 90, "held": 4, "left": 6 },
                        },
                        {
                            "grade": "R",
                            "capacity": 900,
                            "counts": { "sold": 210, "held": 38, "left": 652 },
                        },
                    ],
                }],
                "server_time": "2026-11-20T03:00:02.125Z",
            }),
        )
        .refuses([ApiError::ConcertNotFound])
}
