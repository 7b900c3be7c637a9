// LeetCode's linked list, which stands for an array. A module of programs whose signature speaks of it.

use crate::synthetic1_call::{fail, FromJson, Reader, ToJson};
use crate::ListNode;
use std::prelude::v1::*;

impl FromJson for ListNode {
    fn read(reader: &mut Reader) -> Self {
        Self::optional(reader).unwrap_or_else(|| fail("an argument is an empty list, its parameter is a node"))
    }
    fn optional(reader: &mut Reader) -> Option<Self> {
        let values: Vec<_> = Option::read(reader).unwrap_or_default();
        let mut head: Option<Box<ListNode>> = None;
        for val in values.into_iter().rev() {
            head = Some(Box::new(ListNode { val, next: head }))
        }
        head.map(|node| *node)
    }
}

impl ToJson for ListNode {
    const IS_NODE: bool = true;
    fn write(&self, out: &mut String) {
        let mut values = Vec::from([&self.val]);
        let mut next = &self.next;
        while let Some(node) = next {
            values.push(&node.val);
            next = &node.next
        }
        values.write(out)
    }
}
