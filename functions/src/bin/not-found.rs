//! `not-found`: see [`functions::not_found`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::not_found::handle).await
}
