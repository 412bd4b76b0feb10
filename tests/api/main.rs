//! The API suite: HTTP in, HTTP out, on a real DynamoDB engine. Each test has a stack, a database
//! and a clock of its own.

mod harness;

mod capacity;
mod capacity_changes;
mod contention;
mod guards;
mod prices;
mod smoke;

mod delete_user;
mod end_sessions;
mod get_buyer;
mod get_keys;
mod get_user;
mod list_users;
mod log_in;
mod log_out;
mod outlived_tokens;
mod set_role;
mod several_shows;
mod sign_up;
mod texts;
mod update_user;

mod get_place;
mod get_queue;
mod get_queue_settings;
mod get_queue_state;
mod join_queue;
mod leave_queue;
mod list_queues;
mod list_sessions;
mod notices;
mod put_queue;
mod queues_for_accounts;
mod update_queue;

mod call_off;
mod create_concert;
mod delete_concert;
mod get_concert;
mod update_concert;

mod list_available_dates;
mod list_concerts;
mod list_dates;
mod list_seats;

mod best_seats;
mod cancel_reservation;
mod get_reservation;
mod halls;
mod hold_seats;
mod look_up_reservation;
mod refund;

mod charge;
mod correct_balance;
mod get_balance;
mod get_statement;
mod grades;
mod list_orders;
mod list_payments;
mod partial_refunds;
mod pay;
mod person_limit;
mod plans;

mod docs;
mod get_audit;
mod get_service;
mod get_settings;
mod list_changes;
mod not_found;
mod page;
mod run_audit;

mod admit;
mod audit;
mod make_admin;
mod name_owners;
mod publish;
mod release_hold;
mod rotate_keys;

mod demo;
mod events;

mod metrics;

mod cdn;
mod edge;
mod endings;
mod errors;
mod expiry;
mod fast_lines;
mod faults;
mod head;
mod long_waits;
mod model;
mod opening;
mod random;
mod seats_left;
mod security;
mod terms;
mod times;
mod waiting;
