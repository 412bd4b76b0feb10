//! `list-users`: see [`functions::accounts::list_users`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::list_users::handle).await
}
