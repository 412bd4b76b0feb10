//! `get-concert`: see [`functions::concerts::get`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::get::handle).await
}
