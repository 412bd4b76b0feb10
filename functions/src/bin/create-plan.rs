//! `create-plan`: see [`functions::plans::create`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::plans::create::handle).await
}
