//! `get-keys`: see [`functions::accounts::get_keys`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::get_keys::handle).await
}
