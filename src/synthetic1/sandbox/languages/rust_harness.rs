// Serves calls of a function over the channel, as a module of the program.
//
// The types of the function's parameters say how the arguments are read. The program shares the process and can write to
// the channel what it likes; that gains it nothing, the right answers are not here. Macros are called by their full path,
// since the program may have defined its own.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fs::File;
use std::hash::{BuildHasher, Hash};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::io::FromRawFd;
use std::prelude::v1::*;
use std::rc::Rc;

pub fn fail(why: &str) -> ! {
    std::eprintln!("call: {}", why);
    std::process::exit(1)
}

/// Where we are in the JSON text of the arguments, which is ASCII.
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    first: bool,
}

impl<'a> Reader<'a> {
    fn peek(&mut self) -> u8 {
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or(0)
    }
    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == wanted;
        self.at += found as usize;
        found
    }
    fn expect(&mut self, wanted: u8, why: &str) {
        if !self.take(wanted) {
            fail(why)
        }
    }
    fn word(&mut self, wanted: &str) -> bool {
        self.peek();
        let found = self.text[self.at..].starts_with(wanted.as_bytes());
        if found {
            self.at += wanted.len();
        }
        found
    }
    fn number(&mut self) -> &'a str {
        self.peek();
        let start = self.at;
        while self.at < self.text.len() && b"+-.0123456789eE".contains(&self.text[self.at]) {
            self.at += 1;
        }
        if start == self.at {
            fail("an argument is not a number, its parameter is one")
        }
        std::str::from_utf8(&self.text[start..self.at]).unwrap()
    }
    fn next(&mut self, first: &mut bool, closing: u8) -> bool {
        if self.take(closing) {
            return false;
        }
        if !*first {
            self.expect(b',', "malformed arguments")
        }
        *first = false;
        true
    }
    fn unit(&mut self) -> u16 {
        let digits = self.text.get(self.at..self.at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        self.at += 4;
        digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).unwrap_or_else(|| fail("malformed string"))
    }
    fn string(&mut self) -> String {
        self.expect(b'"', "an argument is not a string, its parameter is one");
        let mut out = String::new();
        loop {
            let byte = self.text.get(self.at).copied().unwrap_or_else(|| fail("malformed string"));
            self.at += 1;
            match byte {
                b'"' => return out,
                b'\\' => {
                    let escaped = self.text.get(self.at).copied().unwrap_or_else(|| fail("malformed string"));
                    self.at += 1;
                    match escaped {
                        b'n' => out.push('\n'),
                        b'r' => out.push('\r'),
                        b't' => out.push('\t'),
                        b'b' => out.push('\u{8}'),
                        b'f' => out.push('\u{c}'),
                        b'u' => {
                            let mut units = Vec::from([self.unit()]);
                            if (0xD800..0xDC00).contains(&units[0]) && self.text[self.at..].starts_with(b"\\u") {
                                self.at += 2;
                                units.push(self.unit());
                            }
                            out.push_str(&String::from_utf16_lossy(&units));
                        }
                        other => out.push(other as char),
                    }
                }
                other => out.push(other as char),
            }
        }
    }

    /// The next argument, of whatever type its parameter wants.
    pub fn item<T: FromJson>(&mut self) -> T {
        let mut first = self.first;
        if !self.next(&mut first, b']') {
            fail("fewer arguments than parameters")
        }
        self.first = first;
        T::read(self)
    }
    pub fn end(&mut self) {
        self.expect(b']', "more arguments than parameters")
    }
    fn each(&mut self, mut read: impl FnMut(&mut Self)) {
        self.expect(b'[', "an argument is not an array, its parameter is a sequence");
        let mut first = true;
        while self.next(&mut first, b']') {
            read(self)
        }
    }
}

pub trait FromJson: Sized {
    fn read(reader: &mut Reader) -> Self;
    fn optional(reader: &mut Reader) -> Option<Self> {
        if reader.word("null") {
            None
        } else {
            Some(Self::read(reader))
        }
    }
}
pub trait ToJson {
    /// One of a list or tree, so that none at all is an empty one.
    const IS_NODE: bool = false;
    fn write(&self, out: &mut String);
    /// No node at all, which is an empty list to some tasks and null to others.
    fn is_no_node(&self) -> bool {
        false
    }
}
/// What can be a key of an object.
pub trait Key {
    fn of(text: String) -> Self;
    fn text(&self) -> String;
}

macro_rules! whole {
    ($($type:ty)*) => { $(
        impl FromJson for $type {
            fn read(reader: &mut Reader) -> Self {
                let text = reader.number();
                if let Ok(value) = text.parse() {
                    return value;
                }
                // 3.0 is whole as well.
                match text.parse::<f64>() {
                    Ok(real) if real.trunc() == real && real.abs() < 9e15 && (real as $type) as f64 == real => {
                        real as $type
                    }
                    _ => fail("a number does not fit the whole type of its parameter"),
                }
            }
        }
        impl ToJson for $type {
            fn write(&self, out: &mut String) {
                out.push_str(&self.to_string())
            }
        }
        impl Key for $type {
            fn of(text: String) -> Self {
                text.parse().unwrap_or_else(|_| fail("a key does not fit the whole type of its map"))
            }
            fn text(&self) -> String {
                self.to_string()
            }
        }
    )* };
}
whole!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

macro_rules! real {
    ($($type:ty)*) => { $(
        impl FromJson for $type {
            fn read(reader: &mut Reader) -> Self {
                if reader.word("NaN") {
                    return <$type>::NAN;
                }
                if reader.word("Infinity") {
                    return <$type>::INFINITY;
                }
                if reader.word("-Infinity") {
                    return <$type>::NEG_INFINITY;
                }
                reader.number().parse().unwrap_or_else(|_| fail("malformed number"))
            }
        }
        impl ToJson for $type {
            fn write(&self, out: &mut String) {
                if self.is_nan() {
                    out.push_str("NaN")
                } else if self.is_infinite() {
                    out.push_str(if *self < 0.0 { "-Infinity" } else { "Infinity" })
                } else {
                    out.push_str(&std::format!("{:?}", *self as f64))
                }
            }
        }
    )* };
}
real!(f32 f64);

impl FromJson for bool {
    fn read(reader: &mut Reader) -> Self {
        if reader.word("true") {
            return true;
        }
        if !reader.word("false") {
            fail("an argument is neither true nor false, its parameter is a bool")
        }
        false
    }
}
impl ToJson for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" })
    }
}
impl FromJson for char {
    fn read(reader: &mut Reader) -> Self {
        let text = reader.string();
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => only,
            _ => fail("a string is not one character long, its parameter is a char"),
        }
    }
}
impl ToJson for char {
    fn write(&self, out: &mut String) {
        self.encode_utf8(&mut [0; 4]).write(out)
    }
}
impl FromJson for String {
    fn read(reader: &mut Reader) -> Self {
        reader.string()
    }
}
impl ToJson for str {
    fn write(&self, out: &mut String) {
        out.push('"');
        for unit in self.encode_utf16() {
            match unit {
                0x22 => out.push_str("\\\""),
                0x5C => out.push_str("\\\\"),
                0x20..=0x7E => out.push(unit as u8 as char),
                _ => out.push_str(&std::format!("\\u{:04x}", unit)),
            }
        }
        out.push('"')
    }
}
impl ToJson for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out)
    }
}
impl Key for String {
    fn of(text: String) -> Self {
        text
    }
    fn text(&self) -> String {
        self.clone()
    }
}
impl Key for &'static str {
    fn of(text: String) -> Self {
        Box::leak(text.into_boxed_str())
    }
    fn text(&self) -> String {
        self.to_string()
    }
}
impl Key for char {
    fn of(text: String) -> Self {
        text.parse().unwrap_or_else(|_| fail("a key is not one character long, its map's keys are chars"))
    }
    fn text(&self) -> String {
        self.to_string()
    }
}

// A process serves few calls: what references point to is simply never freed.
impl FromJson for &'static str {
    fn read(reader: &mut Reader) -> Self {
        Box::leak(reader.string().into_boxed_str())
    }
}
impl<T: FromJson> FromJson for &'static T {
    fn read(reader: &mut Reader) -> Self {
        Box::leak(Box::new(T::read(reader)))
    }
}
impl<T: FromJson> FromJson for &'static mut T {
    fn read(reader: &mut Reader) -> Self {
        Box::leak(Box::new(T::read(reader)))
    }
}
impl<T: FromJson> FromJson for &'static [T] {
    fn read(reader: &mut Reader) -> Self {
        Box::leak(Vec::read(reader).into_boxed_slice())
    }
}
impl<T: FromJson> FromJson for &'static mut [T] {
    fn read(reader: &mut Reader) -> Self {
        Box::leak(Vec::read(reader).into_boxed_slice())
    }
}
impl<T: ToJson + ?Sized> ToJson for &T {
    fn write(&self, out: &mut String) {
        (**self).write(out)
    }
}
impl<T: ToJson + ?Sized> ToJson for &mut T {
    fn write(&self, out: &mut String) {
        (**self).write(out)
    }
}
macro_rules! holder {
    ($($type:ident $value:ident $inside:expr;)*) => { $(
        impl<T: FromJson> FromJson for $type<T> {
            fn read(reader: &mut Reader) -> Self {
                $type::new(T::read(reader))
            }
            fn optional(reader: &mut Reader) -> Option<Self> {
                T::optional(reader).map($type::new)
            }
        }
        impl<T: ToJson + ?Sized> ToJson for $type<T> {
            const IS_NODE: bool = T::IS_NODE;
            fn write(&self, out: &mut String) {
                let $value = self;
                $inside.write(out)
            }
        }
    )* };
}
holder! {
    Box held (**held);
    Rc held (**held);
    RefCell held held.borrow();
}
impl<T: ToJson + ToOwned + ?Sized> ToJson for Cow<'_, T> {
    fn write(&self, out: &mut String) {
        (**self).write(out)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn read(reader: &mut Reader) -> Self {
        T::optional(reader)
    }
}
impl<T: ToJson> ToJson for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str(if T::IS_NODE { "[]" } else { "null" }),
        }
    }
    fn is_no_node(&self) -> bool {
        T::IS_NODE && self.is_none()
    }
}
impl<T: ToJson, E> ToJson for Result<T, E> {
    fn write(&self, out: &mut String) {
        match self {
            Ok(value) => value.write(out),
            Err(_) => fail("the function returned an Err"),
        }
    }
}

fn array<T: ToJson>(items: impl Iterator<Item = T>, out: &mut String) {
    out.push('[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(',')
        }
        item.write(out)
    }
    out.push(']')
}
fn object<K: Key, V: ToJson>(members: impl Iterator<Item = (K, V)>, out: &mut String) {
    out.push('{');
    for (i, (key, value)) in members.enumerate() {
        if i > 0 {
            out.push(',')
        }
        key.text().write(out);
        out.push(':');
        value.write(out)
    }
    out.push('}')
}
impl<K: Key> Key for &K {
    fn of(_: String) -> Self {
        fail("a map's keys cannot be references")
    }
    fn text(&self) -> String {
        (**self).text()
    }
}

macro_rules! sequence {
    ($([$($bound:tt)*] $type:ty, $add:ident;)*) => { $(
        impl<$($bound)*> FromJson for $type where T: FromJson {
            fn read(reader: &mut Reader) -> Self {
                let mut items = <$type>::default();
                reader.each(|reader| { items.$add(T::read(reader)); });
                items
            }
        }
    )* };
}
sequence! {
    [T] Vec<T>, push;
    [T] VecDeque<T>, push_back;
    [T] LinkedList<T>, push_back;
    [T: Ord] BTreeSet<T>, insert;
    [T: Ord] BinaryHeap<T>, push;
    [T: Hash + Eq, S: BuildHasher + Default] HashSet<T, S>, insert;
}
impl<T: ToJson> ToJson for [T] {
    fn write(&self, out: &mut String) {
        array(self.iter(), out)
    }
}
impl<T: ToJson> ToJson for Vec<T> {
    fn write(&self, out: &mut String) {
        array(self.iter(), out)
    }
}
impl<T: ToJson> ToJson for VecDeque<T> {
    fn write(&self, out: &mut String) {
        array(self.iter(), out)
    }
}
impl<T: ToJson> ToJson for LinkedList<T> {
    fn write(&self, out: &mut String) {
        array(self.iter(), out)
    }
}
impl<T: ToJson> ToJson for BTreeSet<T> {
    fn write(&self, out: &mut String) {
        array(self.iter(), out)
    }
}
impl<T: ToJson + Ord, S> ToJson for HashSet<T, S> {
    fn write(&self, out: &mut String) {
        let mut items: Vec<&T> = self.iter().collect();
        items.sort();
        array(items.into_iter(), out)
    }
}
impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn write(&self, out: &mut String) {
        array(self.iter(), out)
    }
}
impl<T: FromJson, const N: usize> FromJson for [T; N] {
    fn read(reader: &mut Reader) -> Self {
        match std::convert::TryFrom::try_from(Vec::read(reader)) {
            Ok(items) => items,
            Err(_) => fail("an array has another length than its parameter"),
        }
    }
}

impl<K: Key + Ord, V: FromJson> FromJson for BTreeMap<K, V> {
    fn read(reader: &mut Reader) -> Self {
        members(reader).into_iter().collect()
    }
}
impl<K: Key + Hash + Eq, V: FromJson, S: BuildHasher + Default> FromJson for HashMap<K, V, S> {
    fn read(reader: &mut Reader) -> Self {
        members(reader).into_iter().collect()
    }
}
fn members<K: Key, V: FromJson>(reader: &mut Reader) -> Vec<(K, V)> {
    reader.expect(b'{', "an argument is not an object, its parameter is a map");
    let (mut first, mut found) = (true, Vec::new());
    while reader.next(&mut first, b'}') {
        let key = K::of(reader.string());
        reader.expect(b':', "malformed object");
        found.push((key, V::read(reader)));
    }
    found
}
impl<K: Key, V: ToJson> ToJson for BTreeMap<K, V> {
    fn write(&self, out: &mut String) {
        object(self.iter(), out)
    }
}
impl<K: Key, V: ToJson, S> ToJson for HashMap<K, V, S> {
    fn write(&self, out: &mut String) {
        object(self.iter(), out)
    }
}

impl ToJson for () {
    fn write(&self, out: &mut String) {
        out.push_str("null")
    }
}
macro_rules! tuple {
    ($(($($name:ident $index:tt)+))*) => { $(
        impl<$($name: FromJson),+> FromJson for ($($name,)+) {
            fn read(reader: &mut Reader) -> Self {
                reader.expect(b'[', "an argument is not an array, its parameter is a tuple");
                let mut first = true;
                let value = ($({
                    if !reader.next(&mut first, b']') {
                        fail("too few values for a tuple")
                    }
                    $name::read(reader)
                },)+);
                reader.expect(b']', "too many values for a tuple");
                value
            }
        }
        impl<$($name: ToJson),+> ToJson for ($($name,)+) {
            fn write(&self, out: &mut String) {
                let items: &[&dyn Dynamic] = &[$(&self.$index),+];
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',')
                    }
                    item.put(out)
                }
                out.push(']')
            }
        }
    )* };
}
trait Dynamic {
    fn put(&self, out: &mut String);
}
impl<T: ToJson> Dynamic for T {
    fn put(&self, out: &mut String) {
        self.write(out)
    }
}
tuple! { (A 0) (A 0 B 1) (A 0 B 1 C 2) (A 0 B 1 C 2 D 3) (A 0 B 1 C 2 D 3 E 4) (A 0 B 1 C 2 D 3 E 4 F 5) }

/// What follows `"value": ` of a function's value.
pub fn encode<T: ToJson + ?Sized>(value: &T) -> String {
    if value.is_no_node() {
        return String::from("null, \"instead\": []");
    }
    let mut out = String::new();
    value.write(&mut out);
    out
}

/// An argument that the function can change, and its place, to look there again when the function has returned.
pub fn lend<T: ?Sized>(value: &'static mut T) -> (*mut T, &'static mut T) {
    let place: *mut T = value;
    (place, unsafe { &mut *place })
}
/// What follows `"value": ` of a function that returns nothing: its first such argument stands for a value.
pub fn encode_lent<T: ToJson + ?Sized>(place: *mut T) -> String {
    let mut out = String::from("null, \"instead\": ");
    unsafe { &*place }.write(&mut out);
    out
}

/// What answers to LeetCode rows use without importing it.
pub mod supplied {
    pub use std::cell::{Cell, RefCell};
    pub use std::cmp::{max, min, Reverse};
    pub use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
    pub use std::mem::swap;
    pub use std::rc::Rc;
}

pub fn serve(call: impl Fn(&mut Reader) -> String) {
    let channel = unsafe { File::from_raw_fd(3) };
    let mut requests = BufReader::new(&channel);
    let mut line = String::new();
    while requests.read_line(&mut line).unwrap_or_else(|_| fail("the channel cannot be read")) > 0 {
        let at = line.find(' ').unwrap_or_else(|| fail("malformed request"));
        let mut reader = Reader { text: line.trim_end().as_bytes(), at, first: true };
        reader.expect(b'[', "malformed arguments");
        let answer = std::format!("{} {{\"value\": {}}}\n", &line[..at], call(&mut reader));
        if (&channel).write_all(answer.as_bytes()).is_err() {
            fail("the channel cannot be written")
        }
        line.clear();
    }
    std::process::exit(0)
}
