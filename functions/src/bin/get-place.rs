//! `get-place`: see [`functions::queue::get_place`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::queue::get_place::handle).await
}
