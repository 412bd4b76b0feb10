//! The demo data: what is on sale when a stack starts with new tables.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::time};
use shared::{
    app::App,
    domain::{
        ids::{ConcertId, QueueId, ShowDate, ShowKey, UserId},
        money::Money,
        plan::{Grade, Plan},
        programme::Programme,
        show::{Concert, Pricing, SalesWindow, Show},
        texts::{Description, InLanguages, ShowDetails, Texts, Venue},
        user::{Email, Name, Password, Role, User},
    },
    password,
    store::plans::NewPlan,
};

use crate::Problem;

/// How many dates a concert has at most. More shows make more concerts.
const MAX_DATES: u32 = 20;

/// In how many days the first show is.
const DAYS_UNTIL_THE_FIRST: i32 = 30;

/// The plan of the hall.
const THEATRE: &str = include_str!("../../../shared/plans/theatre.json");

/// What the grades of the hall cost.
const PRICES: [(&str, u32); 4] = [
    ("VIP", 150_000),
    ("R", 110_000),
    ("S", 80_000),
    ("A", 50_000),
];

/// The most seats of the hall that one person may have.
const MOST_SEATS_A_PERSON: u32 = 4;

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
    /// The concert in a hall, if there is one, on queue `main` as well.
    pub hall: Option<DemoHall>,
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

/// A concert of the demo data in a hall with a plan.
#[derive(Debug, Clone)]
pub struct DemoHall {
    /// Its id.
    pub concert_id: ConcertId,
    /// Its name.
    pub name: Name,
    /// Its shows, two on one day.
    pub shows: [ShowKey; 2],
    /// How many seats each of them has.
    pub seats: u32,
}

/// Creates concerts with this many shows in all, a concert in a hall if it is wanted, a guest and an
/// administrator. The concerts are on sale at once on queue `main`, and the first one of those
/// without a hall is its default.
pub async fn create(app: &App, shows: u32, hall: bool) -> Result<Demo, Problem> {
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
    let hall = if hall {
        Some(create_hall(app).await?)
    } else {
        None
    };
    Ok(Demo {
        concerts,
        hall,
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
    let dates: Vec<_> = days(app).take(dates as usize).collect();
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

/// The days of the shows.
fn days(app: &App) -> impl Iterator<Item = ShowDate> {
    let today = app.now().to_zoned(app.config().time_zone.clone()).date();
    let days = (DAYS_UNTIL_THE_FIRST..).map_while(move |day| today.checked_add(day.days()).ok());
    days.map(ShowDate::from)
}

/// Creates a concert in a theatre, with two shows on one day. In the listing its name is before
/// those of the other concerts.
async fn create_hall(app: &App) -> Result<DemoHall, Problem> {
    let plan = Plan::read(THEATRE.as_bytes()).map_err(failed)?;
    let new = NewPlan::of(&plan).map_err(failed)?;
    app.store().add_plan(&new).await.map_err(failed)?;
    let concert = Concert {
        concert_id: ConcertId::new(),
        name: name("온세일 극장의 밤")?,
        queue_id: QueueId::main(),
        most_seats_a_person: Some(MOST_SEATS_A_PERSON),
        left: Vec::new(),
    };
    let day = days(app).next().ok_or_else(|| failed("there is no day"))?;
    let mut prices = BTreeMap::new();
    for (grade, price) in PRICES {
        let grade = Grade::parse(grade).ok_or_else(|| failed("a grade is invalid"))?;
        prices.insert(grade, Money::won(price));
    }
    let show = |(start, doors_at): (_, &str)| {
        Ok(Show {
            key: day.day().to_datetime(start).into(),
            capacity: plan.seats(),
            pricing: Pricing::ByGrade {
                plan_id: plan.id(),
                prices: prices.clone(),
            },
            details: ShowDetails {
                doors_at: Some(doors_at.parse().map_err(failed)?),
                ..ShowDetails::default()
            },
            ..show(&concert, day)
        })
    };
    let matinee = show((time(14, 0, 0, 0), "13:30"))?;
    let evening = show((time(19, 30, 0, 0), "19:00"))?;
    let shows = [matinee.key, evening.key];
    let programme = Programme {
        texts: texts()?,
        ..Programme::with_shows(concert, &[matinee, evening])
    };
    let created = app.store().create_programme(&programme).await;
    created.map_err(failed)?;
    Ok(DemoHall {
        concert_id: programme.concert.concert_id,
        name: programme.concert.name,
        shows,
        seats: plan.seats(),
    })
}

/// What people want to know of the concert in the hall.
fn texts() -> Result<Texts, Problem> {
    let description = |text| Description::parse(text).ok_or_else(|| failed("a text is invalid"));
    let venue = |text| Venue::parse(text).ok_or_else(|| failed("a venue is invalid"));
    Ok(Texts {
        description: Some(InLanguages {
            ko: Some(description(
                "극장에서 듣는 현악 사중주입니다.\n공연 시간은 중간 휴식 15분을 포함해 90분입니다.",
            )?),
            en: Some(description(
                "A string quartet in a theatre.\n90 minutes, with a break of 15 minutes.",
            )?),
        }),
        venue: Some(InLanguages {
            ko: Some(venue("온세일 극장")?),
            en: Some(venue("Onsale Theatre")?),
        }),
        age_limit: Some(8),
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
        sale_set_at: None,
        called_off: None,
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
