//! `put-queue`: see [`functions::queue::put_queue`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::put_queue::handle).await
}
