//! `make-admin`: see [`functions::background::make_admin`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve_events(functions::background::make_admin::handle).await
}
