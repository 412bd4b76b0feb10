//! `release-hold`: see [`functions::background::release_hold`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve_messages(functions::background::release_hold::handle).await
}
