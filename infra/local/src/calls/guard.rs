//! Denies the calls that a function has no permission for, as AWS would.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use serde::Deserialize;
use serde_json::{Value as Json, json, value::RawValue};

use crate::{
    aws::{buses::bus_name, engine::AwsAnswer},
    template::permissions::{Access, Grant, Permissions},
};

/// Denies the calls that a function has no permission for.
#[derive(Clone)]
pub struct Guard {
    /// The function's name.
    pub function: String,
    /// The function's permissions.
    pub permissions: Arc<Permissions>,
    /// The partition key of each table.
    pub partition_keys: Arc<BTreeMap<String, String>>,
    /// Called with each grant that is used for the first time.
    pub first_use: FirstUse,
}

impl Guard {
    /// The answer to a call of DynamoDB that is not granted.
    pub fn refuse_dynamodb(&self, operation: &str, body: &[u8]) -> Option<AwsAnswer> {
        let request: Request<'_> = serde_json::from_slice(body).ok()?;
        let denied = self
            .accesses(operation, &request)
            .into_iter()
            .find(|access| !self.allows(access))?;
        Some(self.denied("com.amazon.coral.service#AccessDeniedException", &denied))
    }

    /// The answer to a call of SQS that is not granted.
    pub fn refuse_sqs(&self, action: &str, body: &[u8]) -> Option<AwsAnswer> {
        let request: Json = serde_json::from_slice(body).ok()?;
        let url = request["QueueUrl"].as_str().unwrap_or_default();
        let access = Access {
            action: format!("sqs:{action}"),
            resource: url.rsplit('/').next().unwrap_or_default().to_owned(),
            key: None,
        };
        let denied = !self.allows(&access);
        denied.then(|| self.denied("com.amazonaws.sqs#AccessDenied", &access))
    }

    /// The answer to a call of EventBridge that is not granted.
    pub fn refuse_eventbridge(&self, action: &str, body: &[u8]) -> Option<AwsAnswer> {
        let request: Json = serde_json::from_slice(body).ok()?;
        let entries = request["Entries"].as_array().into_iter().flatten();
        let mut accesses = entries.map(|entry| Access {
            action: format!("events:{action}"),
            resource: bus_name(entry["EventBusName"].as_str().unwrap_or("default")).to_owned(),
            key: None,
        });
        let denied = accesses.find(|access| !self.allows(access))?;
        Some(self.denied("AccessDeniedException", &denied))
    }

    fn allows(&self, access: &Access) -> bool {
        let report = |grant: &Grant| self.first_use.report(&self.function, grant);
        self.permissions.allow(access, report)
    }

    fn denied(&self, code: &str, access: &Access) -> AwsAnswer {
        let (action, resource) = (&access.action, &access.resource);
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} because no \
             identity-based policy allows the {action} action",
            self.function
        );
        tracing::error!("{message}");
        AwsAnswer {
            status: if code.contains("sqs") { 403 } else { 400 },
            body: json!({ "__type": code, "message": message }).to_string(),
        }
    }

    /// What a request of DynamoDB accesses. A transaction accesses what its writes do.
    fn accesses(&self, operation: &str, request: &Request<'_>) -> Vec<Access> {
        match operation {
            "TransactWriteItems" => request
                .transact_items
                .iter()
                .flatten()
                .map(|(write, request)| {
                    let action = match &**write {
                        "ConditionCheck" => "ConditionCheckItem".to_owned(),
                        write => format!("{write}Item"),
                    };
                    self.access(&action, &request.table_name, request.item())
                })
                .collect(),
            "BatchGetItem" => request
                .request_items
                .iter()
                .flat_map(|(table, wanted)| {
                    let keys = wanted.keys.iter();
                    keys.map(|key| self.access(operation, table, Some(key)))
                })
                .collect(),
            _ => vec![self.access(operation, &request.table_name, request.item())],
        }
    }

    fn access(&self, action: &str, table: &str, item: Option<&Item<'_>>) -> Access {
        let attribute = self.partition_keys.get(table);
        let value = attribute.and_then(|attribute| item?.get(&**attribute));
        Access {
            action: format!("dynamodb:{action}"),
            resource: table.to_owned(),
            key: value.and_then(|value| text_of(value)),
        }
    }
}

/// What of a request says what it accesses. The rest is skipped over.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request<'a> {
    #[serde(borrow)]
    table_name: Cow<'a, str>,
    #[serde(borrow)]
    key: Option<Item<'a>>,
    #[serde(borrow)]
    item: Option<Item<'a>>,
    #[serde(borrow)]
    transact_items: Vec<BTreeMap<Cow<'a, str>, Request<'a>>>,
    #[serde(borrow)]
    request_items: BTreeMap<Cow<'a, str>, Wanted<'a>>,
}

/// The keys of a table that are wanted.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wanted<'a> {
    #[serde(borrow)]
    keys: Vec<Item<'a>>,
}

/// An item's attributes, as the JSON that each is.
type Item<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

impl<'a> Request<'a> {
    fn item(&self) -> Option<&Item<'a>> {
        self.key.as_ref().or(self.item.as_ref())
    }
}

/// An attribute's text; `None` when it is something else.
fn text_of(attribute: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Text {
        #[serde(rename = "S")]
        text: String,
    }

    let text: Text = serde_json::from_str(attribute.get()).ok()?;
    Some(text.text)
}

/// A callback that gets the name of a function, and a grant that the function uses for the first
/// time.
#[derive(Clone)]
pub struct FirstUse(Arc<Callback>);

type Callback = dyn Fn(&str, &Grant) + Send + Sync;

impl FirstUse {
    /// Calls this function.
    pub fn new(callback: impl Fn(&str, &Grant) + Send + Sync + 'static) -> Self {
        Self(Arc::new(callback))
    }

    pub(crate) fn report(&self, function: &str, grant: &Grant) {
        (self.0)(function, grant);
    }
}

impl Default for FirstUse {
    /// Does nothing.
    fn default() -> Self {
        Self::new(|_, _| {})
    }
}

impl fmt::Debug for FirstUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FirstUse")
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::template::permissions::Policy;

    fn policies() -> Vec<Policy> {
        let policies = json!([{ "Version": "2012-10-17", "Statement": [
            {
                "Effect": "Allow",
                "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
                "Resource": "arn:aws:local:r:0:Keys",
                "Condition": { "ForAllValues:StringEquals": {
                    "dynamodb:LeadingKeys": ["public", "signing"],
                } },
            },
            {
                "Effect": "Allow",
                "Action": "dynamodb:BatchGetItem",
                "Resource": ["arn:aws:local:r:0:Users", "arn:aws:local:r:0:Sessions"],
            },
            {
                "Effect": "Allow",
                "Action": "dynamodb:UpdateItem",
                "Resource": "arn:aws:dynamodb:r:0:table/onsale-Users-*",
            },
            { "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:local:r:0:Release" },
            { "Effect": "Allow", "Action": "events:PutEvents", "Resource": "arn:aws:local:r:0:Bus" },
        ] }]);
        serde_json::from_value(policies).expect("policies")
    }

    fn guard() -> (Guard, Arc<Mutex<Vec<String>>>) {
        let used = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&used);
        let partition_keys = [("Keys", "id"), ("Users", "id"), ("Sessions", "user_id")];
        let guard = Guard {
            function: "join-queue".to_owned(),
            permissions: Arc::new(Permissions::of(policies()).expect("simple")),
            partition_keys: Arc::new(
                partition_keys
                    .map(|(table, key)| (table.to_owned(), key.to_owned()))
                    .into(),
            ),
            first_use: FirstUse::new(move |_, grant| {
                log.lock().push(grant.to_string());
            }),
        };
        (guard, used)
    }

    fn refused(guard: &Guard, operation: &str, request: &Json) -> Option<String> {
        let answer = guard.refuse_dynamodb(operation, request.to_string().as_bytes())?;
        assert_eq!(answer.status, 400);
        Some(answer.body)
    }

    #[test]
    fn granted_calls_are_allowed_and_each_grant_is_reported_once() {
        let (guard, used) = guard();
        let key = |id: &str| json!({ "TableName": "Keys", "Key": { "id": { "S": id } } });
        assert_eq!(refused(&guard, "GetItem", &key("public")), None);
        assert_eq!(refused(&guard, "GetItem", &key("public")), None);
        let batch = json!({ "RequestItems": {
            "Users": { "Keys": [{ "id": { "S": "u" } }] },
            "Sessions": { "Keys": [{ "user_id": { "S": "u" }, "queue_id": { "S": "q" } }] },
        } });
        assert_eq!(refused(&guard, "BatchGetItem", &batch), None);
        let mut used = used.lock().clone();
        used.sort();
        assert_eq!(
            used,
            [
                "dynamodb:BatchGetItem on Sessions",
                "dynamodb:BatchGetItem on Users",
                "dynamodb:GetItem on Keys of public",
            ]
        );
    }

    #[test]
    fn calls_without_a_grant_are_denied_as_aws_denies_them() {
        let (guard, used) = guard();
        let other_key = json!({ "TableName": "Keys", "Key": { "id": { "S": "other" } } });
        let no_key = json!({ "TableName": "Keys" });
        let other_action = json!({ "TableName": "Users", "Item": { "id": { "S": "u" } } });
        let other_table = json!({ "TableName": "Accounts", "Key": { "user_id": { "S": "u" } } });
        for (operation, request) in [
            ("GetItem", &other_key),
            ("Scan", &no_key),
            ("GetItem", &no_key),
            ("PutItem", &other_action),
            ("UpdateItem", &other_table),
        ] {
            let body = refused(&guard, operation, request).expect(operation);
            assert!(body.contains("AccessDeniedException"), "{body}");
            assert!(body.contains(&format!("dynamodb:{operation}")), "{body}");
        }
        assert_eq!(*used.lock(), Vec::<String>::new());
    }

    #[test]
    fn transaction_needs_a_grant_for_each_of_its_writes() {
        let (guard, _) = guard();
        let update = json!({ "Update": { "TableName": "Users", "Key": { "id": { "S": "u" } } } });
        let check =
            json!({ "ConditionCheck": { "TableName": "Users", "Key": { "id": { "S": "u" } } } });
        let transaction = |writes: Json| json!({ "TransactItems": writes });
        let only_update = transaction(json!([update]));
        assert_eq!(refused(&guard, "TransactWriteItems", &only_update), None);
        let with_check = transaction(json!([update, check]));
        let body = refused(&guard, "TransactWriteItems", &with_check).expect("no grant");
        assert!(body.contains("dynamodb:ConditionCheckItem"), "{body}");
    }

    #[test]
    fn messages_need_a_grant_for_action_and_queue() {
        let (guard, _) = guard();
        let to =
            |queue: &str| json!({ "QueueUrl": format!("http://localhost/0/{queue}") }).to_string();
        assert!(
            guard
                .refuse_sqs("SendMessage", to("Release").as_bytes())
                .is_none()
        );
        for (action, queue) in [("SendMessage", "Other"), ("DeleteMessage", "Release")] {
            let answer = guard
                .refuse_sqs(action, to(queue).as_bytes())
                .expect("no grant");
            assert_eq!(answer.status, 403);
        }
    }

    #[test]
    fn events_need_a_grant_for_each_bus() {
        let (guard, _) = guard();
        let to = |buses: &[&str]| {
            let entry = |bus: &&str| json!({ "EventBusName": bus });
            let entries: Vec<_> = buses.iter().map(entry).collect();
            guard.refuse_eventbridge(
                "PutEvents",
                json!({ "Entries": entries }).to_string().as_bytes(),
            )
        };
        assert!(to(&["Bus", "arn:aws:events:r:0:event-bus/Bus"]).is_none());
        let denied = to(&["Bus", "Other"]).expect("no grant");
        assert!(denied.body.contains("events:PutEvents"), "{}", denied.body);
    }
}
