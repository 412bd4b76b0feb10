//! `list-queues`: see [`functions::queue::list_queues`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::list_queues::handle).await
}
