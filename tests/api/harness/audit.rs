//! The audit, which checks what a test has done to the data.

use serde_json::{Value, json};

use super::Shop;

impl Shop {
    /// Audits everything, and fails if anything is wrong.
    #[track_caller]
    pub fn audit(&self) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let report = self.audited().await;
            assert_eq!(report["violations"], 0, "audited at {caller}: {report:#}");
            report
        }
    }

    /// Audits everything, and returns what was found.
    pub async fn audited(&self) -> Value {
        let report = self.run_audit(&json!({ "from_start": true })).await;
        assert_eq!(report["is_over"], true, "{report}");
        report
    }

    /// Runs the audit with this event. When it waits for its pace, the clock is moved.
    pub async fn run_audit(&self, order: &Value) -> Value {
        let run = self.invoke("audit", order);
        let reply = self.stack.without_waiting("audit", run).await;
        assert_eq!(reply.header("x-amz-function-error"), "", "{}", reply.text);
        reply.ok()
    }
}
