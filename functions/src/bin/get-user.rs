//! `get-user`: see [`functions::accounts::get_user`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::get_user::handle).await
}
