//! `list-dates`: see [`functions::concerts::list_dates`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::list_dates::handle).await
}
