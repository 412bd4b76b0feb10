//! `run-audit`: see [`functions::service::run_audit`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::service::run_audit::handle).await
}
