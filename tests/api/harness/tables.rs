//! The tables themselves, for what no function would write.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use shared::aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::Shop;

impl Shop {
    /// Puts an item; keys and all, as JSON.
    pub async fn plant(&self, table: &str, item: Value) {
        let put = self.stack.database().put_item().table_name(table);
        put.set_item(Some(attributes(item)))
            .send()
            .await
            .expect("it is put");
    }

    /// Takes an item away and returns it.
    pub async fn uproot(&self, table: &str, key: Value) -> Value {
        let delete = self.stack.database().delete_item().table_name(table);
        let deleted = delete
            .set_key(Some(attributes(key)))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .expect("it is deleted");
        json_of(AttributeValue::M(deleted.attributes.expect("an item")))
    }

    /// Changes an item: what is `null` goes.
    pub async fn tamper(&self, table: &str, key: Value, change: Value) {
        let mut item = self.uproot(table, key).await;
        let fields = item.as_object_mut().expect("an item");
        let Value::Object(change) = change else {
            panic!("fields, not {change}")
        };
        fields.extend(change);
        fields.retain(|_, value| !value.is_null());
        self.plant(table, item).await;
    }

    /// Every item of a table.
    pub async fn items(&self, table: &str) -> Vec<Value> {
        let scan = self.stack.database().scan().table_name(table);
        let items = scan.send().await.expect("a page").items;
        let items = items.unwrap_or_default().into_iter();
        items.map(|item| json_of(AttributeValue::M(item))).collect()
    }
}

fn attributes(item: Value) -> HashMap<String, AttributeValue> {
    match attribute(item) {
        AttributeValue::M(item) => item,
        other => panic!("an item, not {other:?}"),
    }
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(bool) => AttributeValue::Bool(bool),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text),
        Value::Array(list) => AttributeValue::L(list.into_iter().map(attribute).collect()),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            AttributeValue::M(
                fields
                    .map(|(name, value)| (name, attribute(value)))
                    .collect(),
            )
        }
    }
}

fn json_of(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => Value::String(text),
        AttributeValue::N(number) => serde_json::from_str(&number).expect("a number"),
        AttributeValue::Bool(bool) => Value::Bool(bool),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::L(list) => list.into_iter().map(json_of).collect(),
        AttributeValue::M(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| (name, json_of(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        AttributeValue::B(bytes) => json!({ "bytes": bytes.as_ref().len() }),
        AttributeValue::Ss(texts) => json!(texts),
        other => panic!("none of ours: {other:?}"),
    }
}
