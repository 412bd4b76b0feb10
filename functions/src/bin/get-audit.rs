//! `get-audit`: see [`functions::service::get_audit`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::service::get_audit::handle).await
}
