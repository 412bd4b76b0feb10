//! `set-role`: see [`functions::accounts::set_role`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::accounts::set_role::handle).await
}
