//! `get-page`: see [`functions::page`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::page::handle).await
}
