//! `pay`: see [`functions::payments::pay`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::payments::pay::handle).await
}
