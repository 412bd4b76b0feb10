//! `list-show-orders`: see [`functions::concerts::list_orders`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::list_orders::handle).await
}
