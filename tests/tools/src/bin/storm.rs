//! A storm of malicious connections: silent ones, very slow ones, bodies that never come or never
//! end, answers that are never read, garbage. Meanwhile a normal client keeps calling, and
//! afterwards everything works.
//!
//! ```text
//! cargo local-fast
//! cargo run --profile fast -p tools --bin storm -- --connections 10000 --seconds 60
//! ```

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clap::Parser;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};
use tools::{Client, Failure, Request, exit_code, text};

/// Storms a shop on this machine, and checks that it still works.
#[derive(Parser)]
struct Arguments {
    /// Where the shop listens: an address of this machine.
    #[arg(long, default_value = "127.0.0.1:3000", value_parser = loopback)]
    address: SocketAddr,
    /// How many connections storm it at once.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    connections: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// The id of the shop's process, to print its memory.
    #[arg(long)]
    process: Option<u32>,
}

/// How a connection behaves.
#[derive(Clone, Copy)]
enum Manner {
    /// It sends nothing.
    Silent,
    /// It sends its request a byte a second.
    Slow,
    /// It announces a body that does not come.
    Withholding,
    /// It sends chunks without end.
    Endless,
    /// It asks for a large file many times, and reads nothing.
    Deaf,
    /// It sends something that is not HTTP.
    Garbage,
    /// It hangs up in the middle.
    Fleeting,
}

const MANNERS: [Manner; 7] = [
    Manner::Silent,
    Manner::Slow,
    Manner::Withholding,
    Manner::Endless,
    Manner::Deaf,
    Manner::Garbage,
    Manner::Fleeting,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_code(run(&Arguments::parse()).await.map(|()| true))
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    // The most files that are allowed, because each connection is one.
    let files = rlimit::increase_nofile_limit(u64::MAX)?;
    let most = u32::try_from(files.saturating_sub(50)).unwrap_or(u32::MAX);
    let connections = arguments.connections.min(most);
    print_memory("before", arguments.process)?;
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let open = Arc::new(AtomicUsize::new(0));
    let storm: Vec<_> = MANNERS
        .iter()
        .cycle()
        .take(connections as usize)
        .map(|manner| {
            let (manner, open, address) = (*manner, Arc::clone(&open), arguments.address);
            tokio::spawn(async move {
                let storming = async {
                    loop {
                        // When a connection ends in any way, another one follows. The storm takes
                        // connections and memory; fast requests are the task of the load
                        // generators.
                        let _ = manner.storm(address, &open).await;
                        tokio::time::sleep(Duration::from_secs(5)).await;
                    }
                };
                let _ = tokio::time::timeout_at(end, storming).await;
            })
        })
        .collect();

    let (mut served, mut turned_away, mut unanswered) = (0_u32, 0_u32, 0_u32);
    let mut progress = Instant::now();
    while Instant::now() < end {
        match tokio::time::timeout(Duration::from_secs(5), sign_up(arguments.address)).await {
            Ok(Ok(201)) => served += 1,
            Ok(Ok(503)) => turned_away += 1,
            Ok(Ok(status)) => return Err(format!("in the storm, it answers {status}").into()),
            Ok(Err(_)) | Err(_) => unanswered += 1,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        if progress.elapsed() > Duration::from_secs(5) {
            progress = Instant::now();
            let open = open.load(Ordering::Relaxed);
            eprintln!(
                "{open} open, {served} served, {turned_away} turned away, {unanswered} unanswered"
            );
        }
    }
    println!(
        "{connections} connections for {} s: {served} of those who asked meanwhile were served, \
         {turned_away} turned away, {unanswered} not answered",
        arguments.seconds,
    );
    print_memory("in the storm", arguments.process)?;
    for connection in storm {
        connection.await?;
    }
    after(arguments.address).await?;
    print_memory("after", arguments.process)
}

/// After the storm, everybody is served, at the latest when the end of the last connection has been
/// noticed.
async fn after(address: SocketAddr) -> Result<(), Failure> {
    // Longer than any machine needs.
    const PATIENCE: Duration = Duration::from_mins(10);

    let calm = async {
        let mut in_a_row = 0;
        while in_a_row < 100 {
            match sign_up(address).await {
                Ok(201) => in_a_row += 1,
                _ => in_a_row = 0,
            }
        }
    };
    tokio::time::timeout(PATIENCE, calm)
        .await
        .map_err(|_| "it does not serve everybody after the storm".into())
}

/// A normal client with a connection of its own. It signs up, and returns the status.
async fn sign_up(address: SocketAddr) -> Result<u16, Failure> {
    let mut client = Client::open(&address.to_string()).await?;
    let (status, user) = client.send(Request::sign_up("손님")).await?;
    if status == 201 {
        text(&user["user_id"])?;
    }
    Ok(status)
}

impl Manner {
    /// Opens a connection and behaves in this way until it ends.
    async fn storm(self, address: SocketAddr, open: &AtomicUsize) -> Result<(), Failure> {
        let mut connection = TcpStream::connect(address).await?;
        open.fetch_add(1, Ordering::Relaxed);
        let result = self.behave(&mut connection).await;
        open.fetch_sub(1, Ordering::Relaxed);
        result
    }

    async fn behave(self, connection: &mut TcpStream) -> Result<(), Failure> {
        const ASK: &[u8] = b"GET /v1/concerts HTTP/1.1\r\nhost: storm\r\n\r\n";
        const FILE: &[u8] = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: storm\r\n\r\n";
        const WITH_BODY: &[u8] =
            b"POST /v1/users HTTP/1.1\r\nhost: storm\r\ncontent-length: 100000\r\n\r\n";
        const WITH_CHUNKS: &[u8] =
            b"POST /v1/users HTTP/1.1\r\nhost: storm\r\ntransfer-encoding: chunked\r\n\r\n";
        match self {
            Self::Silent => {}
            Self::Slow => {
                for byte in ASK {
                    connection.write_u8(*byte).await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Self::Withholding => connection.write_all(WITH_BODY).await?,
            Self::Endless => {
                connection.write_all(WITH_CHUNKS).await?;
                let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
                loop {
                    connection.write_all(chunk.as_bytes()).await?;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
            Self::Deaf => {
                // More than any socket's buffer has room for.
                connection.write_all(&FILE.repeat(20)).await?;
                std::future::pending::<()>().await;
            }
            Self::Garbage => {
                connection
                    .write_all(&[ASK, b"\0\x16\x03garbage\r\n\r\n"].concat())
                    .await?;
            }
            Self::Fleeting => return Ok(connection.write_all(&WITH_BODY[..40]).await?),
        }
        let mut rest = Vec::new();
        connection.read_to_end(&mut rest).await?;
        Ok(())
    }
}

/// Prints how much memory the process has, if it is known.
fn print_memory(when: &str, process: Option<u32>) -> Result<(), Failure> {
    let Some(process) = process else {
        return Ok(());
    };
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let resident = status.lines().find(|line| line.starts_with("VmRSS:"));
    println!(
        "memory {when}: {}",
        resident
            .unwrap_or("unknown")
            .trim_start_matches("VmRSS:")
            .trim()
    );
    Ok(())
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|error| format!("{error}"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("a storm is for this machine only".to_owned())
    }
}
