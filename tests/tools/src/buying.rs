//! What is on sale, and how a seat of it is bought.

use serde_json::{Value, json};

use crate::{Client, Failure, Request, expect, list, text};

/// The requests that [`Client::buy`] makes, in their order.
pub const STEPS: [&str; 8] = [
    "sign-up", "join", "poll", "dates", "seats", "hold", "charge", "pay",
];

/// A concert on one date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Show {
    /// Its concert.
    pub concert_id: String,
    /// Its date.
    pub date: String,
    /// How many seats it has.
    pub capacity: u64,
    /// How many of them are free.
    pub seats_left: u64,
}

/// A seat of a show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// Its concert.
    pub concert_id: String,
    /// Its date.
    pub date: String,
    /// Its number, from 1.
    pub number: u64,
}

impl Show {
    /// One of its seats, by its number.
    pub fn seat(&self, number: u64) -> Seat {
        Seat {
            concert_id: self.concert_id.clone(),
            date: self.date.clone(),
            number,
        }
    }
}

/// A seat that was bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bought {
    /// The guest that bought it.
    pub user_id: String,
    /// Their order.
    pub reservation_id: String,
}

impl Client {
    /// Signs up a guest that only reads. They join the queue of a concert, or `main` if none is
    /// given. Returns their queue token.
    pub async fn visitor(&mut self, concert_id: Option<&str>) -> Result<String, Failure> {
        let user = self.ask(Request::sign_up("손님")).await?;
        let join = Request::join(&text(&user["user_id"])?, concert_id);
        text(&self.ask(join).await?["token"])
    }

    /// People who wait in a queue of their own, which lets in hardly anybody: their tokens.
    pub async fn waiting(&mut self, people: usize) -> Result<Vec<String>, Failure> {
        let (email, password) = ("rates@example.com", "correct horse battery");
        let command = json!({ "email": email, "password": password });
        // In a shop that was measured before, the administrator is there already.
        self.send(Request::invoke("make-admin", command)).await?;
        let credentials = json!({ "email": email, "password": password });
        let login = Request::post("/v1/auth/login", credentials);
        let token = text(&self.ask(login).await?["token"])?;
        let settings = json!({ "max_active": 1, "rate": 0.001 });
        let queue = Request::put("/v1/queues/rates", settings).token(&token);
        self.ask(queue).await?;
        let shows = json!([{ "date": "2090-01-01", "price": 1 }]);
        let concert = json!({ "name": "rates", "queue_id": "rates", "shows": shows });
        let create = Request::create("/v1/concerts", concert).token(&token);
        let concert_id = text(&self.ask(create).await?["concert_id"])?;

        // The first one may walk in.
        self.visitor(Some(&concert_id)).await?;
        let mut waiting = Vec::new();
        for _ in 0..people {
            waiting.push(self.visitor(Some(&concert_id)).await?);
        }
        Ok(waiting)
    }

    /// The shows of the first hundred concerts on sale whose line lets newcomers in. There must be
    /// at least one.
    pub async fn shows(&mut self) -> Result<Vec<Show>, Failure> {
        let listed = self.ask(Request::get("/v1/concerts?limit=100")).await?;
        let mut shows = Vec::new();
        for concert in list(&listed["concerts"])? {
            let concert_id = text(&concert["concert_id"])?;
            let token = self.visitor(Some(&concert_id)).await?;
            let dates = Request::dates(&token, &concert_id);
            let (status, dates) = self.send(dates).await?;
            if status == 403 && dates["code"] == "NOT_YOUR_TURN" {
                continue;
            }
            expect(status == 200, "the dates are listed", &dates)?;
            for show in list(&dates["dates"])? {
                let count = |name: &str| show[name].as_u64().ok_or("a show has no count of seats");
                shows.push(Show {
                    concert_id: concert_id.clone(),
                    date: text(&show["date"])?,
                    capacity: count("capacity")?,
                    seats_left: count("seats_left")?,
                });
            }
        }
        if shows.is_empty() {
            Err("there is nothing on sale".into())
        } else {
            Ok(shows)
        }
    }

    /// Each seat of a show with its status, as the holder of a queue token sees them.
    pub async fn seats(
        &mut self,
        token: &str,
        concert_id: &str,
        date: &str,
    ) -> Result<Vec<(Seat, Value)>, Failure> {
        let seats = self.ask(Request::seats(token, concert_id, date)).await?;
        let seats = list(&seats["seats"])?.iter().map(|seen| {
            let number = seen["seat_number"].as_u64();
            let seat = Seat {
                concert_id: concert_id.to_owned(),
                date: date.to_owned(),
                number: number.ok_or("a seat has no number")?,
            };
            Ok((seat, seen["status"].clone()))
        });
        seats.collect()
    }

    /// Buys a free seat as a new guest, and checks every answer.
    pub async fn buy(&mut self, seat: &Seat) -> Result<Bought, Failure> {
        let Seat {
            concert_id, date, ..
        } = seat;
        let user = self.ask(Request::sign_up("부하")).await?;
        let user_id = text(&user["user_id"])?;
        let join = Request::join(&user_id, Some(concert_id));
        let token = text(&self.ask(join).await?["token"])?;
        let place = self.ask(Request::place(&token)).await?;
        expect(place["status"] == "ACTIVE", "it is our turn", &place)?;

        let dates = self.ask(Request::dates(&token, concert_id)).await?;
        let mut dates = list(&dates["dates"])?.iter();
        let listed = dates.find(|listed| listed["date"] == **date);
        let price = &listed.ok_or("the date is not listed")?["price"];
        let seats = self.seats(&token, concert_id, date).await?;
        let free = (seat.clone(), json!("FREE"));
        expect(
            seats.contains(&free),
            "the seat is free",
            &json!(seat.number),
        )?;

        let held = self.ask(Request::hold(&token, seat)).await?;
        let reservation_id = text(&held["reservation_id"])?;
        let charged = self.ask(Request::charge(&token, &user_id, price)).await?;
        let is_there = charged["current_balance"] == *price;
        expect(is_there, "the money is there", &charged)?;
        let pay = Request::pay(&token, concert_id, &reservation_id, price);
        let paid = self.ask(pay).await?;
        let is_ours = paid["seat_number"] == seat.number && paid["current_balance"] == 0;
        expect(is_ours, "the seat is ours", &paid)?;
        Ok(Bought {
            user_id,
            reservation_id,
        })
    }
}
