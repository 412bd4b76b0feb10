//! Finds the function of a request.

use std::{collections::BTreeMap, sync::Arc};

use axum::http::Method;

use crate::{Problem, lambda::function::Function, template::RoutePlan};

/// What a route leads to.
pub struct Endpoint {
    /// The route's key in the event, such as `GET /v1/concerts`.
    pub key: String,
    /// The function.
    pub function: Arc<Function>,
}

/// A route that was found.
pub struct Found<'r> {
    /// What it leads to.
    pub endpoint: &'r Endpoint,
    /// The variables in the path, still percent-encoded.
    pub parameters: Vec<(String, String)>,
}

/// The routes of a gateway. Of those that match, the most specific one is taken.
#[derive(Default)]
pub struct Routes {
    by_method: BTreeMap<String, matchit::Router<Endpoint>>,
    default: Option<Endpoint>,
}

const ANY: &str = "ANY";

impl Routes {
    /// The routes of a template.
    pub fn new(
        plans: &[RoutePlan],
        functions: &BTreeMap<String, Arc<Function>>,
    ) -> Result<Self, Problem> {
        let mut routes = Self::default();
        for plan in plans {
            let function = functions.get(&plan.function).ok_or_else(|| {
                Problem::failure(format!("there is no function {}", plan.function))
            })?;
            routes.add(plan, Arc::clone(function))?;
        }
        Ok(routes)
    }

    fn add(&mut self, plan: &RoutePlan, function: Arc<Function>) -> Result<(), Problem> {
        let RoutePlan { method, path, .. } = plan;
        if path == "$default" {
            let key = path.clone();
            self.default = Some(Endpoint { key, function });
            return Ok(());
        }
        let key = format!("{method} {path}");
        let endpoint = Endpoint { key, function };
        self.by_method
            .entry(method.clone())
            .or_default()
            .insert(greedy(path), endpoint)
            .map_err(|error| {
                Problem::failure(format!(
                    "the route {method} {path} cannot be added: {error}"
                ))
            })
    }

    /// The route of a request.
    pub fn find(&self, method: &Method, path: &str) -> Option<Found<'_>> {
        [method.as_str(), ANY]
            .into_iter()
            .filter_map(|method| self.by_method.get(method))
            .find_map(|routes| routes.at(path).ok())
            .map(|found| Found {
                endpoint: found.value,
                parameters: found
                    .params
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
            })
            .or_else(|| {
                self.default.as_ref().map(|endpoint| Found {
                    endpoint,
                    parameters: Vec::new(),
                })
            })
    }
}

/// Translates API Gateway's `{rest+}`, which matches the rest of the path, to `{*rest}`.
fn greedy(path: &str) -> String {
    match path
        .strip_suffix("+}")
        .and_then(|path| path.rsplit_once('{'))
    {
        Some((before, name)) => format!("{before}{{*{name}}}"),
        None => path.to_owned(),
    }
}
