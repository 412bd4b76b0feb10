//! `list-available-dates`: see [`functions::concerts::list_available_dates`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::list_available_dates::handle).await
}
