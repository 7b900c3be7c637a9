// LeetCode's binary tree, which stands for an array level by level, with null for a missing child. A module of programs
// whose signature speaks of it.

use crate::synthetic1_call::{fail, FromJson, Reader, ToJson};
use crate::TreeNode;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::prelude::v1::*;
use std::rc::Rc;

impl FromJson for TreeNode {
    fn read(reader: &mut Reader) -> Self {
        Self::optional(reader).unwrap_or_else(|| fail("an argument is an empty tree, its parameter is a node"))
    }
    fn optional(reader: &mut Reader) -> Option<Self> {
        let values: Vec<Option<_>> = Option::read(reader).unwrap_or_default();
        let mut values = values.into_iter();
        let mut node = || {
            let val = values.next()?;
            Some(val.map(|val| Rc::new(RefCell::new(TreeNode { val, left: None, right: None }))))
        };
        let root = node()??;
        let mut parents = VecDeque::from([root.clone()]);
        while let Some(parent) = parents.pop_front() {
            for is_left in [true, false] {
                let child = node().unwrap_or_default();
                parents.extend(child.clone());
                let mut parent = parent.borrow_mut();
                *(if is_left { &mut parent.left } else { &mut parent.right }) = child
            }
        }
        if node().is_some() {
            fail("a tree has values below a missing node")
        }
        Rc::try_unwrap(root).ok().map(RefCell::into_inner)
    }
}

impl ToJson for TreeNode {
    const IS_NODE: bool = true;
    fn write(&self, out: &mut String) {
        let mut values = Vec::from([Some(self.val.to_string())]);
        let mut nodes: VecDeque<_> = [self.left.clone(), self.right.clone()].into();
        while let Some(node) = nodes.pop_front() {
            values.push(node.as_ref().map(|node| node.borrow().val.to_string()));
            if let Some(node) = node {
                let node = node.borrow();
                nodes.extend([node.left.clone(), node.right.clone()])
            }
        }
        while let Some(None) = values.last() {
            values.pop();
        }
        out.push('[');
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                out.push(',')
            }
            out.push_str(value.as_deref().unwrap_or("null"))
        }
        out.push(']')
    }
}
