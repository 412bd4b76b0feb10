//! `update-user`: see [`functions::accounts::update_user`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::update_user::handle).await
}
