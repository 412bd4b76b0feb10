//! How a test changes the requests to the database and their answers.
//!
//! It takes conditions out, because a test of a condition has to be seen to fail without it. It
//! also hides all but one of the conditions that refused a transaction.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use parking_lot::RwLock;
use serde_json::{Value, json};

/// How the requests of a stack to the database and their answers are changed.
#[derive(Debug, Default)]
pub struct Interference {
    active: AtomicBool,
    strips: RwLock<Vec<Strip>>,
    stripped: AtomicU64,
    reported: RwLock<Option<usize>>,
}

/// A condition that is to be taken out of the requests.
#[derive(Debug)]
struct Strip {
    table: String,
    text: String,
}

impl Interference {
    /// From now on, writes to this table lose their condition when it contains this text.
    pub fn strip_condition(&self, table: &str, text: &str) {
        let strip = Strip {
            table: table.to_owned(),
            text: text.to_owned(),
        };
        let mut strips = self.strips.write();
        strips.push(strip);
        self.active.store(true, Ordering::SeqCst);
    }

    /// From now on, a transaction that several conditions refuse reports only the one with this
    /// index, modulo their number. With `None`, all are reported again. AWS does not promise to
    /// report all of them.
    pub fn report_one_condition(&self, index: Option<usize>) {
        let mut reported = self.reported.write();
        *reported = index;
        self.active.store(true, Ordering::SeqCst);
    }

    /// The answer that a function gets instead of this one; `None` if it gets this one.
    pub fn reported(&self, answer: &[u8]) -> Option<Vec<u8>> {
        if !self.active.load(Ordering::Relaxed) {
            return None;
        }
        let index = *self.reported.read();
        let index = index?;
        let mut answer: Value = serde_json::from_slice(answer).ok()?;
        let reasons = answer["CancellationReasons"].as_array_mut()?;
        let refused = |reason: &&mut Value| reason["Code"] == "ConditionalCheckFailed";
        let mut refused: Vec<_> = reasons.iter_mut().filter(refused).collect();
        let shown = index % refused.len().max(1);
        for (index, reason) in refused.iter_mut().enumerate() {
            if index != shown {
                **reason = json!({ "Code": "None" });
            }
        }
        serde_json::to_vec(&answer).ok()
    }

    /// How many conditions have been taken out.
    pub fn stripped(&self) -> u64 {
        self.stripped.load(Ordering::SeqCst)
    }

    /// The request that the database gets.
    pub fn apply<'b>(&self, operation: &str, body: &'b [u8]) -> Cow<'b, [u8]> {
        if self.active.load(Ordering::Relaxed)
            && let Ok(mut request) = serde_json::from_slice(body)
            && self.strip(operation, &mut request)
            && let Ok(body) = serde_json::to_vec(&request)
        {
            return Cow::Owned(body);
        }
        Cow::Borrowed(body)
    }

    fn strip(&self, operation: &str, request: &mut Value) -> bool {
        match operation {
            "PutItem" | "UpdateItem" | "DeleteItem" => self.strip_write(operation, request),
            "TransactWriteItems" => {
                let items = request["TransactItems"].as_array_mut();
                let actions = items.into_iter().flatten().filter_map(Value::as_object_mut);
                let mut any = false;
                for (action, write) in actions.flatten() {
                    any |= self.strip_write(action, write);
                }
                any
            }
            _ => false,
        }
    }

    fn strip_write(&self, action: &str, write: &mut Value) -> bool {
        let strips = self.strips.read();
        let applies = |strip: &Strip| {
            write["TableName"].as_str() == Some(&strip.table)
                && write["ConditionExpression"]
                    .as_str()
                    .is_some_and(|condition| condition.contains(&strip.text))
        };
        if !strips.iter().any(applies) {
            return false;
        }
        if action == "ConditionCheck" {
            always_hold(write);
        } else {
            remove_condition(write);
        }
        self.stripped.fetch_add(1, Ordering::SeqCst);
        true
    }
}

/// Gives a check a condition that cannot fail. It cannot be without one.
fn always_hold(check: &mut Value) {
    let key = check["Key"].as_object().and_then(|key| key.keys().next());
    let names = json!({"#any": key});
    check["ConditionExpression"] = json!("attribute_exists(#any) OR attribute_not_exists(#any)");
    check["ExpressionAttributeNames"] = names;
    if let Some(check) = check.as_object_mut() {
        check.remove("ExpressionAttributeValues");
    }
}

/// Removes a condition, and the names and values that only it used. DynamoDB refuses unused ones.
fn remove_condition(write: &mut Value) {
    let Some(write) = write.as_object_mut() else {
        return;
    };
    write.remove("ConditionExpression");
    let rest = write.get("UpdateExpression").and_then(Value::as_str);
    let used: HashSet<String> = placeholders(rest.unwrap_or_default()).collect();
    for unused in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
        if let Some(map) = write.get_mut(unused).and_then(Value::as_object_mut) {
            map.retain(|placeholder, _| used.contains(placeholder));
            if map.is_empty() {
                write.remove(unused);
            }
        }
    }
}

fn placeholders(expression: &str) -> impl Iterator<Item = String> {
    expression
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '#' | ':')))
        .filter(|word| word.starts_with(['#', ':']))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(interference: &Interference, operation: &str, request: &Value) -> Value {
        let body = request.to_string();
        serde_json::from_slice(&interference.apply(operation, body.as_bytes())).expect("JSON")
    }

    #[test]
    fn names_and_values_that_only_a_removed_condition_used_are_removed() {
        let interference = Interference::default();
        interference.strip_condition("Accounts", "#seq = :seen");
        let request = json!({
            "TableName": "Accounts",
            "Key": {"user_id": {"S": "u"}},
            "UpdateExpression": "SET balance = :new, #seq = :next",
            "ConditionExpression": "attribute_exists(#id) AND #seq = :seen",
            "ExpressionAttributeNames": {"#seq": "seq", "#id": "user_id"},
            "ExpressionAttributeValues": {":new": {"N": "1"}, ":next": {"N": "2"}, ":seen": {"N": "1"}},
        });
        assert_eq!(
            applied(&interference, "UpdateItem", &request),
            json!({
                "TableName": "Accounts",
                "Key": {"user_id": {"S": "u"}},
                "UpdateExpression": "SET balance = :new, #seq = :next",
                "ExpressionAttributeNames": {"#seq": "seq"},
                "ExpressionAttributeValues": {":new": {"N": "1"}, ":next": {"N": "2"}},
            })
        );
        assert_eq!(interference.stripped(), 1);
    }

    #[test]
    fn report_one_condition_hides_the_others_that_refused() {
        let interference = Interference::default();
        let answer = json!({ "CancellationReasons": [
            { "Code": "ConditionalCheckFailed", "Item": { "id": { "S": "a" } } },
            { "Code": "None" },
            { "Code": "ConditionalCheckFailed" },
        ]});
        let codes = |index| {
            interference.report_one_condition(index);
            let answer = interference.reported(answer.to_string().as_bytes())?;
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            let reasons = answer["CancellationReasons"].as_array().expect("reasons");
            Some(
                reasons
                    .iter()
                    .map(|reason| reason["Code"] != "None")
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(codes(None), None);
        assert_eq!(codes(Some(0)), Some(vec![true, false, false]));
        assert_eq!(codes(Some(1)), Some(vec![false, false, true]));
        assert_eq!(codes(Some(2)), codes(Some(0)));
        assert_eq!(interference.reported(b"{}"), None);
    }

    #[test]
    fn strip_condition_changes_only_the_named_table_and_text() {
        let interference = Interference::default();
        interference.strip_condition("Seats", "held_until");
        let put = |table: &str, condition: &str| {
            json!({"Put": {
                "TableName": table, "Item": {}, "ConditionExpression": condition,
                "ExpressionAttributeValues": {":now": {"N": "1"}},
            }})
        };
        let request = json!({"TransactItems": [
            put("Seats", "held_until < :now"),
            put("Seats", "state = :now"),
            put("Sessions", "held_until < :now"),
            {"ConditionCheck": {
                "TableName": "Seats", "Key": {"block": {"S": "b"}},
                "ConditionExpression": "held_until < :now",
                "ExpressionAttributeValues": {":now": {"N": "1"}},
            }},
        ]});
        let result = applied(&interference, "TransactWriteItems", &request);
        let items = &result["TransactItems"];
        assert_eq!(items[0], json!({"Put": {"TableName": "Seats", "Item": {}}}));
        assert_eq!(items[1], request["TransactItems"][1]);
        assert_eq!(items[2], request["TransactItems"][2]);
        let check = &items[3]["ConditionCheck"];
        assert_eq!(check["ExpressionAttributeNames"], json!({"#any": "block"}));
        assert_eq!(check.get("ExpressionAttributeValues"), None);
        assert_eq!(interference.stripped(), 2);
    }
}
