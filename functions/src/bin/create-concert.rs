//! `create-concert`: see [`functions::concerts::create`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::create::handle).await
}
