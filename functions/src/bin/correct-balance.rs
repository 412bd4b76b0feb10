//! `correct-balance`: see [`functions::payments::correct`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::payments::correct::handle).await
}
