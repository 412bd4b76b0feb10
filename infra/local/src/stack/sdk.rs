//! How the functions' SDK reaches what they call.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, default_provider::credentials::DefaultCredentialsChain,
};
use axum::http::Uri;
use shared::{
    app::NO_SIGNATURE,
    aws_sdk_dynamodb::config::{
        AsyncSleep, Credentials, SharedAsyncSleep, SharedCredentialsProvider, SharedHttpClient,
        Sleep,
    },
};

use crate::{Problem, Storage, calls::connector::Connector, time::invocation};

/// The secret key. No engine checks it.
const SECRET: &str = "secret";

/// How the functions' SDK reaches AWS.
pub struct SdkSettings {
    region: Region,
    credentials: SharedCredentialsProvider,
    /// The access key of made-up credentials; `None` for real ones.
    access_key: Option<String>,
    endpoint: Option<String>,
}

impl SdkSettings {
    /// Those for a database.
    pub async fn read(database: &Storage, region: Region) -> Result<Self, Problem> {
        let (endpoint, access_key) = match database {
            Storage::Endpoint { url, access_key } => (Some(url.as_str()), access_key.as_str()),
            Storage::Memory | Storage::File(_) => (None, "local"),
        };
        let is_aws = match endpoint {
            Some(url) => host(url)?.ends_with(".amazonaws.com"),
            None => false,
        };
        let credentials = if is_aws {
            let chain = DefaultCredentialsChain::builder().region(region.clone());
            SharedCredentialsProvider::new(chain.build().await)
        } else {
            let fixed = Credentials::new(access_key, SECRET, None, None, "the local stack");
            SharedCredentialsProvider::new(fixed)
        };
        Ok(Self {
            region,
            credentials,
            access_key: (!is_aws).then(|| access_key.to_owned()),
            endpoint: endpoint.map(str::to_owned),
        })
    }

    /// The configuration of an SDK with this connector.
    pub fn with(&self, connector: Connector) -> SdkConfig {
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(self.region.clone())
            .http_client(SharedHttpClient::new(connector))
            .sleep_impl(SharedAsyncSleep::new(Pauses));
        sdk.set_endpoint_url(self.endpoint.clone());
        sdk.set_credentials_provider(Some(self.credentials.clone()));
        if self.endpoint.is_none() {
            // The engine is in this process and looks at no signature. To sign takes a tenth of the
            // time of a small request.
            sdk.set_auth_scheme_preference(Some([NO_SIGNATURE]));
        }
        sdk.build()
    }

    /// The variables by which a function in a process of its own reaches the same tables and
    /// queues. Credentials for AWS itself are not among them: the process has to have its own.
    pub fn ways_from_outside(
        &self,
        gateway: SocketAddr,
        database: Option<SocketAddr>,
    ) -> Option<BTreeMap<&'static str, String>> {
        let database = database.map(|address| format!("http://{address}"));
        let mut variables = BTreeMap::from([
            ("AWS_REGION", self.region.to_string()),
            ("AWS_ENDPOINT_URL_SQS", format!("http://{gateway}")),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", format!("http://{gateway}")),
            (
                "AWS_ENDPOINT_URL_DYNAMODB",
                self.endpoint.clone().or(database)?,
            ),
        ]);
        if let Some(access_key) = &self.access_key {
            variables.insert("AWS_ACCESS_KEY_ID", access_key.clone());
            variables.insert("AWS_SECRET_ACCESS_KEY", SECRET.to_owned());
        }
        Some(variables)
    }
}

/// The host of a URL.
fn host(url: &str) -> Result<String, Problem> {
    let uri = url.parse::<Uri>().ok();
    uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")))
        .and_then(|uri| uri.host().map(str::to_owned))
        .ok_or_else(|| {
            Problem::usage(format!(
                "{url:?} is not the URL of a DynamoDB endpoint, such as http://127.0.0.1:8000"
            ))
        })
}

/// How the SDK waits before it tries again. An invocation is busy meanwhile, and not asleep.
#[derive(Debug)]
struct Pauses;

impl AsyncSleep for Pauses {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(async move {
            let _call = invocation::current().map(|invocation| invocation.calls());
            tokio::time::sleep(duration).await;
        })
    }
}
