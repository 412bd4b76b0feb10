//! `name-owners`: see [`functions::background::name_owners`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve_events(functions::background::name_owners::handle).await
}
