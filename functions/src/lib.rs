//! The functions of Onsale: one file per endpoint.

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

/// The whole API.
pub const ROUTES: &[Route] = &[];

/// What answers where no route leads: the function of the `$default` route. (In the real code
/// this is a `Route` with method `"ANY"` and path `"$default"`, function `not-found`.)
pub const DEFAULT_ROUTE: Option<Route> = None;

/// The functions that no route leads to.
pub const BACKGROUND: &[Background] = &[];
