//! The functions of Onsale: one file per endpoint, and here the whole API as one table.

pub mod accounts;
pub mod queue;

pub mod concerts;
pub mod reservations;

pub mod payments;

pub mod background;
pub mod not_found;

use shared::runtime::{EventHandler, HttpHandler, MessageHandler};

/// One line of the API: what API Gateway calls, and what answers.
#[derive(Clone, Copy)]
pub struct Route {
    /// HTTP method.
    pub method: &'static str,
    /// Path as API Gateway writes it, with `{variables}`.
    pub path: &'static str,
    /// Name of the function, of its binary and of its block in the template.
    pub function: &'static str,
    /// The code.
    pub handler: HttpHandler,
}

/// A function that no route leads to.
#[derive(Clone, Copy)]
pub struct Background {
    /// Name of the function, of its binary and of its block in the template.
    pub function: &'static str,
    /// The code.
    pub handler: BackgroundHandler,
}

/// What calls a function that no route leads to.
#[derive(Clone, Copy)]
pub enum BackgroundHandler {
    /// The release queue.
    Messages(MessageHandler),
    /// A schedule, or the operator.
    Event(EventHandler),
}

const fn route(
    method: &'static str,
    path: &'static str,
    function: &'static str,
    handler: HttpHandler,
) -> Route {
    Route {
        method,
        path,
        function,
        handler,
    }
}

/// The handler of a module, as a table can hold it.
macro_rules! handler {
    ($($module:ident)::+) => {
        |app, request| Box::pin($($module)::+::handle(app, request))
    };
}

/// The whole API.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/users", "sign-up", handler!(accounts::sign_up)),
    route("GET", "/v1/auth/keys", "get-keys", handler!(accounts::get_keys)),

    route("POST", "/v1/auth/tokens", "join-queue", handler!(queue::join)),
    route("GET", "/v1/auth/tokens", "get-place", handler!(queue::get_place)),
    route("DELETE", "/v1/auth/tokens", "leave-queue", handler!(queue::leave)),
    route("GET", "/v1/queues/{queue_id}", "get-queue", handler!(queue::get_queue)),

    route("GET", "/v1/concerts", "list-concerts", handler!(concerts::list)),
    route("GET", "/v1/concerts/available-dates", "list-available-dates", handler!(concerts::list_available_dates)),
    route("GET", "/v1/concerts/{concert_id}/dates", "list-dates", handler!(concerts::list_dates)),
    route("GET", "/v1/concerts/{concert_id}/seats", "list-seats", handler!(concerts::list_seats)),

    route("POST", "/v1/concerts/{concert_id}/reservations", "hold-seats", handler!(reservations::hold)),
    route("GET", "/v1/concerts/{concert_id}/reservations/{reservation_id}", "get-reservation", handler!(reservations::get)),
    route("DELETE", "/v1/concerts/{concert_id}/reservations/{reservation_id}", "cancel-reservation", handler!(reservations::cancel)),
    route("POST", "/v1/concerts/{concert_id}/reservations/{reservation_id}/payments", "pay", handler!(payments::pay)),

    route("POST", "/v1/users/{user_id}/balance", "charge", handler!(payments::charge)),
    route("PATCH", "/v1/users/{user_id}/balance", "charge", handler!(payments::charge)),
    route("GET", "/v1/users/{user_id}/balance", "get-balance", handler!(payments::get_balance)),
];

/// What answers where no route leads: API Gateway's `$default`.
pub const DEFAULT_ROUTE: Route = route("ANY", "$default", "not-found", handler!(not_found));

/// The functions that no route leads to.
pub const BACKGROUND: &[Background] = &[
    Background {
        function: "admit",
        handler: BackgroundHandler::Event(|app, event, deadline| {
            Box::pin(background::admit::handle(app, event, deadline))
        }),
    },
    Background {
        function: "release-hold",
        handler: BackgroundHandler::Messages(|app, message| {
            Box::pin(background::release_hold::handle(app, message))
        }),
    },
];
