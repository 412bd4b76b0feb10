//! `get-queue`: see [`functions::queue::get_queue`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::get_queue::handle).await
}
