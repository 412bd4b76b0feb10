//! `audit`: checks that the data is right (`ARCHITECTURE.md#the-audit`). A schedule invokes it, and
//! an operator may.
//!
//! A round reads the tables one after the other, in pages, while people go on buying. What looks
//! wrong is read again, consistently, before it is reported as a violation. A run ends when it has
//! read as much as it may, or when its time is nearly over. The next run goes on from there. After
//! the end of a round, the next run begins another.
//!
//! - Without a command, it goes on with the round.
//! - `{"read_units": 1000}` reads about that many RRU at most. The schedule sends the template's
//!   parameter `AuditReadUnits`.
//! - `{"from_start": true}` begins a new round.
//! - `{"user_id": …}` checks one user only, and remembers nothing: their address, account, orders,
//!   sessions and seats. (A round reads the seats of an order only in doubt.)
//!
//! The answer has what the round has found so far, the number of its runs, whether it is over
//! (`is_over`), and what this run has found (`run`). A round of several runs finds what one run
//! would have found, with two exceptions. Arrivals are compared only with those cohorts that are
//! still counted when the round comes to the queues. And a change of an e-mail address that was cut
//! off half-way is checked only from the user's side.
//!
//! Cost of a round: 0.5 RRU per 4 KB of the catalog, users, seats and the log of changes; 1 RRU per 4
//! KB of sessions and accounts; 2 RRU for each queue, and 1 RRU for each of its live cohorts; 2 to 5
//! RRU for each hold; 1 RRU for each show that was called off.
//! A run: 1 RRU per 4 KB and 1 WRU per KB of the round more. A round has 1 KB, and the books of the last
//! one that was over: 20 bytes for each day on which money moved, so 9 KB after 400 such days. A run
//! that ends before the round writes what it remembers, some 20 bytes for each sold seat, each user and
//! each record of moved money, and some 30 for each show until all seats are read: 2 WRU per KB, and 1
//! RRU per 4 KB for the next run. A thousand orders, with all that belongs to them,
//! cost some 260 RRU. A seat that does not agree with its show costs 3 RRU more, and a show that
//! does not fit its plan 2 (per 4 KB of the plan).
//!
//! A run reads 150 RRU a second on average, and at most 300 in any second. That is a tenth of what
//! a partition of a table gives, so buyers do not notice it. In its 15 minutes a run reads some
//! 125,000 RRU at most, whatever it may read.
//!
//! Accounts are added up as they are read: the books, what came in and went out by day
//! (`domain/audit/books.rs`). A round that is over keeps them until the next one is. Each account is in
//! them as it was at one moment: one that changes while it is read is read again.
//!
//! Two runs at once do no harm. Both read, and the result of one is kept. The other one answers
//! that it was `superseded`.

mod accounts;
mod catalog;
mod changes;
mod doubt;
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

use self::doubt::{Doubt, Reread, Settled};
use super::pace::Pace;

/// How many RRU a run reads by default.
const USUAL_READ_UNITS: f64 = 100_000.0;

/// A run ends this long before its deadline: a page, and the second looks at what is on it, take
/// seconds.
const BEFORE_DEADLINE: SignedDuration = SignedDuration::from_secs(60);

/// The largest number of items of a page. The largest items are sessions of less than 800 bytes, so
/// a page reads at most 100 RRU.
const MAX_PAGE_LENGTH: f64 = 500.0;

/// How many doubts are settled at the same moment, for some 5 RRU each. While people buy, every
/// order that was paid since the seats were read is a doubt.
const AT_ONCE: usize = 10;

/// About how many of the smallest items one read unit reads. The last page of a run must not read
/// much more than what is left to read.
const ITEMS_A_READ_UNIT: f64 = 10.0;

/// How long it waits before a second look. The items of a transaction become visible one by one,
/// within milliseconds.
const SECOND_LOOK_AFTER: Duration = Duration::from_millis(50);

/// Checks. Answers with what it has found.
pub async fn handle(app: App, event: Value, deadline: Timestamp) -> Result<Value, ApiError> {
    let command: Command = http::command(&event, &FIELDS)?;
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
async fn go_on(app: &App, command: &Command, deadline: Timestamp) -> Result<RoundAnswer, ApiError> {
    let limits = Limits {
        read_units: read_units(command)?,
        end: deadline.saturating_sub(BEFORE_DEADLINE).unwrap_or(deadline),
    };
    let from_start = from_start(command)?;
    let ran = run(app, from_start, limits).await?;
    Ok(RoundAnswer {
        report: ran.round.report,
        started_at: Seconds(ran.round.started_at),
        runs: ran.round.runs,
        is_over: ran.round.stage == Stage::Done,
        run: RunAnswer {
            report: ran.found,
            read_units: usage::so_far().read,
            superseded: !ran.kept,
        },
    })
}

/// What a run may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How many RRU it may read. It reads some more for its last step.
    pub read_units: f64,
    /// When it begins no further step.
    pub end: Timestamp,
}

/// What a run has done.
pub(crate) struct Ran {
    /// The round after it.
    pub round: Round,
    /// What this run has found.
    pub found: Report,
    /// Whether it counts. If not, another run was faster.
    pub kept: bool,
}

/// Goes on with the round, or begins one: `from_start`, or if the last one is over.
pub(crate) async fn run(app: &App, from_start: bool, limits: Limits) -> Result<Ran, ApiError> {
    let now = app.now();
    let pace = Pace::new(now);
    let read = if from_start {
        app.store().round_without_memory().await?
    } else {
        app.store().round(|| pace.keep(app)).await?
    };
    let round = match read {
        Some(round) if !from_start && round.stage != Stage::Done => round,
        earlier => Round::after(earlier, now),
    };
    let mut run = Run {
        app,
        round,
        found: Report::default(),
        may_read: limits.read_units,
        pace,
    };
    loop {
        run.pace.keep(app).await;
        run.step().await?;
        if run.round.stage == Stage::Done || run.may_still_read() <= 0.0 || app.now() >= limits.end
        {
            break;
        }
    }
    let Run {
        mut round, found, ..
    } = run;
    round.runs += 1;
    round.report.add(&found);
    if round.stage == Stage::Done {
        round.end(app.now());
    }
    // First publish what was found: storing the round may fail.
    publish(app, &found);
    let kept = app.store().put_round(&round, now).await?;
    Ok(Ran { round, found, kept })
}

/// Checks one user.
async fn one_user(app: &App, user_id: UserId) -> Result<Report, ApiError> {
    let now = app.now();
    let mut run = Run {
        app,
        round: Round::after(None, now),
        found: Report::default(),
        may_read: USUAL_READ_UNITS,
        pace: Pace::new(now),
    };
    run.check_user(user_id).await?;
    run.check_sessions_of(user_id).await?;
    run.check_account_of(user_id).await?;
    Ok(run.found)
}

/// Publishes what a run has found as metrics, and logs it. The log does not name users.
fn publish(app: &App, found: &Report) {
    app.metrics().audit(found, app.now());
    for Violation {
        kind,
        table,
        seq,
        reservation_id,
        show,
        seat_number,
        plan_id,
        queue_id,
        number,
        change_id,
        ..
    } in &found.examples
    {
        tracing::error!(
            ?kind,
            ?table,
            ?seq,
            ?reservation_id,
            ?show,
            ?seat_number,
            ?plan_id,
            ?queue_id,
            ?number,
            ?change_id,
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
    /// The stage is over.
    Over,
}

impl Run<'_> {
    /// Reads one page of the stage, or settles some of the doubts that earlier stages have left.
    async fn step(&mut self) -> Result<(), StoreError> {
        let step = match self.round.stage {
            Stage::Catalog => self.read_catalog().await?,
            Stage::Plans => self.settle_plans().await?,
            Stage::Users => self.read_users().await?,
            Stage::Addresses => self.settle_addresses().await?,
            Stage::Seats => self.read_seats().await?,
            Stage::Sessions => self.read_sessions().await?,
            Stage::HeldSeats => self.settle_held_seats().await?,
            Stage::Queues => self.read_queues().await?,
            Stage::Changes => self.read_changes().await?,
            Stage::Accounts => self.read_accounts().await?,
            Stage::UsersLeft => self.settle_users_left().await?,
            Stage::SeatsLeft => self.settle_seats_left().await?,
            Stage::ChangesLeft => self.settle_changes_left().await?,
            Stage::Done => Step::Over,
        };
        if step == Step::Over {
            self.round.stage = self.round.stage.next();
        }
        Ok(())
    }

    fn report(&mut self, violation: Violation) {
        self.found.accuse(violation);
    }

    fn report_all(&mut self, violations: Vec<Violation>) {
        for violation in violations {
            self.report(violation);
        }
    }

    /// Looks again at what is doubtful, and reports what is still wrong.
    async fn settle(&mut self, doubts: Vec<Doubt>) -> Result<(), StoreError> {
        let app = self.app;
        let mut doubts = doubts.into_iter().peekable();
        while doubts.peek().is_some() {
            self.pace.keep(app).await;
            let next = doubts.by_ref().take(AT_ONCE);
            let settled = try_join_all(next.map(|doubt| doubt.settle(app))).await?;
            for Settled {
                violations,
                account,
            } in settled
            {
                self.report_all(violations);
                match account {
                    Some(Reread::Whole(ledger)) => self.add_to_books(&ledger),
                    Some(Reread::Moving) => self.round.memory.books.left_out += 1,
                    None => {}
                }
            }
        }
        Ok(())
    }

    /// Settles some of the doubts that a stage has left. Over when there are none.
    async fn settle_some(&mut self, doubts: Vec<Doubt>) -> Result<Step, StoreError> {
        if doubts.is_empty() {
            return Ok(Step::Over);
        }
        self.settle(doubts).await?;
        Ok(Step::More)
    }

    /// The RRU that the run may still read.
    fn may_still_read(&self) -> f64 {
        self.may_read - usage::so_far().read
    }

    /// The number of items of the next page.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 1 and a few thousand"
    )]
    fn page(&self) -> u32 {
        (self.may_still_read() * ITEMS_A_READ_UNIT).clamp(1.0, MAX_PAGE_LENGTH) as u32
    }

    /// Notes where the next page of the stage's table begins.
    fn turn_page(&mut self, next: Option<shared::store::audit::Position>) -> Step {
        self.round.position = next;
        match self.round.position {
            Some(_) => Step::More,
            None => Step::Over,
        }
    }
}

/// What was read in a second look. `None` if an item cannot be parsed: the pages of its table
/// report that.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Unreadable(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits before a second look.
async fn wait_before_second_look() {
    tokio::time::sleep(SECOND_LOOK_AFTER).await;
}

/// The fields of an event.
const FIELDS: [&str; 3] = ["from_start", "read_units", "user_id"];

/// The event. That of a schedule has only `read_units`.
#[derive(Deserialize)]
struct Command {
    from_start: Field,
    read_units: Field,
    user_id: Field,
}

/// The answer: the round so far.
#[derive(Serialize)]
struct RoundAnswer {
    #[serde(flatten)]
    report: Report,
    started_at: Seconds,
    runs: u32,
    is_over: bool,
    run: RunAnswer,
}

/// This run's part of the round.
#[derive(Serialize)]
struct RunAnswer {
    #[serde(flatten)]
    report: Report,
    read_units: f64,
    superseded: bool,
}
