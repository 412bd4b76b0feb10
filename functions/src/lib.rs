//! The functions of Onsale: one file per endpoint, and here the whole API as one table.
//!
//! Each endpoint's module says what a call costs in DynamoDB's read request units (RRU) and write
//! request units (WRU). `tests/api/prices` asserts it.

pub mod accounts;
pub mod queue;

pub mod concerts;
pub mod plans;
pub mod reservations;

pub mod payments;

pub mod docs;
pub mod page;
pub mod service;

pub mod background;
pub mod not_found;

mod change;
pub mod operation;
pub mod specification;

use shared::runtime::{EventHandler, HttpHandler, MessageHandler};

/// A route of the API: what API Gateway matches, and the function that answers.
#[derive(Clone, Copy)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path as API Gateway writes it, with `{variables}`.
    pub path: &'static str,
    /// The name of the function. Its binary and its block in the template have the same name.
    pub function: &'static str,
    /// The function's code.
    pub handler: HttpHandler,
}

impl Route {
    /// The `HEAD` route beside a `GET` route. The same function answers it, without the body.
    fn head(self) -> Option<Self> {
        (self.method == "GET").then_some(Self {
            method: "HEAD",
            ..self
        })
    }
}

/// A function that no route leads to.
#[derive(Clone, Copy)]
pub struct Background {
    /// The name of the function. Its binary and its block in the template have the same name.
    pub function: &'static str,
    /// The function's code.
    pub handler: BackgroundHandler,
}

/// What invokes a function that no route leads to.
#[derive(Clone, Copy)]
pub enum BackgroundHandler {
    /// Messages of the release queue.
    Messages(MessageHandler),
    /// Events of a schedule, or of an operator.
    Event(EventHandler),
}

/// Makes the table of the API. A line has the method, the path, the function, and the module with
/// its `handle` and `operation`.
macro_rules! routes {
    ($($method:literal $path:literal $function:literal $area:ident::$endpoint:ident;)*) => {
        /// The whole API, without the `HEAD` beside each `GET` ([`routes`] adds it).
        pub const ROUTES: &[Route] = &[$(Route {
            method: $method,
            path: $path,
            function: $function,
            handler: |app, request| Box::pin($area::$endpoint::handle(app, request)),
        }),*];

        /// The descriptions of the whole API. They are not in [`ROUTES`], so that the function
        /// that publishes them does not contain the code of all other functions.
        const DESCRIPTIONS: &[specification::Description] = &[$(specification::Description {
            method: $method,
            path: $path,
            function: $function,
            area: stringify!($area),
            operation: $area::$endpoint::operation,
        }),*];
    };
}

#[rustfmt::skip]
routes! {
    "POST" "/v1/users" "sign-up" accounts::sign_up;
    "GET" "/v1/users" "list-users" accounts::list_users;
    "GET" "/v1/users/{user_id}" "get-user" accounts::get_user;
    "PATCH" "/v1/users/{user_id}" "update-user" accounts::update_user;
    "DELETE" "/v1/users/{user_id}" "delete-user" accounts::delete_user;
    "DELETE" "/v1/users/{user_id}/sessions" "end-sessions" accounts::end_sessions;
    "PUT" "/v1/users/{user_id}/role" "set-role" accounts::set_role;
    "GET" "/v1/users/{user_id}/sessions" "list-sessions" queue::list_sessions;
    "POST" "/v1/auth/login" "log-in" accounts::log_in;
    "POST" "/v1/auth/logout" "log-out" accounts::log_out;
    "GET" "/v1/auth/keys" "get-keys" accounts::get_keys;

    "POST" "/v1/auth/tokens" "join-queue" queue::join;
    "GET" "/v1/auth/tokens" "get-place" queue::get_place;
    "DELETE" "/v1/auth/tokens" "leave-queue" queue::leave;
    "GET" "/v1/queues/{queue_id}" "get-queue" queue::get_queue;
    "PUT" "/v1/queues/{queue_id}" "put-queue" queue::put_queue;
    "PATCH" "/v1/queues/{queue_id}" "update-queue" queue::update_queue;
    "GET" "/v1/queues/{queue_id}/settings" "get-queue-settings" queue::get_settings;
    "GET" "/v1/admin/queues" "list-queues" queue::list_queues;
    "GET" "/v1/admin/queues/{queue_id}" "get-queue-state" queue::get_state;

    "POST" "/v1/concerts" "create-concert" concerts::create;
    "PATCH" "/v1/concerts/{concert_id}" "update-concert" concerts::update;
    "GET" "/v1/concerts" "list-concerts" concerts::list;
    "GET" "/v1/concerts/{concert_id}" "get-concert" concerts::get;
    "DELETE" "/v1/concerts/{concert_id}" "delete-concert" concerts::delete;
    "DELETE" "/v1/concerts/{concert_id}/dates/{date}" "delete-concert" concerts::delete;
    "POST" "/v1/concerts/{concert_id}/dates/{date}/call-off" "call-off" concerts::call_off;
    "GET" "/v1/concerts/available-dates" "list-available-dates" concerts::list_available_dates;
    "GET" "/v1/concerts/{concert_id}/dates" "list-dates" concerts::list_dates;
    "GET" "/v1/concerts/{concert_id}/seats" "list-seats" concerts::list_seats;
    "GET" "/v1/admin/concerts/{concert_id}/orders" "list-show-orders" concerts::list_orders;

    "POST" "/v1/plans" "create-plan" plans::create;
    "GET" "/v1/plans" "list-plans" plans::list;
    "GET" "/v1/plans/{plan_id}" "get-plan" plans::get;

    "POST" "/v1/concerts/{concert_id}/reservations" "hold-seats" reservations::hold;
    "GET" "/v1/concerts/{concert_id}/reservations" "look-up-reservation" reservations::look_up;
    "GET" "/v1/concerts/{concert_id}/reservations/{reservation_id}" "get-reservation" reservations::get;
    "DELETE" "/v1/concerts/{concert_id}/reservations/{reservation_id}" "cancel-reservation" reservations::cancel;
    "POST" "/v1/concerts/{concert_id}/reservations/{reservation_id}/refund" "refund" reservations::refund;
    "POST" "/v1/concerts/{concert_id}/reservations/{reservation_id}/payments" "pay" payments::pay;

    "POST" "/v1/users/{user_id}/balance" "charge" payments::charge;
    "PATCH" "/v1/users/{user_id}/balance" "charge" payments::charge;
    "GET" "/v1/users/{user_id}/balance" "get-balance" payments::get_balance;
    "POST" "/v1/users/{user_id}/balance/corrections" "correct-balance" payments::correct;
    "GET" "/v1/users/{user_id}/payments" "list-payments" payments::list;
    "GET" "/v1/users/{user_id}/statement" "get-statement" payments::get_statement;

    "GET" "/v1/settings" "get-settings" service::get_settings;
    "GET" "/v1/admin/changes" "list-changes" service::list_changes;
    "GET" "/v1/admin/buyers/{buyer}" "get-buyer" accounts::get_buyer;
    "GET" "/v1/admin/service" "get-service" service::get_service;
    "GET" "/v1/admin/audit" "get-audit" service::get_audit;
    "POST" "/v1/admin/audit" "run-audit" service::run_audit;
    "GET" "/" "get-page" page::home;
    "GET" "/c/{concert_id}" "get-page" page::concert;
    "GET" "/tickets" "get-page" page::tickets;
    "GET" "/operator" "get-page" page::operator;
    "GET" "/page/{version}/{file}" "get-page" page::file;

    "GET" "/openapi.json" "get-docs" docs::openapi;
    "GET" "/docs" "get-docs" docs::page;
    "GET" "/docs/{file}" "get-docs" docs::file;
    "GET" "/line.js" "get-docs" docs::line;
}

/// All routes that API Gateway must have: those of the table, a `HEAD` beside each `GET`, and
/// [`DEFAULT_ROUTE`].
pub fn routes() -> impl Iterator<Item = Route> {
    let heads = ROUTES.iter().filter_map(|route| route.head());
    ROUTES.iter().copied().chain(heads).chain([DEFAULT_ROUTE])
}

/// API Gateway's `$default`, which answers where no route matches.
pub const DEFAULT_ROUTE: Route = Route {
    method: "ANY",
    path: "$default",
    function: "not-found",
    handler: |app, request| Box::pin(not_found::handle(app, request)),
};

/// The functions that no route leads to.
pub const BACKGROUND: &[Background] = &[
    Background {
        function: "admit",
        handler: BackgroundHandler::Event(|app, event, deadline| {
            Box::pin(background::admit::handle(app, event, deadline))
        }),
    },
    Background {
        function: "audit",
        handler: BackgroundHandler::Event(|app, event, deadline| {
            Box::pin(background::audit::handle(app, event, deadline))
        }),
    },
    Background {
        function: "make-admin",
        handler: BackgroundHandler::Event(|app, event, deadline| {
            Box::pin(background::make_admin::handle(app, event, deadline))
        }),
    },
    Background {
        function: "name-owners",
        handler: BackgroundHandler::Event(|app, event, deadline| {
            Box::pin(background::name_owners::handle(app, event, deadline))
        }),
    },
    Background {
        function: "publish",
        handler: BackgroundHandler::Event(|app, event, deadline| {
            Box::pin(background::publish::handle(app, event, deadline))
        }),
    },
    Background {
        function: "rotate-keys",
        handler: BackgroundHandler::Event(|app, event, deadline| {
            Box::pin(background::rotate_keys::handle(app, event, deadline))
        }),
    },
    Background {
        function: "release-hold",
        handler: BackgroundHandler::Messages(|app, message| {
            Box::pin(background::release_hold::handle(app, message))
        }),
    },
];
