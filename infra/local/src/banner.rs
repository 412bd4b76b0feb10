//! What `cargo local` says when it is ready.

use std::fmt::Write as _;

use crate::Stack;

/// The lines that `cargo local` begins with; the first one never changes.
pub fn banner(stack: &Stack) -> String {
    let url = stack.url();
    let mut text = format!("Onsale is listening on {url}\n\n");
    for show in stack.demo().iter().take(3) {
        let _ = writeln!(text, "  concert   {} on {}", show.concert_id, show.date);
    }
    if let Some(more) = stack.demo().len().checked_sub(3).filter(|more| *more > 0) {
        let _ = writeln!(text, "            and {more} more");
    }
    if let Some(database) = stack.database_url() {
        let _ = writeln!(
            text,
            "  database  {database} (DynamoDB: aws dynamodb list-tables --endpoint-url {database})"
        );
    }
    let _ = write!(
        text,
        "  clock     curl -X POST {url}/_local/clock -d '{{\"advance_seconds\": 301}}'\n\n\
         Make a guest, and take a place in the line:\n\n\
         \x20 curl -X POST {url}/v1/users -H 'content-type: application/json' -d '{{\"name\": \"Mina\"}}'\n\
         \x20 curl -X POST {url}/v1/auth/tokens -H 'content-type: application/json' -d '{{\"user_id\": \"…\"}}'\n\n\
         Ctrl-C ends it.\n"
    );
    text
}
