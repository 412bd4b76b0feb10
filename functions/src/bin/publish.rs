//! `publish`: see [`functions::background::publish`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve_events(functions::background::publish::handle).await
}
