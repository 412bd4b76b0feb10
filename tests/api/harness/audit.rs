//! The audit, which checks what a test has done to the data.

use serde_json::{Value, json};
use shared::domain::audit::Books;

use super::{Guest, Shop};

impl Shop {
    /// Audits everything, and fails if anything is wrong.
    #[track_caller]
    pub fn audit(&self) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let report = self.audited().await;
            assert_eq!(report["violations"], 0, "audited at {caller}: {report:#}");
            let books = self.books().await;
            assert_eq!(books.left(), books.held, "audited at {caller}: {books:#?}");
            assert_eq!(books.left_out, 0, "audited at {caller}");
            report
        }
    }

    /// Audits everything, and returns what was found.
    pub async fn audited(&self) -> Value {
        let report = self.run_audit(&json!({ "from_start": true })).await;
        assert_eq!(report["is_over"], true, "{report}");
        report
    }

    /// The books of the last round that was over.
    pub async fn books(&self) -> Books {
        let app = self.stack.operator().await;
        let round = app.store().round_so_far().await.expect("an answer");
        round.and_then(|round| round.books).expect("books")
    }

    /// What an administrator reads of the audit.
    pub async fn get_audit(&self, admin: &Guest) -> Value {
        let call = self.get("/v1/admin/audit");
        call.send_as(&admin.access_token).await.ok()
    }

    /// An administrator's request to run the audit.
    pub async fn post_audit(&self, admin: &Guest, body: &Value) -> Value {
        let call = self.post("/v1/admin/audit").token(&admin.access_token);
        let run = call.json(body).send();
        self.stack.without_waiting("run-audit", run).await.ok()
    }

    /// Runs the audit with this event. When it waits for its pace, the clock is moved.
    pub async fn run_audit(&self, order: &Value) -> Value {
        let run = self.invoke("audit", order);
        let reply = self.stack.without_waiting("audit", run).await;
        assert_eq!(reply.header("x-amz-function-error"), "", "{}", reply.text);
        reply.ok()
    }
}
