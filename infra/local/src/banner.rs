//! The text that `cargo local` prints when it is ready.

use std::fmt::Write as _;

use crate::{
    Stack,
    demo::{ADMIN_EMAIL, ADMIN_PASSWORD, Demo},
};

/// The lines that `cargo local` prints at its start. Programs read the first one, which never
/// changes.
pub fn banner(stack: &Stack) -> String {
    let url = stack.url();
    let mut text = format!("Onsale is listening on {url}\n\n  page       {url}/\n");
    if let Some(demo) = stack.demo() {
        describe(&mut text, demo);
    }
    if let Some(api) = stack.api_url() {
        let _ = writeln!(text, "  the API    {api}, which answers its edge only");
    }
    if let Some(database) = stack.database_url() {
        let _ = writeln!(text, "  tables     {database}");
    }
    let _ = writeln!(
        text,
        "  events     curl -N {url}/_local/events\n\
         \x20 clock      curl {url}/_local/clock -d '{{\"advance_seconds\": 302}}'\n\
         \n\
         Take a number in the line, as {}:\n",
        if stack.demo().is_some() {
            "the guest"
        } else {
            "a guest who has signed up"
        },
    );
    match stack.demo() {
        Some(Demo { guest, hall, .. }) => {
            let _ = writeln!(
                text,
                "  curl {url}/v1/auth/tokens -d '{{\"user_id\": \"{guest}\"}}'"
            );
            if let Some(hall) = hall {
                let _ = writeln!(
                    text,
                    "\nHold the two best seats of the theatre, with the token of the answer:\n\n\
                     \x20 curl {url}/v1/concerts/{}/reservations -H 'Authorization: Bearer …' \\\n\
                     \x20     -d '{{\"date\": \"{}\", \"best\": {{\"count\": 2}}}}'",
                    hall.concert_id, hall.shows[1],
                );
            }
        }
        None => {
            let _ = writeln!(
                text,
                "  curl {url}/v1/users -d '{{\"name\": \"Mina\"}}'\n\
                 \x20 curl {url}/v1/auth/tokens -d '{{\"user_id\": \"…\"}}'",
            );
        }
    }
    text.push_str("\nThe README has a whole purchase to paste. Ctrl-C ends it.\n");
    text
}

fn describe(text: &mut String, demo: &Demo) {
    for concert in demo.concerts.iter().take(3) {
        let dates = match concert.dates.as_slice() {
            [first, .., last] => format!("{first} to {last}"),
            dates => dates.iter().map(ToString::to_string).collect(),
        };
        let _ = writeln!(
            text,
            "  on sale    {}, {dates}, 50 seats each\n             {}",
            concert.name.as_str(),
            concert.concert_id,
        );
    }
    if let Some(more) = demo.concerts.len().checked_sub(3).filter(|more| *more > 0) {
        let _ = writeln!(text, "             and {more} more concerts");
    }
    if let Some(hall) = &demo.hall {
        let [first, second] = hall.shows;
        let _ = writeln!(
            text,
            "  a theatre  {}, {first} and {second}, {} seats each\n             {}",
            hall.name.as_str(),
            hall.seats,
            hall.concert_id,
        );
    }
    let _ = writeln!(text, "  guest      {}", demo.guest);
    let _ = writeln!(
        text,
        "  admin      {ADMIN_EMAIL}, password {ADMIN_PASSWORD}"
    );
}
