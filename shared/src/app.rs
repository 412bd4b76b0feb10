//! The handle that every handler gets first: the store, the keys, the clock, the configuration and
//! the release queue. Also the steps that several endpoints share.

mod accounts;
mod best;
mod catalog;
mod doors;
mod halls;
mod line;
mod listing;
pub mod numbers;
mod plans;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_sdk_dynamodb::config::{
    BehaviorVersion, StalledStreamProtectionConfig,
    retry::{RetryConfig, RetryPartition},
    timeout::TimeoutConfig,
};
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};

use self::{best::Views, halls::Sold, listing::Listing, plans::Plans};
pub use self::{
    best::{BestSearch, Found},
    doors::{Admin, Buyer, Caller, Holder, SignedIn, Visitor, require_current_generation},
    line::{Ticked, ask_again_after},
};
use crate::{
    auth::Keyring,
    bus::EventBus,
    cache::Cache,
    clock::Clock,
    config::Config,
    domain::{
        events::Buyers,
        hall::{HallCounts, TakenSeats},
        ids::{ConcertId, QueueId, SessionId, ShowId},
        queue::{Queue, QueueState, Settings, WhoJoins},
        show::{CATALOG_GOOD_FOR, Concert, Show},
    },
    messages::ReleaseQueue,
    metrics::Metrics,
    store::{Store, StoreError, usage},
};

/// The time-out of one attempt of a call to the database or the release queue.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// The time-out of a call with all its attempts, well below the time-out of every function.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// How many times a call is attempted.
const ATTEMPTS: u32 = 3;

/// The longest random wait of the SDK before the second attempt. Before the third it waits at most
/// [`MAX_BACK_OFF`]. This holds after throttling and after every other failure that may pass. The
/// SDK's own default begins at a second, in which a function does nothing and is paid for.
const FIRST_BACK_OFF: Duration = Duration::from_millis(50);

/// No wait between two attempts is longer, not even one that a response asks for.
const MAX_BACK_OFF: Duration = Duration::from_millis(100);

// All attempts and the waits between them fit into a call's time.
const _: () = assert!(
    ATTEMPT_TIMEOUT.as_millis() * ATTEMPTS as u128
        + MAX_BACK_OFF.as_millis() * (ATTEMPTS - 1) as u128
        <= CALL_TIMEOUT.as_millis()
);

/// How long an instance uses its copy of a queue's document.
const QUEUE_GOOD_FOR: SignedDuration = SignedDuration::from_secs(1);

/// How long an instance remembers that the counter of a queue was throttled.
const RUSHED_FOR: SignedDuration = SignedDuration::from_secs(10);

/// How long an instance remembers that a session was over.
const OVER_GOOD_FOR: SignedDuration = SignedDuration::from_mins(1);

/// How long an instance uses its count of taken seats.
const TAKEN_GOOD_FOR: SignedDuration = SignedDuration::from_secs(2);

/// Why a function could not start.
#[derive(Debug, thiserror::Error)]
#[error("the signing keys could not be read: {0}")]
pub struct StartError(#[from] StoreError);

/// The scheme of the SDK in which requests are not signed.
pub const NO_SIGNATURE: AuthSchemeId = AuthSchemeId::new("noAuth");

fn prefers_no_signature(sdk: &SdkConfig) -> bool {
    let preferred = sdk.auth_scheme_preference().cloned();
    preferred.is_some_and(|schemes| schemes.into_iter().any(|scheme| scheme == NO_SIGNATURE))
}

/// A handle on everything that a handler needs. It is cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    config: Config,
    clock: Arc<dyn Clock>,
    store: Store,
    keyring: Keyring,
    release_queue: ReleaseQueue,
    /// What clients are made of.
    sdk: SdkConfig,
    bus: OnceLock<EventBus>,
    buyers: OnceLock<Buyers>,
    metrics: Metrics,
    queue_defaults: Settings,
    queues: Cache<QueueId, Queue>,
    /// How many pools to draw numbers from, in queues whose counter was throttled.
    rushed: Cache<QueueId, u8>,
    over: Cache<SessionId, ()>,
    concerts: Cache<ConcertId, Concert>,
    shows: Cache<ShowId, Show>,
    shows_of: Cache<ConcertId, Arc<[Show]>>,
    taken: Cache<ShowId, TakenSeats>,
    halls: Cache<ConcertId, Arc<HallCounts>>,
    sold: Sold,
    listing: Listing,
    plans: Plans,
    views: Views,
}

impl App {
    /// Starts a function: makes clients with time-outs, and reads the public keys. That read opens
    /// the connection to the database during the start, which costs nothing. Requests are signed,
    /// unless `sdk` prefers [`NO_SIGNATURE`], as only the local stack does.
    pub async fn start(
        config: Config,
        sdk: &SdkConfig,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Result<Self, StartError> {
        let (timeouts, retries) = (timeouts(), retries());
        let mut database = aws_sdk_dynamodb::config::Builder::from(sdk)
            .behavior_version(BehaviorVersion::latest())
            .retry_config(retries.clone())
            .retry_partition(own_budget())
            .timeout_config(timeouts.clone())
            .interceptor(usage::NotesWrites)
            // This is for long streams. Ours are a few kilobytes, and have time-outs.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if prefers_no_signature(sdk) {
            // Without this the SDK signs even if the preference is not to.
            database.set_allow_no_auth();
        }
        let without_retries = database.clone().retry_config(RetryConfig::disabled());
        let store = Store::new(
            aws_sdk_dynamodb::Client::from_conf(database.build()),
            aws_sdk_dynamodb::Client::from_conf(without_retries.build()),
            config.tables.clone(),
        );
        let keyring = Keyring::read(store.clone(), clock.now()).await?;
        let release_queue = ReleaseQueue::new(sqs(sdk), config.release_queue_url.clone());
        Ok(Self(Arc::new(Parts {
            queue_defaults: queue_defaults(&config),
            config,
            clock,
            store,
            keyring,
            release_queue,
            sdk: sdk.clone(),
            bus: OnceLock::new(),
            buyers: OnceLock::new(),
            metrics,
            queues: Cache::new(QUEUE_GOOD_FOR),
            rushed: Cache::new(RUSHED_FOR),
            over: Cache::new(OVER_GOOD_FOR),
            concerts: Cache::new(CATALOG_GOOD_FOR),
            shows: Cache::new(CATALOG_GOOD_FOR),
            shows_of: Cache::new(CATALOG_GOOD_FOR),
            taken: Cache::new(TAKEN_GOOD_FOR),
            halls: Cache::new(TAKEN_GOOD_FOR),
            sold: Sold::default(),
            listing: Listing::default(),
            plans: Plans::default(),
            views: Views::default(),
        })))
    }

    /// The time now. A request asks once.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Waits on the app's clock.
    pub async fn sleep_until(&self, until: Timestamp) {
        self.0.clock.sleep_until(until).await;
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The settings of a queue without settings of its own.
    pub fn queue_defaults(&self) -> &Settings {
        &self.0.queue_defaults
    }

    /// The tables.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The keys.
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// The release queue.
    pub fn release_queue(&self) -> &ReleaseQueue {
        &self.0.release_queue
    }

    /// The bus of events; `None` if the function has none. It is made when it is asked for first, so
    /// that only `publish` contains the code that sends events.
    pub fn bus(&self) -> Option<&EventBus> {
        let sink = self.0.config.events.as_ref()?;
        let sdk = &self.0.sdk;
        let bus = || EventBus::new(eventbridge(sdk), sqs(sdk), sink.clone());
        Some(self.0.bus.get_or_init(bus))
    }

    /// The buyers that stand for users in events. The first call in an instance reads their key, and
    /// the first of all makes it: 1 RRU, and 1 WRU once.
    pub async fn buyers(&self) -> Result<&Buyers, StoreError> {
        if let Some(known) = self.0.buyers.get() {
            return Ok(known);
        }
        let stored = self.store().buyers().await?;
        let buyers = match stored {
            Some(buyers) => buyers,
            None => self.store().create_buyers().await?,
        };
        Ok(self.0.buyers.get_or_init(|| buyers))
    }

    /// Where metrics are written.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}

/// Only these waits delay an attempt. (A rate limiter belongs to the SDK's adaptive mode.)
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACK_OFF)
        .with_max_backoff(MAX_BACK_OFF)
}

/// A retry budget of the function's own. Some fifty calls that fail for good use it up. Then a call is
/// not retried until calls succeed again. In a process with many functions they would share one
/// budget, and a failing function would stop the retries of the others.
fn own_budget() -> RetryPartition {
    RetryPartition::custom("function").build()
}

/// A client of SQS.
fn sqs(sdk: &SdkConfig) -> aws_sdk_sqs::Client {
    let mut config = aws_sdk_sqs::config::Builder::from(sdk)
        .behavior_version(BehaviorVersion::latest())
        .retry_config(retries())
        .retry_partition(own_budget())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if prefers_no_signature(sdk) {
        config.set_allow_no_auth();
    }
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// A client of EventBridge.
fn eventbridge(sdk: &SdkConfig) -> aws_sdk_eventbridge::Client {
    let mut config = aws_sdk_eventbridge::config::Builder::from(sdk)
        .behavior_version(BehaviorVersion::latest())
        .retry_config(retries())
        .retry_partition(own_budget())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if prefers_no_signature(sdk) {
        config.set_allow_no_auth();
    }
    aws_sdk_eventbridge::Client::from_conf(config.build())
}

/// The settings of a queue without settings of its own: the template's parameters.
fn queue_defaults(config: &Config) -> Settings {
    Settings {
        max_active: config.main_max_active,
        rate_milli: config.main_rate_milli,
        claim_seconds: config.claim_seconds,
        active_seconds: config.active_seconds,
        tick_seconds: config.tick_seconds,
        state: QueueState::Open,
        who: WhoJoins::Everybody,
        notice: None,
        default_concert_id: None,
        opens_at: None,
        version: 0,
    }
}
