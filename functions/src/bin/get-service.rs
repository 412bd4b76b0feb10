//! `get-service`: see [`functions::service::get_service`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::service::get_service::handle).await
}
