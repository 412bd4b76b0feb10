//! `admit`: see [`functions::background::admit`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve_events(functions::background::admit::handle).await
}
