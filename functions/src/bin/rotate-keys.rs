//! `rotate-keys`: see [`functions::background::rotate_keys`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve_events(functions::background::rotate_keys::handle).await
}
