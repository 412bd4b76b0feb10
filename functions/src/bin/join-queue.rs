//! `join-queue`: see [`functions::queue::join`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::join::handle).await
}
