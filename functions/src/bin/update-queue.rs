//! `update-queue`: see [`functions::queue::update_queue`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::update_queue::handle).await
}
