//! `leave-queue`: see [`functions::queue::leave`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::leave::handle).await
}
