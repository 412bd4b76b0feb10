//! `update-concert`: see [`functions::concerts::update`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::update::handle).await
}
