//! `sign-up`: see [`functions::accounts::sign_up`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::sign_up::handle).await
}
