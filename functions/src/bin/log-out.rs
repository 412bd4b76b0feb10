//! `log-out`: see [`functions::accounts::log_out`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::log_out::handle).await
}
