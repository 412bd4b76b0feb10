//! The process that is killed.

use std::{fs::File, path::Path, process::Stdio, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::{
    connection::{Connection, Failure, text},
    visitor::visitor,
};

/// What a process says that can be spoken with.
const LISTENING: &str = "Onsale is listening on http://";

/// How long one may take until it says so: longer than any machine needs.
const PATIENCE: Duration = Duration::from_mins(10);

/// A seat on sale.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// Its concert.
    pub concert_id: String,
    /// Its show.
    pub date: String,
    /// Its number.
    pub number: u64,
}

/// A local stack in a process of its own.
pub struct Shop {
    /// Where it listens.
    pub address: String,
    process: Child,
}

impl Shop {
    /// Starts one on a data file, and returns when it listens.
    pub async fn start(binary: &Path, data: &Path) -> Result<Self, Failure> {
        let mut process = Self::spawn(binary, data)?;
        let said = process.stdout.take().ok_or("it has no output")?;
        let mut lines = BufReader::new(said).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = line.strip_prefix(LISTENING) {
                    return Ok(address.to_owned());
                }
            }
            Err(Failure::from("the stack did not start; its log says why"))
        };
        let address = tokio::time::timeout(PATIENCE, listening).await??;
        Ok(Self { address, process })
    }

    /// Starts one, and does not wait for it.
    pub fn spawn(binary: &Path, data: &Path) -> Result<Child, Failure> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))?;
        Command::new(binary)
            .args(["--port", "0", "--demo-shows", "400", "--data"])
            .arg(data)
            .args([
                "--parameter-overrides",
                "MainRate=10000",
                "MainMaxActive=1000000",
            ])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", binary.display()).into())
    }

    /// Kills it with SIGKILL.
    pub async fn kill(mut self) -> Result<(), Failure> {
        Ok(self.process.kill().await?)
    }

    /// Ends it as Ctrl-C does.
    pub async fn end(mut self) -> Result<(), Failure> {
        let id = self.process.id().ok_or("it has ended already")?;
        let told = Command::new("kill")
            .args(["-INT", &id.to_string()])
            .status()
            .await?;
        let ended = self.process.wait().await?;
        if told.success() && ended.success() {
            Ok(())
        } else {
            Err(format!("it ended with {ended}").into())
        }
    }

    /// All seats that the demo data has on sale, show by show.
    pub async fn seats(&self) -> Result<Vec<Seat>, Failure> {
        let mut connection = Connection::open(&self.address).await?;
        let listing = connection.send("GET", "/v1/concerts?limit=100", "", None);
        let (_, listed) = listing.await?;
        let mut seats = Vec::new();
        let token = visitor(&mut connection, None).await?;
        for concert in listed["concerts"].as_array().into_iter().flatten() {
            let concert_id = text(&concert["concert_id"])?;
            let path = format!("/v1/concerts/{concert_id}/dates");
            let (_, dates) = connection.send("GET", &path, &token, None).await?;
            for show in dates["dates"].as_array().into_iter().flatten() {
                let capacity = show["capacity"].as_u64().ok_or("a show has no seats")?;
                let date = text(&show["date"])?;
                seats.extend((1..=capacity).map(|number| Seat {
                    concert_id: concert_id.clone(),
                    date: date.clone(),
                    number,
                }));
            }
        }
        if seats.is_empty() {
            return Err("there is nothing on sale".into());
        }
        Ok(seats)
    }

    /// Moves its clock.
    pub async fn advance(&self, seconds: u32) -> Result<(), Failure> {
        let mut connection = Connection::open(&self.address).await?;
        let body = json!({ "advance_seconds": seconds });
        let (status, body) = connection
            .send("POST", "/_local/clock", "", Some(body))
            .await?;
        if status == 200 {
            Ok(())
        } else {
            Err(format!("the clock does not move: {body}").into())
        }
    }

    /// Has its data audited, from one end to the other.
    pub async fn audit(&self) -> Result<(), Failure> {
        const PATH: &str = "/2015-03-31/functions/audit/invocations";

        let mut connection = Connection::open(&self.address).await?;
        let mut order = json!({ "from_start": true });
        loop {
            let asked = connection.send("POST", PATH, "", Some(order));
            let (_, report) = asked.await?;
            if report["violations"] != 0 {
                return Err(format!("the audit finds violations: {report}").into());
            }
            if report["is_over"] == true {
                return Ok(());
            }
            order = json!({});
        }
    }
}
