//! `list-sessions`: see [`functions::queue::list_sessions`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::list_sessions::handle).await
}
