//! `get-settings`: see [`functions::service::get_settings`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::service::get_settings::handle).await
}
