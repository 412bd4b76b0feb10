//! `get-queue-settings`: see [`functions::queue::get_settings`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::get_settings::handle).await
}
