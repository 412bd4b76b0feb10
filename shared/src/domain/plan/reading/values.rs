//! Reads values of any kind, and notes where one is wrong.

use std::ops::RangeInclusive;

use super::Reader;
use crate::domain::plan::{
    PlanMistake, PlanReason,
    json::{Member, Node, Value, push},
};

/// A mistake at the value with this position.
pub(super) struct Found {
    position: u32,
    /// The field that the value lacks.
    missing: Option<&'static str>,
    reason: PlanReason,
}

impl Found {
    pub fn shown_in(self, document: &Node) -> PlanMistake {
        let mut at = document.pointer_to(self.position);
        if let Some(name) = self.missing {
            push(&mut at, name);
        }
        let reason = self.reason;
        PlanMistake { at, reason }
    }
}

/// The fields of an object.
pub(super) struct Fields<'n> {
    position: u32,
    members: &'n [Member],
}

impl<'n> Fields<'n> {
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        let mut members = self.members.iter();
        let member = members.find(|member| member.name == name)?;
        Some(&member.node)
    }
}

impl Reader {
    /// The fields of an object, which has these and no others.
    pub fn object<'n>(&mut self, node: &'n Node, names: &[&str]) -> Option<Fields<'n>> {
        let Value::Object(members) = &node.value else {
            return self.refuse(node, PlanReason::NotAnObject);
        };
        let mut seen = Vec::with_capacity(names.len());
        for Member { name, node } in members {
            if !names.contains(&name.as_str()) {
                self.note(node.position, None, PlanReason::UnknownField);
                break;
            }
            if seen.contains(&name) {
                self.note(node.position, None, PlanReason::FieldTwice);
                break;
            }
            seen.push(name);
        }
        Some(Fields {
            position: node.position,
            members,
        })
    }

    pub fn required<'n>(&mut self, fields: &Fields<'n>, name: &'static str) -> Option<&'n Node> {
        let node = fields.get(name);
        node.or_else(|| self.refuse_missing(fields, name))
    }

    pub fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        match &node.value {
            Value::Text(text) => Some(text),
            _ => self.refuse(node, PlanReason::NotAText),
        }
    }

    /// The elements of a list, which has some.
    pub fn list<'n>(&mut self, node: &'n Node, if_empty: PlanReason) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(nodes) if nodes.is_empty() => self.refuse(node, if_empty),
            Value::List(nodes) => Some(nodes),
            _ => self.refuse(node, PlanReason::NotAList),
        }
    }

    /// A whole number within limits. Without a value it is the default.
    pub fn whole(
        &mut self,
        node: Option<&Node>,
        limits: &RangeInclusive<i32>,
        default: i32,
    ) -> Option<i32> {
        let Some(node) = node else {
            return Some(default);
        };
        let number = match node.value {
            Value::Number(number) => number.and_then(|number| i32::try_from(number).ok()),
            _ => None,
        };
        let number = number.filter(|number| limits.contains(number));
        number.or_else(|| {
            let (from, to) = (*limits.start(), *limits.end());
            self.refuse(node, PlanReason::WholeNumber { from, to })
        })
    }

    pub fn refuse<T>(&mut self, node: &Node, reason: PlanReason) -> Option<T> {
        self.note(node.position, None, reason);
        None
    }

    pub fn refuse_missing<T>(&mut self, fields: &Fields<'_>, name: &'static str) -> Option<T> {
        self.note(fields.position, Some(name), PlanReason::Missing);
        None
    }

    fn note(&mut self, position: u32, missing: Option<&'static str>, reason: PlanReason) {
        let is_first = self
            .first
            .as_ref()
            .is_none_or(|first| position < first.position);
        if is_first {
            self.first = Some(Found {
                position,
                missing,
                reason,
            });
        }
    }
}
