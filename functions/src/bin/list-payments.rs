//! `list-payments`: see [`functions::payments::list`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::payments::list::handle).await
}
