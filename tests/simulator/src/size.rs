//! The stored size of a line.

use serde::Serialize;
use serde_json::Value;

/// About how many bytes DynamoDB counts for a value, such as a line. A number takes a byte for two digits, and one
/// more; each list and map takes three, and each of their elements one more.
///
/// # Panics
///
/// If the value is not JSON.
pub fn item_size(value: &impl Serialize) -> usize {
    fn size(value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(_) => 1,
            Value::Number(number) => number.to_string().len().div_ceil(2) + 1,
            Value::String(text) => text.len(),
            Value::Array(values) => 3 + values.iter().map(|value| 1 + size(value)).sum::<usize>(),
            Value::Object(fields) => {
                let size = |(name, value): (&String, &Value)| 1 + name.len() + size(value);
                3 + fields.iter().map(size).sum::<usize>()
            }
        }
    }
    size(&serde_json::to_value(value).expect("it is JSON"))
}
