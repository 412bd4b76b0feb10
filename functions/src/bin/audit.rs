//! `audit`: see [`functions::background::audit`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve_events(functions::background::audit::handle).await
}
