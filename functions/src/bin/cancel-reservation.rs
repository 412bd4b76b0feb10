//! `cancel-reservation`: see [`functions::reservations::cancel`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::reservations::cancel::handle).await
}
