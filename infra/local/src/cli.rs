//! The command line of `cargo local`. Its flags are named as those of SAM and the AWS command line.

use std::path::PathBuf;

use clap::Parser;

use crate::{FirstUse, Limits, Options, Problem, Storage, Time};

/// How many shows of 50 seats the demo data has, unless the command line says it.
const USUAL_DEMO_SHOWS: u32 = 3;

/// Runs all of Onsale on this machine.
#[derive(Debug, Parser)]
#[command(name = "cargo local", bin_name = "cargo local")]
pub struct Arguments {
    /// The port of the API; 0 picks one.
    #[arg(long, value_name = "N", default_value_t = 3000)]
    port: u16,
    /// Parameters of template.yaml, in the form of sam deploy: HoldSeconds=5 MainRate=0.2
    #[arg(long, value_name = "KEY=VALUE", num_args = 1.., value_parser = assignment)]
    parameter_overrides: Vec<(String, String)>,
    /// A DynamoDB to use instead of the embedded one: DynamoDB Local, or AWS itself.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    dynamodb_endpoint: Option<String>,
    /// Keeps the data in this file. (The clock and messages on their way are not kept.)
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Creates no demo data.
    #[arg(long, conflicts_with = "demo_shows")]
    no_demo: bool,
    /// Creates this many shows of 50 seats, and nothing else to sell. Without it: three of them, and
    /// a concert in a theatre.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    demo_shows: Option<u32>,
    /// Reads the page's files from this folder, again for each request: functions/page, for those who
    /// write the page. Without it: the files that were there when this program was compiled.
    #[arg(long, value_name = "DIR")]
    page: Option<PathBuf>,
}

impl Arguments {
    /// The options of the stack.
    pub fn options(self) -> Result<Options, Problem> {
        Ok(Options {
            port: self.port,
            time: Time::Running,
            database: match (self.data, self.dynamodb_endpoint) {
                (Some(path), _) => Storage::File(path),
                (None, Some(url)) => Storage::Endpoint {
                    url,
                    access_key: "onsale".to_owned(),
                },
                (None, None) => Storage::Memory,
            },
            database_port: true,
            parameters: self.parameter_overrides,
            template: None,
            metrics: false,
            demo_shows: (!self.no_demo).then_some(self.demo_shows.unwrap_or(USUAL_DEMO_SHOWS)),
            demo_hall: !self.no_demo && self.demo_shows.is_none(),
            page: self.page,
            limits: Limits {
                connections: connections(),
                ..Limits::default()
            },
            first_use: FirstUse::default(),
        })
    }
}

/// The limit of connections: the usual one, or the number of files that the process may open, minus
/// those that the database and the stack need.
fn connections() -> usize {
    const OTHERS: u64 = 100;

    let usual = Limits::default().connections;
    // If the limit of files cannot be read, the usual number is used.
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(u64::MAX);
    let max = files.saturating_sub(OTHERS).max(1);
    usize::try_from(max).map_or(usual, |max| max.min(usual))
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a parameter is given as KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        let arguments = [&["local"], arguments].concat();
        Arguments::try_parse_from(arguments)
            .expect("understood")
            .options()
            .expect("possible")
    }

    #[test]
    fn defaults_are_port_3000_a_running_clock_and_demo_data() {
        let options = options(&[]);
        assert_eq!(options.port, 3000);
        assert_eq!(options.demo_shows, Some(3));
        assert!(options.demo_hall);
        assert!(matches!(options.time, Time::Running));
        assert!(matches!(options.database, Storage::Memory));
    }

    #[test]
    fn parameters_are_given_as_to_sam_deploy() {
        let options = options(&[
            "--parameter-overrides",
            "HoldSeconds=5",
            "TimeZone=UTC",
            "--no-demo",
        ]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            options.parameters,
            [pair("HoldSeconds", "5"), pair("TimeZone", "UTC")]
        );
        assert_eq!(options.demo_shows, None);
        assert!(!options.demo_hall);
    }

    #[test]
    fn page_is_that_of_the_program_unless_a_folder_is_given() {
        assert_eq!(options(&[]).page, None);
        let options = options(&["--page", "functions/page"]);
        assert_eq!(options.page, Some("functions/page".into()));
    }

    /// What measures and loads the stack wants shows that are alike.
    #[test]
    fn demo_with_a_number_of_shows_has_no_hall() {
        let options = options(&["--demo-shows", "3"]);
        assert_eq!(options.demo_shows, Some(3));
        assert!(!options.demo_hall);
    }

    #[test]
    fn wrong_argument_is_named() {
        for wrong in [
            &["--prot", "1"][..],
            &["--port", "70000"],
            &["--parameter-overrides", "HoldSeconds"],
            &["--demo-shows", "0"],
        ] {
            let arguments = [&["local"], wrong].concat();
            let error = Arguments::try_parse_from(arguments).expect_err("not understood");
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(wrong[1]) || error.to_string().contains(wrong[0]));
        }
    }
}
