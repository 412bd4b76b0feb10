//! A whole stack: the functions, and everything around them.

mod assembly;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fs::File, net::SocketAddr, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use shared::{app::App, aws_sdk_dynamodb::Client, clock::Clock};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    Options, Problem,
    aws::queue::Message,
    calls::{
        connector::Backend,
        faults::Faults,
        tally::{Consumed, Tally, Units},
    },
    demo::Demo,
    lambda::{
        function::{Function, Start},
        published::Published,
        timeline::Timeline,
    },
    template::{handlers::Handlers, permissions::Grant},
};

/// A whole stack, running. When it is dropped it ends at once; [`Stack::stop`] lets what has
/// begun come to its end.
pub struct Stack {
    address: SocketAddr,
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
    /// Of the data file, until the stack ends.
    _lock: Option<File>,
}

impl Stack {
    /// Starts a stack. When this returns, it serves, and the first tick of its queues is done.
    pub async fn start(options: Options) -> Result<Self, Problem> {
        assembly::assemble(options, &Handlers::onsale()).await
    }

    /// Where the API is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the embedded engine listens, if it does.
    pub fn database_url(&self) -> Option<String> {
        self.database_address
            .map(|address| format!("http://{address}"))
    }

    /// The time of the stack.
    pub fn now(&self) -> Timestamp {
        self.timeline.clock.now()
    }

    /// Moves the clock of the whole stack. What becomes due is done in order, each thing at its
    /// own time, before this returns.
    pub async fn advance(&self, by: Duration) -> Timestamp {
        self.timeline.advance(by).await
    }

    /// Finishes something that invokes a function. Where the clock stands still, it is moved to
    /// each time until which the function sleeps, and only then.
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
                    // Whoever was woken has to get up.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// The demo data, if this start has made any.
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

    /// A handle that belongs to no function, and is not counted.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn operator(&self) -> App {
        self.operator.app().await.expect("the operator starts")
    }

    /// The tables themselves, for who wants to read and write what no function does. It is not
    /// counted either.
    pub fn database(&self) -> Client {
        Client::new(&self.operator.sdk)
    }

    /// What the functions' calls to the database consumed since the start, or since it was last
    /// forgotten.
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

    /// The most calls that a function had under way at the same moment, since the start, or since
    /// what was consumed was last forgotten.
    ///
    /// # Panics
    ///
    /// When there is no such function.
    pub fn most_in_flight(&self, function: &str) -> u64 {
        self.functions[function].tally.most_in_flight()
    }

    /// Forgets what was consumed.
    pub fn forget_consumed(&self) {
        self.functions
            .values()
            .map(|f| &f.tally)
            .for_each(|t| Tally::reset(t));
    }

    /// What the functions have published as metrics, line by line, if the stack notes it.
    pub fn metrics(&self) -> Vec<String> {
        let published = self.published.as_ref();
        published.map(Published::lines).unwrap_or_default()
    }

    /// The messages on their way to a function, those due first in front.
    pub fn pending_messages(&self) -> Vec<Message> {
        let subscriptions = self.timeline.subscriptions.iter();
        subscriptions
            .flat_map(|subscription| self.timeline.queues.messages(&subscription.queue))
            .collect()
    }

    /// The messages that failed too often.
    pub fn dead_letters(&self) -> Vec<Message> {
        let queues = &self.timeline.queues;
        let dead = queues.dead_letter_queues();
        dead.flat_map(|queue| queues.messages(queue)).collect()
    }

    /// What each function may do.
    pub fn grants(&self) -> &[(String, Grant)] {
        &self.grants
    }

    /// From now on, writes of the functions to this table lose their condition when it contains
    /// this text: a test of a guard must be seen to fail without it.
    pub fn strip_condition(&self, table: &str, text: &str) {
        self.backend.interference.strip_condition(table, text);
    }

    /// From now on, a transaction that several conditions refuse reports one of them only: that
    /// with this index, counted from 0 and round and round. Without one, all are reported again.
    pub fn report_one_condition(&self, index: Option<usize>) {
        self.backend.interference.report_one_condition(index);
    }

    /// What goes wrong with the functions' calls.
    pub fn faults(&self) -> &Faults {
        &self.backend.faults
    }

    /// From now on, the clock of a function is so far ahead of the stack's, or behind.
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

    /// How many conditions were taken out so far.
    pub fn stripped_conditions(&self) -> u64 {
        self.backend.interference.stripped()
    }

    /// Ends the stack: requests that have begun are answered first.
    pub async fn stop(mut self) {
        /// What takes longer than this is a function that sleeps.
        const PATIENCE: Duration = Duration::from_secs(2);

        self.stop.send_replace(true);
        for server in &mut self.servers {
            let _ = tokio::time::timeout(PATIENCE, server).await;
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
