//! `charge`: see [`functions::payments::charge`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::payments::charge::handle).await
}
