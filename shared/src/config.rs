//! The configuration that a function reads from its environment: once, typed, with errors that name
//! the variable.

use std::{borrow::Cow, ops::RangeInclusive, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    ids::ShowDate,
    order::{Hold, Order, OrderStatus, refundable_until},
    queue::Settings,
};
use crate::origin::OriginSecrets;

/// A missing or unusable environment variable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// Its value is not usable.
    #[error("the environment variable {name} is {value:?}, which is not {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be, as the end of a sentence.
        expected: Cow<'static, str>,
    },
}

/// The names of the eight tables. `shared/src/store/README.md#tables` says what is in each.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Users, and the owners of e-mail addresses.
    pub users: String,
    /// Balances, charges, corrections and orders.
    pub accounts: String,
    /// Concerts, shows and their listing.
    pub catalog: String,
    /// Queues, their numbers and cohorts.
    pub queues: String,
    /// Passages of users through queues, with what they hold.
    pub sessions: String,
    /// Seats that are not free.
    pub seats: String,
    /// What administrators have done.
    pub changes: String,
    /// Signing keys.
    pub keys: String,
}

/// Who may charge an account.
///
/// - `users`: its owner, and administrators.
/// - `admins`: administrators only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WhoCharges {
    /// Its owner, and administrators.
    Users,
    /// Administrators only, because the money comes from a payment provider that they talk to.
    Admins,
}

/// What the template knows of a deployment and no function needs. An operator asks for it before an
/// on-sale. The numbers are those of the template's parameters, where 0 often means "none".
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Deployment {
    /// The id of the AWS account.
    pub account: String,
    /// The name of the stack.
    pub stack: String,
    /// The region.
    pub region: String,
    /// Whether alarms are sent to somebody.
    pub has_alarm_topic: bool,
    /// `PollsPerSecond`.
    pub polls_per_second: u32,
    /// `JoinsPerSecond`.
    pub joins_per_second: u32,
    /// `RequestsPerSecond`.
    pub requests_per_second: u32,
    /// `PlaceConcurrency`.
    pub place_concurrency: u32,
    /// `QueueConcurrency`.
    pub queue_concurrency: u32,
    /// `JoinConcurrency`.
    pub join_concurrency: u32,
    /// `PayConcurrency`.
    pub pay_concurrency: u32,
    /// `HoldConcurrency`.
    pub hold_concurrency: u32,
    /// `AdmitConcurrency`.
    pub admit_concurrency: u32,
    /// `WarmReads`.
    pub warm_reads: u32,
    /// `WarmWrites`.
    pub warm_writes: u32,
    /// `AuditMinutes`.
    pub audit_minutes: u32,
    /// `AuditReadUnits`.
    pub audit_read_units: u32,
    /// `DeletionProtection`.
    pub deletion_protection: bool,
    /// `Deployment`.
    pub deployment: String,
    /// `RestoredTables`.
    pub restored_tables: String,
    /// `SigningKeyEncryption`.
    pub signing_key_encryption: String,
    /// `LogRetentionDays`.
    pub log_retention_days: u32,
    /// `AccessLogRetentionDays`.
    pub access_log_retention_days: u32,
}

/// Where events are sent.
#[derive(Debug, Clone)]
pub struct EventSink {
    /// The name of the EventBridge bus.
    pub bus: String,
    /// URL of the SQS queue of what cannot be read.
    pub dead_letters_url: String,
}

impl Deployment {
    /// The account of stacks that do not run on AWS.
    const NO_ACCOUNT: &str = "000000000000";

    /// Whether it runs on somebody's machine.
    pub fn is_local(&self) -> bool {
        self.account == Self::NO_ACCOUNT
    }
}

/// The configuration of a deployment, which `template.yaml` gives to each function.
#[derive(Debug, Clone)]
pub struct Config {
    /// Table names.
    pub tables: Tables,
    /// URL of the SQS queue of the delayed release messages.
    pub release_queue_url: String,
    /// The CloudWatch namespace of the deployment's metrics.
    pub metrics_namespace: String,
    /// How long a seat is held unpaid, in seconds ([`Hold::SECONDS`]).
    pub hold_seconds: u32,
    /// How long after its admission a session may make its first protected call, in seconds. It is
    /// at least ten less than `active_seconds`, whatever the parameter says: `CloudFormation`
    /// cannot compare numbers, so it could not refuse such a deployment.
    pub claim_seconds: u32,
    /// How long an admitted session stays active, in seconds ([`Settings::ACTIVE_SECONDS`]).
    pub active_seconds: u32,
    /// Time between two ticks of a queue, in seconds.
    pub tick_seconds: u32,
    /// How many sessions may be active at once, in a queue without settings of its own.
    pub main_max_active: u32,
    /// Admissions a second, in thousandths, in a queue without settings of its own.
    pub main_rate_milli: u64,
    /// Refunds end this many hours before the day of the show begins.
    pub refund_cutoff_hours: u32,
    /// Who may charge an account.
    pub who_charges: WhoCharges,
    /// The time zone in which a show's day begins and ends.
    pub time_zone: TimeZone,
    /// The key that signs tokens is replaced after this many days.
    pub key_rotation_days: u32,
    /// What the template knows besides. Only `get-service` has it.
    pub deployment: Option<Arc<Deployment>>,
    /// Where events are sent. Only `publish` has it.
    pub events: Option<EventSink>,
    /// Whether a firewall checks browsers with scripts from hosts of AWS. Only `get-page` has it.
    pub challenge: bool,
    /// What a request must have, because CloudFront is in front. `None` if everybody may call.
    ///
    /// Everybody that may read a function's configuration (`lambda:GetFunctionConfiguration`) or that of the
    /// distribution can read the secrets.
    pub origin_secrets: Option<OriginSecrets>,
}

impl Config {
    /// The limits of [`Config::refund_cutoff_hours`]: at most a year.
    pub const REFUND_CUTOFF_HOURS: RangeInclusive<u32> = 0..=8_760;
    /// The limits of [`Config::key_rotation_days`]: at most a year.
    pub const KEY_ROTATION_DAYS: RangeInclusive<u32> = 1..=365;

    /// Reads the configuration. `variable` returns an environment variable by its name. Every
    /// variable is required but `DEPLOYMENT`, `EVENT_BUS`, `EVENT_DEAD_LETTERS_URL`, `CHALLENGE`,
    /// `ORIGIN_SECRET` and `ORIGIN_SECRET_BEFORE`. The defaults are in `template.yaml`, and none are here.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let env = Environment(&variable);
        let active_seconds = env.whole("ACTIVE_SECONDS", Settings::ACTIVE_SECONDS)?;
        let claim_seconds = env.whole("CLAIM_SECONDS", Settings::CLAIM_SECONDS)?;
        Ok(Self {
            tables: Tables {
                users: env.text("USERS_TABLE")?,
                accounts: env.text("ACCOUNTS_TABLE")?,
                catalog: env.text("CATALOG_TABLE")?,
                queues: env.text("QUEUES_TABLE")?,
                sessions: env.text("SESSIONS_TABLE")?,
                seats: env.text("SEATS_TABLE")?,
                changes: env.text("CHANGES_TABLE")?,
                keys: env.text("KEYS_TABLE")?,
            },
            release_queue_url: env.text("RELEASE_QUEUE_URL")?,
            metrics_namespace: env.text("METRICS_NAMESPACE")?,
            hold_seconds: env.whole("HOLD_SECONDS", Hold::SECONDS)?,
            claim_seconds: claim_seconds.min(Settings::longest_claim(active_seconds)),
            active_seconds,
            tick_seconds: env.whole("TICK_SECONDS", Settings::TICK_SECONDS)?,
            main_max_active: env.whole("MAIN_MAX_ACTIVE", Settings::MAX_ACTIVE)?,
            main_rate_milli: {
                let (min, max) = Settings::rate_bounds();
                env.parse(
                    "MAIN_RATE",
                    format!("a number from {min} to {max}"),
                    |text| milli(text).filter(|rate| Settings::RATE_MILLI.contains(rate)),
                )?
            },
            refund_cutoff_hours: env.whole("REFUND_CUTOFF_HOURS", Self::REFUND_CUTOFF_HOURS)?,
            who_charges: env.parse("WHO_CHARGES", "`users` or `admins`", |text| match text {
                "users" => Some(WhoCharges::Users),
                "admins" => Some(WhoCharges::Admins),
                _ => None,
            })?,
            time_zone: env.parse("TIME_ZONE", "the name of a time zone", |name| {
                TimeZone::get(name).ok()
            })?,
            key_rotation_days: env.whole("KEY_ROTATION_DAYS", Self::KEY_ROTATION_DAYS)?,
            deployment: match variable("DEPLOYMENT") {
                None => None,
                Some(_) => Some(env.parse("DEPLOYMENT", "the values of parameters", |json| {
                    serde_json::from_str(json).ok().map(Arc::new)
                })?),
            },
            events: match variable("EVENT_BUS") {
                None => None,
                Some(_) => Some(EventSink {
                    bus: env.text("EVENT_BUS")?,
                    dead_letters_url: env.text("EVENT_DEAD_LETTERS_URL")?,
                }),
            },
            challenge: match variable("CHALLENGE") {
                None => false,
                Some(_) => env.parse("CHALLENGE", "`true` or `false`", |text| text.parse().ok())?,
            },
            origin_secrets: OriginSecrets::new(
                variable("ORIGIN_SECRET"),
                variable("ORIGIN_SECRET_BEFORE"),
            ),
        })
    }

    /// Until when a buyer may get a refund for a show on this date.
    pub fn refundable_until(&self, date: ShowDate) -> Timestamp {
        refundable_until(date, &self.time_zone, self.refund_cutoff_hours)
    }

    /// Until when a buyer may get a refund of this order; `None` if it is refunded.
    pub fn refundable_until_of(&self, order: &Order) -> Option<Timestamp> {
        match order.status {
            OrderStatus::Paid => Some(self.refundable_until(order.show_key.date())),
            OrderStatus::Refunded => None,
        }
    }

    /// Reads the configuration from the environment of this process.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }
}

/// A decimal number such as `0.2` or `50` in thousandths; at most three decimals.
fn milli(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 3 {
        return None;
    }
    format!("{whole}{fraction:0<3}").parse().ok()
}

struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    fn text(&self, name: &'static str) -> Result<String, ConfigError> {
        (self.0)(name)
            .filter(|value| !value.is_empty())
            .ok_or(ConfigError::Missing(name))
    }

    fn whole(&self, name: &'static str, range: RangeInclusive<u32>) -> Result<u32, ConfigError> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.parse(name, expected, |text| {
            text.parse().ok().filter(|n| range.contains(n))
        })
    }

    fn parse<T>(
        &self,
        name: &'static str,
        expected: impl Into<Cow<'static, str>>,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let value = self.text(name)?;
        read(&value).ok_or(ConfigError::Invalid {
            name,
            value,
            expected: expected.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str) -> Option<String> {
        let value = match name {
            "HOLD_SECONDS" | "ACTIVE_SECONDS" => "300",
            "CLAIM_SECONDS" => "120",
            "TICK_SECONDS" => "5",
            "MAIN_MAX_ACTIVE" => "1000",
            "MAIN_RATE" => "0.2",
            "REFUND_CUTOFF_HOURS" => "24",
            "WHO_CHARGES" => "users",
            "TIME_ZONE" => "Asia/Seoul",
            "KEY_ROTATION_DAYS" => "30",
            "DEPLOYMENT" | "EVENT_BUS" | "CHALLENGE" => return None,
            _ => "some-name",
        };
        Some(value.to_owned())
    }

    #[test]
    fn missing_variable_is_named() {
        let error = Config::read(|name| (name != "SEATS_TABLE").then(|| variables(name))?)
            .expect_err("SEATS_TABLE is missing");
        assert_eq!(
            error.to_string(),
            "the environment variable SEATS_TABLE is not set"
        );
    }

    #[test]
    fn value_out_of_range_is_named() {
        for (wrong, value) in [
            ("HOLD_SECONDS", "841"),
            ("CLAIM_SECONDS", "9"),
            ("CLAIM_SECONDS", "3591"),
            ("ACTIVE_SECONDS", "3601"),
            ("ACTIVE_SECONDS", "19"),
            ("HOLD_SECONDS", "300.5"),
            ("MAIN_RATE", "50.0001"),
            ("TIME_ZONE", "Asia/Seul"),
            ("MAIN_MAX_ACTIVE", "many"),
            ("MAIN_RATE", "0.0001"),
            ("REFUND_CUTOFF_HOURS", "-1"),
            ("WHO_CHARGES", "everybody"),
            ("TIME_ZONE", "Asia/Atlantis"),
            ("KEY_ROTATION_DAYS", "366"),
            ("DEPLOYMENT", "{}"),
            ("CHALLENGE", "maybe"),
        ] {
            let error = Config::read(|name| {
                if name == wrong {
                    Some(value.to_owned())
                } else {
                    variables(name)
                }
            })
            .expect_err(wrong);
            let text = error.to_string();
            assert!(text.contains(wrong) && text.contains(value), "{text}");
        }
    }

    #[test]
    fn claim_leaves_an_arriver_ten_seconds() {
        let claim = |claim: &str, active: &str| {
            let config = Config::read(|name| match name {
                "CLAIM_SECONDS" => Some(claim.to_owned()),
                "ACTIVE_SECONDS" => Some(active.to_owned()),
                _ => variables(name),
            });
            config.expect("any two are taken").claim_seconds
        };
        assert_eq!(claim("10", "20"), 10);
        assert_eq!(claim("290", "300"), 290);
        assert_eq!(claim("291", "300"), 290);
        assert_eq!(claim("3590", "20"), 10);
    }

    #[test]
    fn rate_keeps_its_thousandths() {
        assert_eq!(
            Config::read(variables).expect("complete").main_rate_milli,
            200
        );
        assert_eq!(milli("50"), Some(50_000));
        assert_eq!(milli("1.5"), Some(1_500));
        assert_eq!(milli("1.2345"), None);
        assert_eq!(milli(".5"), None);
        assert_eq!(milli("-1"), None);
    }
}
