//! `end-sessions`: see [`functions::accounts::end_sessions`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::end_sessions::handle).await
}
