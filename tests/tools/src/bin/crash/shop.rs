//! The process that is killed.

use std::{fs::File, path::Path, process::Stdio, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use tools::{Client, Failure, Request, Seat};

/// The line that a process prints when it listens.
const LISTENING: &str = "Onsale is listening on http://";

/// How long that may take: longer than any machine needs.
const PATIENCE: Duration = Duration::from_mins(10);

/// A local stack in a process of its own.
pub struct Shop {
    /// Where it listens.
    pub address: String,
    process: Child,
}

impl Shop {
    /// Starts a stack on a data file, and returns when it listens.
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

    /// Starts a stack, and does not wait for it.
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

    /// Ends it, as Ctrl-C does.
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

    /// Connects to it.
    pub async fn client(&self) -> Result<Client, Failure> {
        Client::open(&self.address).await
    }

    /// All seats that the demo data has on sale, show by show.
    pub async fn seats(&self) -> Result<Vec<Seat>, Failure> {
        let shows = self.client().await?.shows().await?;
        let mut seats = Vec::new();
        for show in shows {
            seats.extend((1..=show.capacity).map(|number| show.seat(number)));
        }
        Ok(seats)
    }

    /// Moves its clock.
    pub async fn advance(&self, seconds: u32) -> Result<(), Failure> {
        let body = json!({ "advance_seconds": seconds });
        let advance = Request::post("/_local/clock", body);
        self.client().await?.ask(advance).await?;
        Ok(())
    }

    /// Audits its data, from beginning to end.
    pub async fn audit(&self) -> Result<(), Failure> {
        let mut client = self.client().await?;
        let mut command = json!({ "from_start": true });
        loop {
            let report = client.ask(Request::invoke("audit", command)).await?;
            if report["violations"] != 0 {
                return Err(format!("the audit finds violations: {report}").into());
            }
            if report["is_over"] == true {
                return Ok(());
            }
            command = json!({});
        }
    }
}
