//! `get-buyer`: see [`functions::accounts::get_buyer`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::get_buyer::handle).await
}
