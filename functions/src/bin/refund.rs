//! `refund`: see [`functions::reservations::refund`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::reservations::refund::handle).await
}
