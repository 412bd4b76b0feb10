//! `list-seats`: see [`functions::concerts::list_seats`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::list_seats::handle).await
}
