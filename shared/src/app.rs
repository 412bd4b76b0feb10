//! The handle that every handler gets first.

use std::sync::Arc;

use crate::{clock::Clock, config::Config};

/// Why a function could not start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// A cheap-clone handle on everything a handler needs.
#[derive(Clone)]
pub struct App(Arc<()>);

impl App {
    /// Starts.
    pub async fn start(
        config: Config,
        sdk: &aws_config::SdkConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let _ = (config, sdk, clock);
        Ok(Self(Arc::new(())))
    }
}
