//! A whole stack: the functions, what they call, and what calls them.

mod assembly;
mod sdk;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use shared::{
    app::App,
    aws_sdk_dynamodb::{Client, types::AttributeValue},
    clock::Clock,
};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    Options, Problem,
    aws::{buses::BusEvent, engine, queue::Message},
    calls::{
        connector::{Backend, Engine},
        faults::Faults,
        tally::{Consumed, Tally, Units},
        traffic::Traffic,
    },
    demo::Demo,
    lambda::{
        function::{Function, Start},
        published::Published,
        timeline::Timeline,
    },
    template::{handlers::Handlers, permissions::Grant},
};

/// A running stack. When it is dropped it ends at once. [`Stack::stop`] lets requests that have
/// begun be answered first.
pub struct Stack {
    address: SocketAddr,
    api_address: Option<SocketAddr>,
    database_address: Option<SocketAddr>,
    functions: BTreeMap<String, Arc<Function>>,
    operator: Start,
    backend: Arc<Backend>,
    published: Option<Published>,
    timeline: Arc<Timeline>,
    demo: Option<Demo>,
    grants: Vec<(String, Grant)>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
    driver: JoinHandle<()>,
    /// The lock of the data file, until the stack ends.
    _lock: Option<File>,
}

impl Stack {
    /// Starts a stack. When this returns, it serves requests, and the first tick of its queues is
    /// done.
    pub async fn start(options: Options) -> Result<Self, Problem> {
        assembly::assemble(options, &Handlers::onsale()).await
    }

    /// Where callers find it: the API, or what is in front of it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of the API itself, if something is in front of it.
    pub fn api_url(&self) -> Option<String> {
        self.api_address.map(|address| format!("http://{address}"))
    }

    /// The URL of the embedded engine, if it listens.
    pub fn database_url(&self) -> Option<String> {
        self.database_address
            .map(|address| format!("http://{address}"))
    }

    /// The time of the stack.
    pub fn now(&self) -> Timestamp {
        self.timeline.clock.now()
    }

    /// Moves the clock of the whole stack. What becomes due is done in order, each thing at its own
    /// time, before this returns. Returns the time after the move.
    pub async fn advance(&self, by: Duration) -> Timestamp {
        self.timeline.advance(by).await
    }

    /// Finishes work that invokes a function. If the clock stands still and the function sleeps,
    /// the clock is moved to the time until which it sleeps, as often as it takes.
    ///
    /// # Panics
    ///
    /// When there is no such function.
    pub async fn without_waiting<T>(&self, function: &str, work: impl Future<Output = T>) -> T {
        let clock = &self.functions[function].start.clock;
        if self.timeline.runs {
            return work.await;
        }
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                until = clock.next_wake() => {
                    let now = self.timeline.clock.now();
                    let by = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                    self.advance(by).await;
                    // The sleeper that was woken has to run.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// The demo data, if this start has created any.
    pub fn demo(&self) -> Option<&Demo> {
        self.demo.as_ref()
    }

    /// The handle of a function, as its handler gets it.
    ///
    /// # Panics
    ///
    /// When there is no such function, or it does not start.
    pub async fn app(&self, function: &str) -> App {
        let function = &self.functions[function];
        function.app().await.expect("the function starts")
    }

    /// Starts another instance of a function, as Lambda does for each request under way. It knows
    /// nothing of what the first one has read. Its clock is this one.
    ///
    /// # Panics
    ///
    /// When there is no such function, or it does not start.
    pub async fn instance(&self, function: &str, clock: Arc<dyn Clock>) -> App {
        let Start {
            config,
            sdk,
            metrics,
            ..
        } = &self.functions[function].start;
        let started = App::start(config.clone(), sdk, clock, metrics.clone()).await;
        started.expect("the function starts")
    }

    /// A handle that belongs to no function. What it consumes is not counted.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn operator(&self) -> App {
        self.operator.app().await.expect("the operator starts")
    }

    /// A client for the tables, to read and write what no function does. What it consumes is not
    /// counted.
    pub fn database(&self) -> Client {
        Client::new(&self.operator.sdk)
    }

    /// Puts items into a table of the embedded engine in one transaction, without conditions. For
    /// millions of items, which would take long with [`Stack::database`].
    pub fn import(
        &self,
        table: &str,
        items: Vec<HashMap<String, AttributeValue>>,
    ) -> Result<(), Problem> {
        match &self.backend.engine {
            Engine::Embedded(database) => engine::import(database, table, items),
            Engine::Remote(_) => Err(Problem::failure("the tables are in another engine")),
        }
    }

    /// What the functions' calls to the database have consumed since the start, or since
    /// [`Stack::forget_consumed`].
    pub fn consumed(&self) -> Consumed {
        let functions: BTreeMap<_, _> = self
            .functions
            .values()
            .map(|function| (function.name.clone(), function.tally.units()))
            .filter(|(_, units)| *units != Units::default())
            .collect();
        Consumed {
            total: functions.values().copied().sum(),
            functions,
        }
    }

    /// The highest number of calls that a function had in flight at one moment since the start, or
    /// since [`Stack::forget_consumed`].
    ///
    /// # Panics
    ///
    /// When there is no such function.
    pub fn most_in_flight(&self, function: &str) -> u64 {
        self.functions[function].tally.most_in_flight()
    }

    /// Sets the counters of what was consumed to zero.
    pub fn forget_consumed(&self) {
        self.functions
            .values()
            .map(|f| &f.tally)
            .for_each(|t| Tally::reset(t));
    }

    /// The lines of metrics that the functions have published, if [`Options::metrics`] is set.
    pub fn metrics(&self) -> Vec<String> {
        let published = self.published.as_ref();
        published.map(Published::lines).unwrap_or_default()
    }

    /// The messages that a function will get, those due first in front.
    pub fn pending_messages(&self) -> Vec<Message> {
        let subscriptions = self.timeline.subscriptions.iter();
        subscriptions
            .flat_map(|subscription| self.timeline.queues.messages(&subscription.queue))
            .collect()
    }

    /// The events that the buses took after the one with this number, as far as they are kept:
    /// [`EVENTS_KEPT`]. What was written shortly before may not be among them yet. After a move of
    /// the clock, be it by no time, it is.
    ///
    /// [`EVENTS_KEPT`]: crate::EVENTS_KEPT
    pub fn events_after(&self, number: u64) -> Vec<Arc<BusEvent>> {
        self.backend.buses.after(number)
    }

    /// The messages that failed too often, and what is told of records that were given up.
    pub fn dead_letters(&self) -> Vec<Message> {
        let queues = &self.timeline.queues;
        let streams = self.timeline.streams.iter();
        let mut dead: BTreeSet<_> = streams.filter_map(|stream| stream.on_failure()).collect();
        dead.extend(queues.dead_letter_queues());
        let dead = dead.into_iter();
        dead.flat_map(|queue| queues.messages(queue)).collect()
    }

    /// The grants of each function.
    pub fn grants(&self) -> &[(String, Grant)] {
        &self.grants
    }

    /// From now on, writes of the functions to this table lose their condition if it contains this
    /// text. A test of a condition must be seen to fail without it.
    pub fn strip_condition(&self, table: &str, text: &str) {
        self.backend.interference.strip_condition(table, text);
    }

    /// From now on, a transaction that several conditions refuse reports only the one with this
    /// index, modulo their number. With `None`, all are reported again.
    pub fn report_one_condition(&self, index: Option<usize>) {
        self.backend.interference.report_one_condition(index);
    }

    /// The faults that the functions' calls meet.
    pub fn faults(&self) -> &Faults {
        &self.backend.faults
    }

    /// How long the functions' calls take.
    pub fn traffic(&self) -> &Traffic {
        &self.backend.traffic
    }

    /// From now on, the clock of a function is ahead of the stack's by this, or behind it.
    ///
    /// # Panics
    ///
    /// When there is no such function.
    pub fn put_clock_ahead(&self, function: &str, by: SignedDuration) {
        self.functions[function].start.clock.put_ahead(by);
    }

    /// The names of the functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// How many conditions have been taken out.
    pub fn stripped_conditions(&self) -> u64 {
        self.backend.interference.stripped()
    }

    /// Ends the stack. Requests that have begun are answered first, for up to two seconds.
    pub async fn stop(mut self) {
        /// A function that takes longer sleeps.
        const MAX_WAIT: Duration = Duration::from_secs(2);

        self.stop.send_replace(true);
        for server in &mut self.servers {
            let _ = tokio::time::timeout(MAX_WAIT, server).await;
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.driver.abort();
        self.timeline.board.end();
        self.servers.iter().for_each(JoinHandle::abort);
    }
}
