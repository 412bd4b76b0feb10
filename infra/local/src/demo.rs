//! The demo data: what is on sale when a stack starts with new tables.

use jiff::ToSpan as _;
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, QueueId, ShowDate, UserId},
        money::Money,
        show::{Concert, Pricing, SalesWindow, Show},
        texts::ShowDetails,
        user::{Email, Name, Password, Role, User},
    },
    password,
};

use crate::Problem;

/// How many dates a concert has at most. More shows make more concerts.
const MAX_DATES: u32 = 20;

/// In how many days the first show is.
const DAYS_UNTIL_THE_FIRST: i32 = 30;

/// The demo administrator's e-mail address. It is printed at the start. No deployment has this
/// administrator.
pub const ADMIN_EMAIL: &str = "admin@onsale.local";
/// The demo administrator's password, as public as [`ADMIN_EMAIL`].
pub const ADMIN_PASSWORD: &str = "onsale-local-only";

/// The demo data.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The concerts, all on queue `main`, in the order of their names.
    pub concerts: Vec<DemoConcert>,
    /// A guest who has signed up.
    pub guest: UserId,
    /// An administrator, who logs in with [`ADMIN_EMAIL`] and [`ADMIN_PASSWORD`].
    pub admin: UserId,
}

/// A concert of the demo data.
#[derive(Debug, Clone)]
pub struct DemoConcert {
    /// Its id.
    pub concert_id: ConcertId,
    /// Its name.
    pub name: Name,
    /// The dates of its shows, of 50 seats each.
    pub dates: Vec<ShowDate>,
}

/// Creates concerts with this many shows in all, a guest and an administrator. The concerts are on
/// sale at once on queue `main`, and the first one is its default.
pub async fn create(app: &App, shows: u32) -> Result<Demo, Problem> {
    let mut concerts = Vec::new();
    for first in (0..shows).step_by(MAX_DATES as usize) {
        let number = u32::try_from(concerts.len()).unwrap_or(u32::MAX) + 1;
        let dates = MAX_DATES.min(shows - first);
        concerts.push(create_concert(app, number, dates).await?);
    }
    if let Some(concert) = concerts.first() {
        let set = app
            .store()
            .set_default_concert(&QueueId::main(), concert.concert_id)
            .await;
        set.map_err(failed)?;
    }
    Ok(Demo {
        concerts,
        guest: create_guest(app).await?,
        admin: create_admin(app).await?,
    })
}

async fn create_concert(app: &App, number: u32, dates: u32) -> Result<DemoConcert, Problem> {
    let concert = Concert {
        concert_id: ConcertId::new(),
        name: name(&format!("온세일 데모 콘서트 {number:02}"))?,
        queue_id: QueueId::main(),
        most_seats_a_person: None,
        left: Vec::new(),
    };
    let today = app.now().to_zoned(app.config().time_zone.clone()).date();
    let days = (DAYS_UNTIL_THE_FIRST..).take(dates as usize);
    let dates: Vec<ShowDate> = days
        .filter_map(|day| today.checked_add(day.days()).ok())
        .map(ShowDate::from)
        .collect();
    let shows: Vec<_> = dates.iter().map(|date| show(&concert, *date)).collect();
    app.store()
        .create_concert(&concert, &shows)
        .await
        .map_err(failed)?;
    Ok(DemoConcert {
        concert_id: concert.concert_id,
        name: concert.name,
        dates,
    })
}

fn show(concert: &Concert, date: ShowDate) -> Show {
    Show {
        concert_id: concert.concert_id,
        key: date.into(),
        concert_name: Some(concert.name.clone()),
        queue_id: concert.queue_id.clone(),
        capacity: 50,
        pricing: Pricing::Same {
            price: Money::won(50_000),
        },
        most_seats_a_person: None,
        sale: SalesWindow::default(),
        left: Vec::new(),
        details: ShowDetails::default(),
    }
}

async fn create_guest(app: &App) -> Result<UserId, Problem> {
    let guest = User::guest(name("데모 손님")?, app.now());
    app.store().sign_up(&guest).await.map_err(failed)?;
    Ok(guest.user_id)
}

async fn create_admin(app: &App) -> Result<UserId, Problem> {
    let credentials = Email::parse(ADMIN_EMAIL).zip(Password::parse(ADMIN_PASSWORD));
    let (email, password) = credentials.ok_or_else(|| failed("the credentials are invalid"))?;
    let hash = password::hash(password).await.map_err(failed)?;
    let admin = User::account(name("데모 관리자")?, email, hash, Role::Admin, app.now());
    app.store().sign_up(&admin).await.map_err(failed)?;
    Ok(admin.user_id)
}

fn name(text: &str) -> Result<Name, Problem> {
    Name::parse(text).ok_or_else(|| failed("a name is invalid"))
}

fn failed(error: impl std::fmt::Debug) -> Problem {
    Problem::failure(format!("The demo data could not be written: {error:?}"))
}
