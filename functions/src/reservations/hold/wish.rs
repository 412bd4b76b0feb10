//! What a request to hold seats asks for.

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::{
    app::App,
    domain::{
        best,
        ids::{ShowId, ShowKey},
        plan::Grade,
        seat::{MAX_SEATS_PER_HOLD, NoSeatSet, SeatNumber, SeatSet, TakenSeat},
        show::{Show, USUAL_CAPACITY},
        user::Name,
    },
    error::{ApiError, Constraint},
    http::{Field, RequestParts as _, body, unknown_field},
    jiff::Timestamp,
    lambda_http::Request,
    store::StoreError,
};
use utoipa::ToSchema;

/// What a request to hold seats asks for.
pub(super) struct Wish {
    show: ShowId,
    seats: Wanted<Result<SeatSet, NoSeatSet>>,
}

/// Which seats it asks for.
pub(super) enum Wanted<Seats> {
    /// Those with these numbers.
    These(Seats),
    /// The best ones.
    Best(best::Wish),
}

/// What was read beside the door. Losing attempts are the common case of an on-sale, and a look at
/// the seats is cheaper than a refused transaction.
pub(super) struct Look {
    pub show: Result<Show, ApiError>,
    pub taken: Result<Vec<TakenSeat>, StoreError>,
}

impl Wish {
    pub fn of(request: &Request) -> Result<Self, ApiError> {
        let body: HoldSeats = body(request)?;
        let ways = [&body.seat_number, &body.seat_numbers, &body.best];
        let ways = ways.iter().filter(|way| way.is_there()).count();
        if !body.date.is_there() || ways == 0 {
            return Err(ApiError::MissingDateOrSeat);
        }
        if ways > 1 {
            return Err(ApiError::BadRequest);
        }
        let key: ShowKey = body.date.read().value().ok_or(ApiError::InvalidDate)?;
        let seats = if body.best.is_there() {
            Wanted::Best(best_of(&body.best)?)
        } else {
            let numbers = body.numbers().ok_or(NoSeatSet::Malformed);
            Wanted::These(numbers.and_then(SeatSet::of_numbers))
        };
        let show = ShowId {
            concert_id: request.concert_id()?,
            key,
        };
        Ok(Self { show, seats })
    }

    /// Reads the show, and which of the seats are not free.
    pub async fn look(&self, app: &App, now: Timestamp) -> Look {
        let taken = async |show| match &self.seats {
            Wanted::These(Ok(seats)) => app.store().look_at_seats(show, seats).await,
            Wanted::These(Err(_)) | Wanted::Best(_) => Ok(Vec::new()),
        };
        let (show, taken) = app.cached_show_beside(self.show, now, taken).await;
        Look { show, taken }
    }

    /// The show, and the seats as seats of that show.
    pub fn check(self, show: Result<Show, ApiError>) -> Result<(Show, Wanted<SeatSet>), ApiError> {
        let seats = match self.seats {
            Wanted::Best(wish) => return Ok((show?, Wanted::Best(wish))),
            Wanted::These(seats) => seats,
        };
        // Without a show an error names the usual capacity.
        let capacity = show.as_ref().map_or(USUAL_CAPACITY, |show| show.capacity);
        let seats = seats.map_err(|why| match why {
            NoSeatSet::TooMany => ApiError::TooManySeats,
            NoSeatSet::Malformed => ApiError::InvalidSeatNumber { capacity },
        })?;
        let show = show?;
        if show.has(seats.last()) {
            Ok((show, Wanted::These(seats)))
        } else {
            Err(ApiError::InvalidSeatNumber { capacity })
        }
    }
}

/// The wish of a request for the best seats. A field that is misspelt must not be left out: somebody
/// may need a wheelchair place.
fn best_of(field: &Field) -> Result<best::Wish, ApiError> {
    const FIELDS: [&str; 5] = ["count", "grade", "section", "accessible", "apart"];
    let wrong = || ApiError::Invalid(Constraint::Best);
    let fields: BTreeMap<String, Field> = field.object().value().ok_or_else(wrong)?;
    if let Some(name) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(unknown_field(name));
    }
    let best: BestSeats = field.object().value().ok_or_else(wrong)?;
    let most = i64::try_from(MAX_SEATS_PER_HOLD).unwrap_or(i64::MAX);
    let count = best
        .count
        .whole()
        .filter(|count| (1..=most).contains(count));
    let count = count.value().ok_or_else(wrong)?;
    let places = best.accessible.whole();
    let places = places.filter(|places| (0..=count).contains(places));
    let wish = best::Wish {
        count: u32::try_from(count).map_err(|_| wrong())?,
        grade: best.grade.text(Grade::parse, wrong())?,
        section: best.section.text(section, wrong())?,
        accessible: places
            .or_malformed(wrong())?
            .map_or(Ok(0), u32::try_from)
            .map_err(|_| wrong())?,
        apart: best.apart.read().or_malformed(wrong())?.unwrap_or(false),
    };
    if wish.accessible > 0 && wish.apart {
        return Err(wrong());
    }
    Ok(wish)
}

/// The name of a section in Unicode's composed form, as plans have it.
fn section(text: &str) -> Option<String> {
    Name::parse(text).map(|name| name.as_str().to_owned())
}

/// The seats to hold: exactly one of `seat_number`, `seat_numbers` and `best`.
#[derive(Deserialize, ToSchema)]
pub struct HoldSeats {
    /// The show: its date, or its date and its start. A date alone names the only show of that day.
    #[schema(value_type = ShowKey, required)]
    date: Field,
    /// The number of one seat.
    #[schema(value_type = Option<SeatNumber>)]
    seat_number: Field,
    /// The numbers of several seats. All of them are held, or none.
    #[schema(value_type = Option<SeatSet>)]
    seat_numbers: Field,
    /// The best free seats of this kind.
    #[schema(value_type = Option<BestSeats>)]
    best: Field,
}

impl HoldSeats {
    /// The numbers of the seats. `None` if they are not a number, or not a list of numbers.
    fn numbers(&self) -> Option<Vec<u64>> {
        if self.seat_number.is_there() {
            let number = self.seat_number.whole().value();
            number.map(|number| vec![number])
        } else {
            self.seat_numbers.wholes().value()
        }
    }
}

/// What the best seats have to be.
#[derive(Deserialize, ToSchema)]
pub struct BestSeats {
    /// How many seats.
    #[schema(value_type = u32, minimum = 1, maximum = 4, required, example = 2)]
    count: Field,
    /// Their grade. If not given, any, the best first. Only for a show with a plan.
    #[schema(value_type = Option<Grade>)]
    grade: Field,
    /// The name of their section. If not given, any. Only for a show with a plan.
    #[schema(value_type = Option<String>, example = "1층")]
    section: Field,
    /// How many of them are wheelchair places, at least: 0 to `count`. If 0 or not given, none is.
    /// Only for a show with a plan.
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 4)]
    accessible: Field,
    /// Whether they may be apart, in as few pieces as possible, if as many are not free together.
    /// Not with `accessible`.
    #[schema(value_type = Option<bool>)]
    apart: Field,
}
