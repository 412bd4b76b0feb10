//! `get-statement`: see [`functions::payments::get_statement`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::payments::get_statement::handle).await
}
