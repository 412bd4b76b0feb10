//! `get-docs`: see [`functions::docs`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::docs::handle).await
}
