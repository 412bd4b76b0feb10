//! `hold-seats`: see [`functions::reservations::hold`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::reservations::hold::handle).await
}
