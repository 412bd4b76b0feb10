//! `get-reservation`: see [`functions::reservations::get`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::reservations::get::handle).await
}
