//! `delete-user`: see [`functions::accounts::delete_user`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::delete_user::handle).await
}
