//! A JSON document as it was written: its fields in their order, also those that are there twice.

use std::{cell::Cell, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};

/// The pointer to a field with a name longer than this ends at the object. No field of a plan is
/// named so, and the caller knows the name.
const LONGEST_NAME_SHOWN: usize = 40;

/// A value, and its position in the order of the document.
#[derive(Debug)]
pub(super) struct Node {
    pub position: u32,
    pub value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    /// A number; `None` if it is not a whole one, or a huge one.
    Number(Option<i64>),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
    /// `null`, `true` or `false`.
    Word,
}

#[derive(Debug)]
pub(super) struct Member {
    pub name: String,
    pub node: Node,
}

impl Node {
    /// Reads a document. What is nested more than 128 levels deep is refused.
    pub fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let node = Reading(&Cell::new(0)).deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(node)
    }

    /// The JSON pointer from this value to the one at a position.
    pub fn pointer_to(&self, position: u32) -> String {
        let mut pointer = String::new();
        let mut node = self;
        while node.position < position {
            // A value has the positions up to that of the next one.
            let (name, next) = match &node.value {
                Value::List(nodes) => {
                    let after = nodes.partition_point(|node| node.position <= position);
                    ((after - 1).to_string(), &nodes[after - 1])
                }
                Value::Object(members) => {
                    let after = members.partition_point(|member| member.node.position <= position);
                    let member = &members[after - 1];
                    (member.name.clone(), &member.node)
                }
                _ => break,
            };
            if name.len() > LONGEST_NAME_SHOWN {
                break;
            }
            push(&mut pointer, &name);
            node = next;
        }
        pointer
    }
}

/// Appends a name to a JSON pointer.
pub(super) fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

/// Reads the value whose position is the counter's.
#[derive(Clone, Copy)]
struct Reading<'c>(&'c Cell<u32>);

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let position = self.0.get();
        self.0.set(position + 1);
        let value = deserializer.deserialize_any(self)?;
        Ok(Node { position, value })
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Word)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Word)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(Some(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(i64::try_from(number).ok()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number(None))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element_seed(self)? {
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = object.next_key()? {
            let node = object.next_value_seed(self)?;
            members.push(Member { name, node });
        }
        Ok(Value::Object(members))
    }
}
