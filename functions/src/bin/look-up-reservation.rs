//! `look-up-reservation`: see [`functions::reservations::look_up`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::reservations::look_up::handle).await
}
