//! `list-changes`: see [`functions::service::list_changes`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::service::list_changes::handle).await
}
