//! `log-in`: see [`functions::accounts::log_in`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::log_in::handle).await
}
