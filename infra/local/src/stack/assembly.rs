//! Builds and starts a stack.

use std::{
    collections::BTreeMap,
    fs::File,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use aws_config::Region;
use jiff::Timestamp;
use parking_lot::Mutex;
use shared::{
    app::App,
    aws_sdk_dynamodb::Client,
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
    metrics::Metrics,
};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore, watch},
    task::JoinHandle,
    time::Instant,
};

use super::{Stack, sdk::SdkSettings};
use crate::{
    Options, Problem, Storage, Time,
    aws::{
        buses::Buses,
        engine,
        queue::Queues,
        sqs::Sqs,
        streams::{self, StreamSettings},
        tables,
    },
    calls::{
        connector::{Backend, Connector, Engine},
        guard::{FirstUse, Guard},
        interference::Interference,
        tally::Tally,
        traffic::Traffic,
    },
    demo::{self, Demo},
    gateway::{Gateway, Routes, connections, edge::Edge},
    lambda::{
        function::{Function, Start},
        published::Published,
        streams::StreamSubscription,
        timeline::{Schedule, Subscription, Timeline},
    },
    template::{
        AwsAccount, Deployment, FunctionPlan, Template,
        handlers::{Code, Handlers},
        page,
    },
    time::{
        clock::{Pace, StackClock},
        function_clock::FunctionClock,
    },
};

const ACCOUNT: &str = "000000000000";

/// Builds a stack, and starts it.
pub async fn assemble(options: Options, handlers: &Handlers) -> Result<Stack, Problem> {
    let (listener, address) = listen(options.port).await?;
    let (template, deployment) = plan(&options, handlers, address)?;
    let foundation = Foundation::new(&options, &deployment).await?;
    let mut code = handlers.by_function();
    if let Some(folder) = options.page.clone() {
        require_page(&folder)?;
        code.insert("get-page", Code::Http(page::in_folder(folder)));
    }
    let functions = foundation.functions(&template, &deployment, &code)?;
    let operator = foundation.operator(&template, &deployment)?;
    let demo = fill(&options, &deployment, &operator, &foundation.backend.engine).await?;
    let timeline = Arc::new(foundation.timeline(&options, &deployment, &functions)?);
    let (stop, stopped) = watch::channel(false);
    let mut servers = Vec::new();
    let mut database_address = None;
    if let (true, Engine::Embedded(database)) = (options.database_port, &foundation.backend.engine)
    {
        let (listener, address) = listen(0).await?;
        database_address = Some(address);
        servers.push(serve_database(listener, database.clone(), stopped.clone()));
    }
    let edge = deployment.edge.clone();
    let edge = edge.map(|plan| Arc::new(Edge::new(plan, Arc::clone(&foundation.clock))));
    let has_edge = edge.is_some();
    let gateway = Arc::new(Gateway {
        routes: Routes::new(&deployment.routes, &functions)?,
        functions: functions.clone(),
        cors: deployment.cors.clone(),
        edge,
        sqs: foundation.backend.sqs.clone(),
        buses: Arc::clone(&foundation.backend.buses),
        stopped: stopped.clone(),
        timeline: Arc::clone(&timeline),
        ways_from_outside: foundation.sdk.ways_from_outside(address, database_address),
        concurrency: Arc::new(Semaphore::new(options.limits.concurrency)),
    });
    let mut api_address = None;
    if has_edge {
        let (listener, address) = listen(0).await?;
        api_address = Some(address);
        servers.push(tokio::spawn(connections::serve(
            listener,
            gateway.router_of_the_api(),
            options.limits.connections,
            end(stopped.clone()),
        )));
    }
    servers.push(tokio::spawn(connections::serve(
        listener,
        gateway.router(),
        options.limits.connections,
        end(stopped),
    )));
    Ok(Stack {
        address,
        api_address,
        database_address,
        functions,
        operator,
        backend: foundation.backend,
        published: foundation.published,
        _lock: foundation.lock,
        driver: start_timeline(&timeline).await,
        timeline,
        demo,
        grants: deployment.grants(),
        stop,
        servers,
    })
}

/// Refuses a folder from which the page cannot be read.
fn require_page(folder: &Path) -> Result<(), Problem> {
    let read = page::read(folder).map_err(|error| {
        let folder = folder.display();
        Problem::usage(format!("the page in {folder} cannot be read: {error}"))
    });
    read.map(drop)
}

/// Reads what to build. The queues' URLs are at the gateway's address.
fn plan(
    options: &Options,
    handlers: &Handlers,
    address: SocketAddr,
) -> Result<(Template, Deployment), Problem> {
    let template = match &options.template {
        Some(text) => Template::parse(text)?,
        None => Template::repository()?,
    };
    let account = AwsAccount {
        region: region(),
        id: ACCOUNT.to_owned(),
        queues_url: format!("http://{address}/{ACCOUNT}"),
    };
    let deployment = template.deployment(&options.parameters, &account)?;
    handlers.check(&deployment)?;
    Ok((template, deployment))
}

/// Creates the tables with their streams, and the demo data if the tables are new. A data file without users is
/// treated like new tables, because a start that was killed may have created only the tables. The
/// users of the demo data are created last. If they exist, all of it does.
async fn fill(
    options: &Options,
    deployment: &Deployment,
    operator: &Start,
    engine: &Engine,
) -> Result<Option<Demo>, Problem> {
    let client = Client::new(&operator.sdk);
    let is_new = tables::create(&client, &deployment.tables).await?;
    if let Engine::Embedded(database) = engine {
        let tables = deployment.tables.iter();
        let tables: Vec<_> = tables.map(|t| (t.name.as_str(), t.has_stream)).collect();
        streams::switch(database, &tables)?;
    }
    let Some(shows) = options.demo_shows else {
        return Ok(None);
    };
    let app = operator.app().await;
    let app = app.map_err(|error| Problem::failure(error.to_string()))?;
    let is_file = matches!(options.database, Storage::File(_));
    if is_new || (is_file && has_no_users(&app).await?) {
        let demo = demo::create(&app, shows, options.demo_hall).await?;
        Ok(Some(demo))
    } else {
        Ok(None)
    }
}

async fn has_no_users(app: &App) -> Result<bool, Problem> {
    let page = app.store().users(None, 1).await;
    let (users, next) = page.map_err(|error| Problem::failure(error.to_string()))?;
    Ok(users.is_empty() && next.is_none())
}

/// Does what is due at the start, which is the first tick. Then spawns a task that starts what
/// becomes due.
async fn start_timeline(timeline: &Arc<Timeline>) -> JoinHandle<()> {
    timeline.advance(Duration::ZERO).await;
    let timeline = Arc::clone(timeline);
    tokio::spawn(async move { timeline.drive().await })
}

fn region() -> String {
    std::env::var("AWS_REGION").unwrap_or_else(|_| "ap-northeast-2".to_owned())
}

/// What all functions of a stack share.
struct Foundation {
    backend: Arc<Backend>,
    clock: Arc<StackClock>,
    changed: Arc<Notify>,
    published: Option<Published>,
    lock: Option<File>,
    sdk: SdkSettings,
    partition_keys: Arc<BTreeMap<String, String>>,
    first_use: FirstUse,
}

impl Foundation {
    async fn new(options: &Options, deployment: &Deployment) -> Result<Self, Problem> {
        let changed = Arc::new(Notify::new());
        let clock = Arc::new(StackClock::frozen_at(
            start_time(options.time),
            pace(options.time),
            Arc::clone(&changed),
        ));
        let sqs = Sqs {
            queues: Arc::new(Queues::new(deployment.queues.clone())),
            clock: Arc::clone(&clock),
            changed: Arc::clone(&changed),
        };
        let has_streams = deployment.tables.iter().any(|table| table.has_stream);
        let streams = has_streams.then(|| StreamSettings {
            clock: Arc::clone(&clock),
            changed: Arc::clone(&changed),
        });
        let (engine, lock) = match &options.database {
            Storage::Memory => (Engine::Embedded(engine::in_memory(streams)?), None),
            Storage::File(path) => {
                let (database, lock) = engine::in_file(path, streams)?;
                (Engine::Embedded(database), Some(lock))
            }
            Storage::Endpoint { .. } => (Engine::remote(), None),
        };
        let file = match (&options.database, &engine) {
            (Storage::File(_), Engine::Embedded(database)) if has_streams => Some(database.clone()),
            _ => None,
        };
        let place = (&*region(), ACCOUNT);
        let buses = Buses::new(&deployment.buses, place, Arc::clone(&clock), file)?;
        Ok(Self {
            backend: Arc::new(Backend {
                engine,
                sqs,
                buses: Arc::new(buses),
                interference: Interference::default(),
                faults: Arc::default(),
                traffic: Arc::new(Traffic::of(&deployment.tables)),
            }),
            clock,
            changed,
            partition_keys: Arc::new(partition_keys(deployment)),
            first_use: options.first_use.clone(),
            published: options.metrics.then(Published::default),
            lock,
            sdk: SdkSettings::read(&options.database, Region::new(region())).await?,
        })
    }

    fn functions(
        &self,
        template: &Template,
        deployment: &Deployment,
        code: &BTreeMap<&str, Code>,
    ) -> Result<BTreeMap<String, Arc<Function>>, Problem> {
        deployment
            .functions
            .iter()
            .filter_map(|(name, plan)| {
                code.get(name.as_str())
                    .map(|code| (name, plan, code.clone()))
            })
            .map(|(name, plan, code)| {
                let function = self.function(template, name, plan, code)?;
                Ok((name.clone(), Arc::new(function)))
            })
            .collect()
    }

    fn function(
        &self,
        template: &Template,
        name: &str,
        plan: &FunctionPlan,
        code: Code,
    ) -> Result<Function, Problem> {
        let tally = Arc::new(Tally::default());
        let guard = self.guard(name, plan);
        let mut start = self.start(template, plan, Arc::clone(&tally), Some(guard))?;
        if let Some(published) = &self.published {
            start.metrics = published.by(&start.config.metrics_namespace, name);
        }
        Ok(Function {
            name: name.to_owned(),
            code,
            timeout: plan.timeout,
            environment: plan.environment.clone(),
            start,
            tally,
            faults: Arc::clone(&self.backend.faults),
            app: tokio::sync::Mutex::default(),
        })
    }

    /// What the operator's handle is made from.
    fn operator(&self, template: &Template, deployment: &Deployment) -> Result<Start, Problem> {
        let plan = deployment.functions.values().next();
        let plan = plan.ok_or_else(|| Problem::failure("the template has no functions"))?;
        self.start(template, plan, Arc::default(), None)
    }

    fn guard(&self, name: &str, plan: &FunctionPlan) -> Guard {
        Guard {
            function: name.to_owned(),
            permissions: Arc::clone(&plan.permissions),
            partition_keys: Arc::clone(&self.partition_keys),
            first_use: self.first_use.clone(),
        }
    }

    fn start(
        &self,
        template: &Template,
        plan: &FunctionPlan,
        tally: Arc<Tally>,
        guard: Option<Guard>,
    ) -> Result<Start, Problem> {
        let config = Config::read(|variable| plan.environment.get(variable).cloned());
        let connector = Connector::new(Arc::clone(&self.backend), tally, guard);
        Ok(Start {
            config: config.map_err(|error| misconfigured(template, &error))?,
            sdk: self.sdk.with(connector),
            clock: Arc::new(FunctionClock::of(&self.clock)),
            metrics: Metrics::default(),
        })
    }

    fn timeline(
        &self,
        options: &Options,
        deployment: &Deployment,
        functions: &BTreeMap<String, Arc<Function>>,
    ) -> Result<Timeline, Problem> {
        let schedules = deployment.schedules.iter().filter_map(|plan| {
            Some(Schedule {
                function: Arc::clone(functions.get(&plan.function)?),
                every: plan.every,
                input: plan.input.clone(),
                next: Mutex::new(self.clock.now()),
            })
        });
        let subscriptions = deployment.subscriptions.iter().filter_map(|plan| {
            Some(Subscription {
                function: Arc::clone(functions.get(&plan.function)?),
                queue: plan.queue.clone(),
                batch_size: plan.batch_size,
            })
        });
        Ok(Timeline {
            clock: Arc::clone(&self.clock),
            runs: matches!(options.time, Time::Running | Time::WithRuntimeFrom(_)),
            board: Arc::default(),
            queues: Arc::clone(&self.backend.sqs.queues),
            subscriptions: subscriptions.collect(),
            streams: self.streams(deployment, functions)?,
            schedules: schedules.collect(),
            changed: Arc::clone(&self.changed),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// The functions that get records. Tables in another engine have no streams here.
    fn streams(
        &self,
        deployment: &Deployment,
        functions: &BTreeMap<String, Arc<Function>>,
    ) -> Result<Vec<Arc<StreamSubscription>>, Problem> {
        let Engine::Embedded(database) = &self.backend.engine else {
            return Ok(Vec::new());
        };
        let plans = deployment.streams.iter();
        let plans = plans.filter_map(|plan| Some((functions.get(&plan.function)?, plan)));
        plans
            .map(|(function, plan)| {
                let (function, database) = (Arc::clone(function), database.clone());
                StreamSubscription::new(function, plan.clone(), database, &region(), ACCOUNT)
                    .map(Arc::new)
            })
            .collect()
    }
}

fn partition_keys(deployment: &Deployment) -> BTreeMap<String, String> {
    let tables = deployment.tables.iter();
    tables
        .map(|table| (table.name.clone(), table.partition_key.name.clone()))
        .collect()
}

fn start_time(time: Time) -> Timestamp {
    match time {
        Time::Running | Time::Frozen => SystemClock.now(),
        Time::FrozenAt(time) | Time::WithRuntimeFrom(time) => time,
    }
}

fn pace(time: Time) -> Pace {
    match time {
        Time::Running | Time::Frozen | Time::FrozenAt(_) => Pace::Machine,
        Time::WithRuntimeFrom(_) => Pace::Runtime(Instant::now()),
    }
}

/// Reports a value that the template allows and the functions refuse as a wrong parameter.
fn misconfigured(template: &Template, error: &ConfigError) -> Problem {
    if let ConfigError::Invalid {
        name,
        value,
        expected,
    } = error
        && let Some(parameter) = template.parameter_behind(name)
    {
        return Problem::usage(format!(
            "the parameter {parameter} is {value:?}, which is not {expected}"
        ));
    }
    Problem::failure(format!(
        "the template does not configure its functions: {error}"
    ))
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), Problem> {
    let refused = |error| {
        Problem::failure(format!(
            "cannot listen on port {port} of 127.0.0.1: {error}"
        ))
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

fn serve_database(
    listener: TcpListener,
    database: engine::Database,
    stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let served = engine::serve(listener, database, end(stopped));
        if let Err(error) = served.await {
            tracing::error!("the database's port closed: {error}");
        }
    })
}

async fn end(mut stopped: watch::Receiver<bool>) {
    // An error means that the stack was dropped, and stops as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
