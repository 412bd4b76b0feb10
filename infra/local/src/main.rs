//! `cargo local`: all of Onsale on this machine.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::Parser;
use local::{Arguments, Problem, Stack, banner};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Requests between the functions and the engine are many small texts. With this allocator they
/// take two thirds of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(problem.exit_code())
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Problem> {
    let stack = Stack::start(arguments.options()?).await?;
    // The stack runs on even if nothing reads its output.
    let _ = io::stdout().write_all(banner(&stack).as_bytes());
    let _ = io::stdout().flush();
    end().await?;
    stack.stop().await;
    Ok(())
}

fn log() {
    let usual = "warn,dynoxide=error,local=info,shared=info,functions=info";
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

/// Returns at an interrupt or a request to terminate.
async fn end() -> Result<(), Problem> {
    let refused = |error: io::Error| Problem::failure(format!("cannot listen to signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
