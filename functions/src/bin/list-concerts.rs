//! `list-concerts`: see [`functions::concerts::list`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::list::handle).await
}
