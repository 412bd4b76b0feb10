//! The code of the functions, and a check that it fits the template.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use functions::{Background, BackgroundHandler, Route};
use shared::{
    app::App,
    error::ApiError,
    lambda_http::{Body, Request, Response},
    runtime::{Answer, EventHandler, MessageHandler},
};

use super::Deployment;
use crate::Problem;

/// What answers the requests of a route.
pub type Handler =
    Arc<dyn Fn(App, Request) -> Answer<Result<Response<Body>, ApiError>> + Send + Sync>;

/// The code of a function.
#[derive(Clone)]
pub enum Code {
    /// It answers the requests of a route.
    Http(Handler),
    /// It gets the messages of a queue.
    Messages(MessageHandler),
    /// It is invoked with an event.
    Event(EventHandler),
}

/// The code of all functions.
#[derive(Clone)]
pub struct Handlers {
    /// The functions with a route.
    pub routes: Vec<Route>,
    /// All other functions.
    pub background: Vec<Background>,
}

impl Handlers {
    /// The handlers of Onsale.
    pub fn onsale() -> Self {
        Self {
            routes: functions::routes().collect(),
            background: functions::BACKGROUND.to_vec(),
        }
    }

    /// The code of each function by its name.
    pub fn by_function(&self) -> BTreeMap<&'static str, Code> {
        let routes = self.routes.iter();
        let background = self.background.iter();
        routes
            .map(|route| (route.function, Code::Http(Arc::new(route.handler))))
            .chain(background.map(|background| {
                let code = match background.handler {
                    BackgroundHandler::Messages(handler) => Code::Messages(handler),
                    BackgroundHandler::Event(handler) => Code::Event(handler),
                };
                (background.function, code)
            }))
            .collect()
    }

    /// Refuses a template whose routes and functions are not those of the code.
    pub fn check(&self, deployment: &Deployment) -> Result<(), Problem> {
        let name = |method: &str, path: &str, function: &str| {
            format!("{method} {path} (function {function})")
        };
        let deployed = deployment.routes.iter();
        let deployed: BTreeSet<_> = deployed
            .map(|route| name(&route.method, &route.path, &route.function))
            .collect();
        let written = self.routes.iter();
        let written: BTreeSet<_> = written
            .map(|route| name(route.method, route.path, route.function))
            .collect();
        if let Some(route) = deployed.difference(&written).next() {
            return Err(Problem::failure(format!(
                "the template's route {route} has no handler in the code"
            )));
        }
        if let Some(route) = written.difference(&deployed).next() {
            return Err(Problem::failure(format!(
                "the handler {route} has no route in the template"
            )));
        }
        self.check_functions(deployment)
    }

    fn check_functions(&self, deployment: &Deployment) -> Result<(), Problem> {
        let written = self.by_function();
        let deployed = &deployment.functions;
        if let Some(name) = deployed
            .keys()
            .find(|name| !written.contains_key(name.as_str()))
        {
            return Err(Problem::failure(format!(
                "the template's function {name} has no handler in the code"
            )));
        }
        let is_there =
            |name: &str| deployed.contains_key(name) || deployment.left_out.contains(name);
        if let Some(name) = written.keys().find(|name| !is_there(name)) {
            return Err(Problem::failure(format!(
                "the handler of {name} has no function in the template"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::template::{FunctionPlan, RoutePlan};

    fn nothing(_: App, _: Request) -> Answer<Result<Response<Body>, ApiError>> {
        Box::pin(async { Ok(Response::default()) })
    }

    fn handlers(path: &'static str) -> Handlers {
        Handlers {
            routes: vec![Route {
                method: "GET",
                path,
                function: "get-it",
                handler: nothing,
            }],
            background: Vec::new(),
        }
    }

    fn deployment(functions: &[&str]) -> Deployment {
        let plan = FunctionPlan {
            timeout: Duration::ZERO,
            environment: BTreeMap::new(),
            permissions: Arc::default(),
        };
        Deployment {
            routes: vec![RoutePlan {
                method: "GET".to_owned(),
                path: "/v1/it".to_owned(),
                function: "get-it".to_owned(),
            }],
            functions: functions
                .iter()
                .map(|name| ((*name).to_owned(), plan.clone()))
                .collect(),
            ..Deployment::default()
        }
    }

    /// A stack starts only if the template has a HEAD beside each GET.
    #[test]
    fn get_needs_its_head_in_the_template() {
        let handlers = Handlers {
            background: Vec::new(),
            ..Handlers::onsale()
        };
        let routes = |is_there: fn(&Route) -> bool| Deployment {
            routes: handlers
                .routes
                .iter()
                .filter(|route| is_there(route))
                .map(|route| RoutePlan {
                    method: route.method.to_owned(),
                    path: route.path.to_owned(),
                    function: route.function.to_owned(),
                })
                .collect(),
            ..Deployment::default()
        };
        let without = routes(|route| route.method != "HEAD" || route.path != "/docs");
        assert_eq!(
            problem(&handlers, &without).as_deref(),
            Some("the handler HEAD /docs (function get-docs) has no route in the template")
        );
        let gets = |method: &str| {
            let of_method = handlers
                .routes
                .iter()
                .filter(|route| route.method == method);
            let paths = of_method.map(|route| (route.path, route.function));
            paths.collect::<BTreeSet<_>>()
        };
        assert_eq!(gets("GET"), gets("HEAD"));
    }

    fn problem(handlers: &Handlers, deployment: &Deployment) -> Option<String> {
        let checked = handlers.check(deployment);
        checked.err().map(|problem| problem.to_string())
    }

    #[test]
    fn code_that_differs_from_the_template_is_refused() {
        assert_eq!(problem(&handlers("/v1/it"), &deployment(&["get-it"])), None);
        assert_eq!(
            problem(&handlers("/v1/other"), &deployment(&["get-it"])).as_deref(),
            Some("the template's route GET /v1/it (function get-it) has no handler in the code")
        );
        let no_routes = Deployment {
            routes: Vec::new(),
            ..deployment(&["get-it"])
        };
        assert_eq!(
            problem(&handlers("/v1/it"), &no_routes).as_deref(),
            Some("the handler GET /v1/it (function get-it) has no route in the template")
        );
        assert_eq!(
            problem(&handlers("/v1/it"), &deployment(&["get-it", "audit"])).as_deref(),
            Some("the template's function audit has no handler in the code")
        );
    }
}
