//! The tables themselves, for items that no function would write.

use std::collections::HashMap;

use serde_json::{Value, json};
use shared::aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::Shop;

type Item = HashMap<String, AttributeValue>;

impl Shop {
    /// Puts an item, given as JSON with its key.
    pub async fn put_item(&self, table: &str, item: Value) {
        let put = self.stack.database().put_item().table_name(table);
        put.set_item(Some(attributes(item)))
            .send()
            .await
            .expect("it is put");
    }

    /// Deletes an item and returns it.
    pub async fn take_item(&self, table: &str, key: Value) -> Value {
        let delete = self.stack.database().delete_item().table_name(table);
        let deleted = delete
            .set_key(Some(attributes(key)))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .expect("it is deleted");
        json_of(deleted.attributes.expect("an item"))
    }

    /// Changes an item. Attributes that are `null` in `change` are removed.
    pub async fn change_item(&self, table: &str, key: Value, change: Value) {
        let mut item = self.take_item(table, key).await;
        let fields = item.as_object_mut().expect("an item");
        let Value::Object(change) = change else {
            panic!("fields, not {change}")
        };
        fields.extend(change);
        fields.retain(|_, value| !value.is_null());
        self.put_item(table, item).await;
    }

    /// Makes the item of a seat of the first date one that an earlier version wrote.
    pub async fn forget_buyer(&self, seat: u32) {
        let block = format!("{}#{}#0", self.concert_id, self.dates[0]);
        let key = json!({ "block": block, "seat": seat });
        let change = json!({ "buyer": null });
        self.change_item("Seats", key, change).await;
    }

    /// Every item of a table.
    pub async fn items(&self, table: &str) -> Vec<Value> {
        let scan = self.stack.database().scan().table_name(table);
        let items = scan.send().await.expect("a page").items;
        let items = items.unwrap_or_default().into_iter();
        items.map(json_of).collect()
    }
}

fn attributes(item: Value) -> Item {
    serde_dynamo::to_item(item).expect("an item")
}

/// An item as JSON. JSON has no bytes, and `serde_dynamo` leaves them out. So they are replaced by
/// their number.
pub fn json_of(item: Item) -> Value {
    let fields = item.into_iter().map(|(name, value)| match value {
        AttributeValue::B(bytes) => (name, AttributeValue::N(bytes.as_ref().len().to_string())),
        value => (name, value),
    });
    serde_dynamo::from_item(fields.collect::<Item>()).expect("JSON")
}
