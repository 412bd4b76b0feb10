//! `call-off`: see [`functions::concerts::call_off`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::serve(functions::concerts::call_off::handle).await
}
