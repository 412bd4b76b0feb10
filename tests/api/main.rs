//! The API suite: HTTP in, HTTP out, on a real DynamoDB engine. Each test has a stack, a database
//! and a clock of its own.

mod harness;

mod guards;
mod prices;
mod smoke;
