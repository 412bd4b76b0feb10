//! The concerts that a fresh stack can begin with.

use shared::app::App;

use crate::Problem;

/// A show of the demo data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoShow {
    /// The concert.
    pub concert_id: String,
    /// Its date, `YYYY-MM-DD`.
    pub date: String,
}

/// Makes demo concerts with so many shows in all, and says which.
#[expect(clippy::unused_async, reason = "writing concerts will take awaiting")]
pub async fn create(app: &App, shows: u32) -> Result<Vec<DemoShow>, Problem> {
    let _ = (app, shows);
    Ok(Vec::new())
}
