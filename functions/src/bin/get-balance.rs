//! `get-balance`: see [`functions::payments::get_balance`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::payments::get_balance::handle).await
}
