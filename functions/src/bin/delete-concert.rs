//! `delete-concert`: see [`functions::concerts::delete`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::delete::handle).await
}
