//! `audit`: whether the data is as it has to be. A schedule invokes it, and whoever runs the
//! deployment may.
//!
//! A round reads the tables one after the other, in pages, while people go on buying. What looks
//! wrong is looked at again, consistently, before it is called a violation. A run ends when it
//! has read as much as it may, or when its time is nearly over, and the next one goes on there;
//! when a round is over, the next run begins another.
//!
//! - Without a command it goes on.
//! - `{"read_units": 1000}` reads no more than about that; the schedule says what the template's
//!   parameter `AuditReadUnits` is.
//! - `{"from_start": true}` begins a new round.
//! - `{"user_id": …}` looks at one user only, and remembers nothing: their address, their account,
//!   their orders and sessions. It looks at their seats, too, which a round does only in doubt.
//!
//! It answers with what the round has found so far, in how many runs, whether it is over
//! (`is_over`), and what of it was this run's (`run`). A round that takes several runs sees what
//! one run would have seen, save two things: a queue's arrivals are compared with those cohorts
//! only that are still counted when it comes to the queues, and a claim on an e-mail address that
//! was cut off between its two halves is only checked from the user's side.
//!
//! A round costs 0.5 RRU per 4 KB of users and seats, 1 RRU per 4 KB of sessions and accounts, 2
//! and 1 for each live cohort for a queue, and 2 to 5 for each hold. A run costs 1 RRU and 1 WRU
//! more. If it ends before the round does, it writes down what it remembers, some 20 bytes for
//! each sold seat and each user: 2 WRU per KB, and 1 RRU per 4 KB for the next one. A thousand
//! orders, with what belongs to them, are some 260 RRU.
//!
//! A run reads 150 RRU a second on average, and no more than 300 in any second, a tenth of what a
//! partition of a table gives. So the buyers notice nothing of it, and in its 15 minutes a run reads
//! some 125,000 RRU at the most, whatever it may read.
//!
//! Two runs at once do no harm: both look, and what one of them has come to is kept. The other one
//! answers that it was `superseded`.

mod accounts;
mod doubt;
mod pace;
mod queues;
mod seats;
mod sessions;
mod users;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    app::App,
    domain::{
        audit::{Report, Violation},
        ids::UserId,
    },
    error::ApiError,
    futures_util::future::try_join_all,
    http::{self, Field, Seconds},
    jiff::{SignedDuration, Timestamp},
    store::{
        StoreError,
        audit::{Round, Stage},
        usage,
    },
};

use self::{doubt::Doubt, pace::Pace};

/// How much a run reads unless it is told, in RRU.
const USUAL_READ_UNITS: f64 = 100_000.0;

/// It is over so long before its deadline: a page and the looks again at what is on it take
/// seconds.
const BEFORE_DEADLINE: SignedDuration = SignedDuration::from_secs(60);

/// A page has no more items than this. The largest are sessions, of less than 800 bytes, so that it
/// reads 100 RRU at the most.
const MAX_PAGE_LENGTH: f64 = 500.0;

/// So many things are looked at again at the same moment, for some 5 RRU each: while people buy,
/// every order is that was paid since the seats were read.
const AT_ONCE: usize = 10;

/// A read unit is good for so many of the smallest items, more or less: the last page of a run
/// must not read much more than is left to read.
const ITEMS_A_READ_UNIT: f64 = 10.0;

/// Before it looks again it waits so long: the items of one transaction become visible one by
/// one, within milliseconds.
const SECOND_LOOK_AFTER: Duration = Duration::from_millis(50);

/// Looks, and answers what it found.
pub async fn handle(app: App, event: Value, deadline: Timestamp) -> Result<Value, ApiError> {
    let command: Command = http::event(&event)?;
    let user_id = command
        .user_id
        .text(|id| id.parse().ok(), ApiError::InvalidUserId)?;
    let answer = match user_id {
        Some(user_id) => serde_json::to_value(one_user(&app, user_id).await?),
        None => serde_json::to_value(go_on(&app, &command, deadline).await?),
    };
    answer.map_err(|error| ApiError::Internal(error.into()))
}

/// Goes on with the round, or begins one.
async fn go_on(app: &App, command: &Command, deadline: Timestamp) -> Result<Answer, ApiError> {
    let may_read = read_units(command)?;
    let from_start = from_start(command)?;
    let end = deadline.saturating_sub(BEFORE_DEADLINE).unwrap_or(deadline);
    let now = app.now();
    let pace = Pace::new(now);
    let round = match app.store().round(|| pace.keep(app)).await? {
        Some(round) if !from_start && round.stage != Stage::Done => round,
        earlier => Round::after(earlier, now),
    };
    let mut run = Run {
        app,
        round,
        found: Report::default(),
        may_read,
        pace,
    };
    loop {
        run.pace.keep(app).await;
        run.step().await?;
        if run.round.stage == Stage::Done || run.may_still_read() <= 0.0 || app.now() >= end {
            break;
        }
    }
    let Run {
        mut round, found, ..
    } = run;
    round.runs += 1;
    round.report.add(&found);
    // Whatever becomes of the round, what was found is known.
    tell(app, &found);
    let kept = app.store().put_round(&round, now).await?;
    Ok(Answer {
        report: round.report,
        started_at: Seconds(round.started_at),
        runs: round.runs,
        is_over: round.stage == Stage::Done,
        run: Part {
            report: found,
            read_units: usage::so_far().read,
            superseded: !kept,
        },
    })
}

/// Looks at one user.
async fn one_user(app: &App, user_id: UserId) -> Result<Report, ApiError> {
    let now = app.now();
    let mut run = Run {
        app,
        round: Round::after(None, now),
        found: Report::default(),
        may_read: USUAL_READ_UNITS,
        pace: Pace::new(now),
    };
    run.look_at_user(user_id).await?;
    run.look_at_sessions_of(user_id).await?;
    run.look_at_account_of(user_id).await?;
    Ok(run.found)
}

/// Publishes what a run has found, and logs it. The log has no users in it.
fn tell(app: &App, found: &Report) {
    app.metrics().audit(found, app.now());
    for Violation {
        kind,
        table,
        seq,
        reservation_id,
        seat,
        queue_id,
        number,
        ..
    } in &found.examples
    {
        tracing::error!(
            ?kind,
            ?table,
            ?seq,
            ?reservation_id,
            ?seat,
            ?queue_id,
            ?number,
            "the audit has found a violation"
        );
    }
    tracing::info!(
        violations = found.violations,
        checked = found.checked.sum(),
        "audit"
    );
}

fn read_units(command: &Command) -> Result<f64, ApiError> {
    let units = command.read_units.read().filter(|units| *units > 0.0);
    let units = units.or_malformed(ApiError::Internal("read_units is a number above 0".into()))?;
    Ok(units.unwrap_or(USUAL_READ_UNITS))
}

fn from_start(command: &Command) -> Result<bool, ApiError> {
    let from_start = command.from_start.read();
    let from_start =
        from_start.or_malformed(ApiError::Internal("from_start is true or false".into()))?;
    Ok(from_start.unwrap_or(false))
}

/// A run of the audit.
struct Run<'a> {
    app: &'a App,
    round: Round,
    found: Report,
    may_read: f64,
    pace: Pace,
}

/// Whether a stage is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// There is more to do.
    More,
    /// It is.
    Over,
}

impl Run<'_> {
    /// Does one page of the stage, or looks again at some of what it has left.
    async fn step(&mut self) -> Result<(), StoreError> {
        let step = match self.round.stage {
            Stage::Users => self.read_users().await?,
            Stage::Addresses => self.settle_addresses().await?,
            Stage::Seats => self.read_seats().await?,
            Stage::Sessions => self.read_sessions().await?,
            Stage::HeldSeats => self.settle_held_seats().await?,
            Stage::Queues => self.read_queues().await?,
            Stage::Accounts => self.read_accounts().await?,
            Stage::UsersLeft => self.settle_users_left().await?,
            Stage::SeatsLeft => self.settle_seats_left().await?,
            Stage::Done => Step::Over,
        };
        if step == Step::Over {
            self.round.stage = self.round.stage.next();
        }
        Ok(())
    }

    fn accuse(&mut self, violation: Violation) {
        self.found.accuse(violation);
    }

    fn accuse_all(&mut self, violations: Vec<Violation>) {
        for violation in violations {
            self.accuse(violation);
        }
    }

    /// Looks again at what is doubtful.
    async fn settle(&mut self, doubts: Vec<Doubt>) -> Result<(), StoreError> {
        let app = self.app;
        let mut doubts = doubts.into_iter().peekable();
        while doubts.peek().is_some() {
            self.pace.keep(app).await;
            let some = doubts.by_ref().take(AT_ONCE);
            let settled = try_join_all(some.map(|doubt| doubt.settle(app))).await?;
            self.accuse_all(settled.concat());
        }
        Ok(())
    }

    /// Looks again at some of the doubts that a stage has left, until there are none.
    async fn settle_some(&mut self, doubts: Vec<Doubt>) -> Result<Step, StoreError> {
        if doubts.is_empty() {
            return Ok(Step::Over);
        }
        self.settle(doubts).await?;
        Ok(Step::More)
    }

    /// How many RRU it may still read.
    fn may_still_read(&self) -> f64 {
        self.may_read - usage::so_far().read
    }

    /// How many items the next page has.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 1 and a few thousand"
    )]
    fn page(&self) -> u32 {
        (self.may_still_read() * ITEMS_A_READ_UNIT).clamp(1.0, MAX_PAGE_LENGTH) as u32
    }

    /// Notes where the scan of the stage's table goes on.
    fn turn_page(&mut self, next: Option<shared::store::audit::Position>) -> Step {
        self.round.position = next;
        match self.round.position {
            Some(_) => Step::More,
            None => Step::Over,
        }
    }
}

/// What was looked at again; `None` when it cannot be read, of which its table's own pages tell.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Unreadable(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits before a second look.
async fn before_looking_again() {
    tokio::time::sleep(SECOND_LOOK_AFTER).await;
}

/// What a schedule sends says nothing but how much may be read.
#[derive(Deserialize)]
struct Command {
    from_start: Field,
    read_units: Field,
    user_id: Field,
}

/// What a round has come to.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    report: Report,
    started_at: Seconds,
    runs: u32,
    is_over: bool,
    run: Part,
}

/// What a run had to do with it.
#[derive(Serialize)]
struct Part {
    #[serde(flatten)]
    report: Report,
    read_units: f64,
    superseded: bool,
}
