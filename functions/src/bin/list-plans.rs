//! `list-plans`: see [`functions::plans::list`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::plans::list::handle).await
}
