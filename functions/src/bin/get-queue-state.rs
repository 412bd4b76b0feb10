//! `get-queue-state`: see [`functions::queue::get_state`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::get_state::handle).await
}
