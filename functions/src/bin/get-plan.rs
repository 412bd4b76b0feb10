//! `get-plan`: see [`functions::plans::get`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::plans::get::handle).await
}
