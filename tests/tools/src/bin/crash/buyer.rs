//! Buyers, and the answers that each of them has got before the process was killed.

use std::{
    fmt, io,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use tools::{Client, Failure, Request, Seat, text};

/// What a seat of the demo data costs.
const PRICE: u64 = 50_000;

/// A step of a buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Signs up.
    SignUp,
    /// Joins the queue.
    Join,
    /// Charges this amount.
    Charge(u64),
    /// Holds the seat.
    Hold,
    /// Pays for it.
    Pay,
    /// Cancels the hold, or refunds the order.
    Cancel,
}

/// The state of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is not paid yet.
    Held,
    /// It is paid.
    Paid,
    /// It was cancelled before it was paid.
    Cancelled,
    /// It was refunded.
    Refunded,
}

impl Standing {
    /// The status in the API.
    pub fn status(self) -> &'static str {
        match self {
            Self::Held => "HELD",
            Self::Paid => "PAID",
            Self::Cancelled => "CANCELLED",
            Self::Refunded => "REFUNDED",
        }
    }
}

/// What a buyer knows from answers, and the step whose answer is missing.
pub struct Book {
    /// The buyer's id; empty until they have got it.
    pub user_id: String,
    /// Their access token.
    pub access_token: String,
    /// Their queue token.
    pub token: String,
    /// The seat that this buyer buys.
    pub seat: Seat,
    /// The entries of their account: kind and amount.
    pub entries: Vec<(&'static str, u64)>,
    /// Their reservation.
    pub reservation: Option<(String, Standing)>,
    /// The step without an answer.
    pub doubt: Option<Step>,
    /// The step that was repeated because it had no answer.
    pub taken_again: Option<Step>,
}

/// Buys seat after seat, each as another user, until the process is killed.
pub async fn keep_buying(
    address: &str,
    seats: &[Seat],
    next: &AtomicUsize,
    books: &Mutex<Vec<Book>>,
    mut random: StdRng,
) -> Result<(), Failure> {
    use Step::{Cancel, Charge, Hold, Join, Pay, SignUp};
    /// What buyers do after they have held a seat.
    const FATES: [&[Step]; 4] = [&[], &[Cancel], &[Pay], &[Pay, Cancel]];

    let Ok(mut client) = Client::open(address).await else {
        return Ok(());
    };
    loop {
        let seat = seats.get(next.fetch_add(1, Ordering::Relaxed));
        let mut book = Book::of(seat.ok_or("all seats have been bought")?);
        let fate = FATES.choose(&mut random).copied().unwrap_or_default();
        let before = [
            SignUp,
            Join,
            Charge(PRICE),
            Charge(random.random_range(1..9)),
            Hold,
        ];
        let mut result = Ok(());
        for step in before.iter().chain(fate) {
            result = book.go(&mut client, step).await;
            if result.is_err() {
                break;
            }
        }
        books.lock().map_err(|_| "a buyer has panicked")?.push(book);
        match result {
            Err(failure) if is_broken_off(&failure) => return Ok(()),
            result => result?,
        }
    }
}

/// Whether the connection ended before the answer.
fn is_broken_off(failure: &Failure) -> bool {
    failure.is::<hyper::Error>() || failure.is::<io::Error>()
}

/// Leaves out the tokens, which are secret.
impl fmt::Debug for Book {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Book")
            .field("user_id", &self.user_id)
            .field("seat", &self.seat)
            .field("entries", &self.entries)
            .field("reservation", &self.reservation)
            .field("doubt", &self.doubt)
            .finish_non_exhaustive()
    }
}

impl Book {
    fn of(seat: &Seat) -> Self {
        Self {
            user_id: String::new(),
            access_token: String::new(),
            token: String::new(),
            seat: seat.clone(),
            entries: Vec::new(),
            reservation: None,
            doubt: None,
            taken_again: None,
        }
    }

    /// Takes a step, or repeats it, and notes the result. Until the answer is there, the step is in
    /// doubt.
    pub async fn go(&mut self, client: &mut Client, step: &Step) -> Result<(), Failure> {
        self.doubt = Some(step.clone());
        let answer = client.ask(self.request(step)).await?;
        match step {
            Step::SignUp => {
                self.user_id = text(&answer["user_id"])?;
                self.access_token = text(&answer["token"])?;
            }
            Step::Join => self.token = text(&answer["token"])?,
            Step::Hold => {
                let reservation_id = text(&answer["reservation_id"])?;
                self.reservation = Some((reservation_id, Standing::Held));
            }
            Step::Charge(_) | Step::Pay | Step::Cancel => {}
        }
        self.entries.extend(self.entry_of(step));
        if let Some((_, standing)) = &mut self.reservation {
            *standing = match (step, *standing) {
                (Step::Pay, _) => Standing::Paid,
                (Step::Cancel, Standing::Paid) => Standing::Refunded,
                (Step::Cancel, _) => Standing::Cancelled,
                (_, standing) => standing,
            };
        }
        self.doubt = None;
        Ok(())
    }

    /// The entry that a step makes in the account.
    pub fn entry_of(&self, step: &Step) -> Option<(&'static str, u64)> {
        let was_paid = matches!(self.reservation, Some((_, Standing::Paid)));
        match step {
            Step::Charge(amount) => Some(("CHARGE", *amount)),
            Step::Pay => Some(("PAYMENT", PRICE)),
            Step::Cancel if was_paid => Some(("REFUND", PRICE)),
            _ => None,
        }
    }

    fn request(&self, step: &Step) -> Request {
        let Self {
            user_id,
            token,
            seat,
            ..
        } = self;
        let reservation_id = self.reservation_id();
        match step {
            Step::SignUp => Request::sign_up("구매자"),
            Step::Join => Request::join(user_id, None).key(user_id),
            Step::Charge(amount) => {
                let key = format!("charge-{}", self.entries.len());
                Request::charge(token, user_id, &json!(amount)).key(&key)
            }
            Step::Hold => Request::hold(token, seat),
            Step::Pay => Request::pay(token, &seat.concert_id, reservation_id, &json!(PRICE)),
            Step::Cancel => Request::cancel(token, &seat.concert_id, reservation_id),
        }
    }

    /// The status of their reservation.
    pub async fn reservation_status(&self, client: &mut Client) -> Result<Value, Failure> {
        let concert_id = &self.seat.concert_id;
        let look = Request::reservation(&self.access_token, concert_id, self.reservation_id());
        Ok(client.ask(look).await?["status"].clone())
    }

    fn reservation_id(&self) -> &str {
        self.reservation.as_ref().map_or("", |(id, _)| id)
    }
}
