//! The requests that are counted, as the events that API Gateway makes of them.

use std::{collections::BTreeMap, fmt};

use clap::ValueEnum;
use serde_json::Value;
use tools::{Client, Failure, Request, Seat, Show, text};

/// A function that can be counted.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Function {
    /// The poll of somebody who waits.
    GetPlace,
    /// A hold of one seat, by a buyer whose turn it is and who has seen the dates.
    HoldSeats,
    /// The payment of such a hold.
    Pay,
}

impl Function {
    /// Its name, which is that of its binary.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetPlace => "get-place",
            Self::HoldSeats => "hold-seats",
            Self::Pay => "pay",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The shop that the requests are of.
pub struct Shop {
    address: String,
    /// Opened anew whenever it may have been idle for too long.
    client: Client,
    waiting: Vec<String>,
    seats: Box<dyn Iterator<Item = Seat>>,
}

/// A buyer whose turn it is.
struct Buyer {
    user_id: String,
    token: String,
    seat: Seat,
    price: Value,
}

impl Shop {
    /// Lets `people` wait in a line.
    pub async fn open(address: &str, people: usize) -> Result<Self, Failure> {
        let mut client = Client::open(address).await?;
        let shows = client.shows().await?;
        let waiting = client.waiting(people).await?;
        Ok(Self {
            address: address.to_owned(),
            client,
            waiting,
            seats: Box::new(seats(shows)),
        })
    }

    /// The environment of a function in a process of its own.
    pub async fn environment(
        &mut self,
        function: Function,
    ) -> Result<BTreeMap<String, String>, Failure> {
        self.client = Client::open(&self.address).await?;
        let lines = self
            .client
            .ask_for_text(Request::get(format!("/_local/environment/{function}")))
            .await?;
        let lines = lines.lines().filter_map(|line| line.split_once('='));
        Ok(lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    /// So many requests for a function, each of somebody else. Each can be made once.
    pub async fn events(
        &mut self,
        function: Function,
        count: usize,
    ) -> Result<Vec<Value>, Failure> {
        self.client = Client::open(&self.address).await?;
        let mut events = Vec::new();
        for index in 0..count {
            let request = match function {
                Function::GetPlace => Request::place(&self.waiting[index % self.waiting.len()]),
                Function::HoldSeats => {
                    let buyer = self.buyer().await?;
                    Request::hold(&buyer.token, &buyer.seat)
                }
                Function::Pay => self.payment().await?,
            };
            events.push(self.client.ask(request.event()).await?);
        }
        Ok(events)
    }

    /// The payment of a new hold.
    async fn payment(&mut self) -> Result<Request, Failure> {
        let Buyer {
            user_id,
            token,
            seat,
            price,
        } = self.buyer().await?;
        let held = self.client.ask(Request::hold(&token, &seat)).await?;
        let charge = Request::charge(&token, &user_id, &price);
        self.client.ask(charge).await?;
        let reservation_id = text(&held["reservation_id"])?;
        Ok(Request::pay(
            &token,
            &seat.concert_id,
            &reservation_id,
            &price,
        ))
    }

    /// A new buyer, who has seen the dates. Nobody else wants their seat.
    async fn buyer(&mut self) -> Result<Buyer, Failure> {
        let seat = self.seats.next();
        let seat = seat.ok_or("there are too few seats: give the shop more shows")?;
        let concert_id = &seat.concert_id;
        let user = self.client.ask(Request::sign_up("손님")).await?;
        let user_id = text(&user["user_id"])?;
        let join = Request::join(&user_id, Some(concert_id));
        let token = text(&self.client.ask(join).await?["token"])?;
        let dates = Request::dates(&token, concert_id);
        let dates = self.client.ask(dates).await?;
        let date = dates["dates"]
            .as_array()
            .and_then(|dates| dates.iter().find(|listed| listed["date"] == *seat.date));
        let price = date.ok_or("the date is not listed")?["price"].clone();
        Ok(Buyer {
            user_id,
            token,
            seat,
            price,
        })
    }
}

/// The seats of all shows: the last ones first, because other tools begin with the first.
fn seats(shows: Vec<Show>) -> impl Iterator<Item = Seat> {
    let most = shows.iter().map(|show| show.capacity).max().unwrap_or(0);
    (1..=most).rev().flat_map(move |number| {
        let shows = shows.iter().filter(|show| number <= show.capacity);
        shows.map(|show| show.seat(number)).collect::<Vec<_>>()
    })
}
