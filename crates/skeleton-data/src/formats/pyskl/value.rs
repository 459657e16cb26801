//! What a pickle holds, as a list of values that name each other by number.
//!
//! Text and numbers of arrays stay in the file: a value only knows where. Nothing here recurses, so nesting without end,
//! or a list that holds itself, costs no more than its bytes.

use std::borrow::Cow;

use crate::formats::array::{Array, Element};
use crate::formats::npy_header::EXPECTED_TYPES;
use crate::formats::{FileError, shortened, shown};

/// A value's number.
pub(in crate::formats) type Id = u32;

/// Dictionaries with more keys are not searched: a recording has about ten, and many recordings may share a dictionary.
const MAX_KEYS: usize = 4096;
/// Most bytes of a text or a number that are decoded: names are shorter, and many values may share one long text.
const MAX_TEXT: usize = 1 << 13;

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Part {
    pub start: usize,
    pub end: usize,
}

impl Part {
    fn len(self) -> usize {
        self.end - self.start
    }
}

/// How a part says a text or bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum Coding {
    /// As it stands.
    Raw,
    /// UTF-8; of bytes, each as the character of its number.
    Utf8,
    /// A line of Latin-1 with `\uXXXX`, protocol 0.
    Escaped,
    /// A line in quotes with Python's escapes, protocol 0 of Python 2.
    Quoted,
}

/// A value.
#[derive(Clone, Debug)]
pub(in crate::formats) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// A whole number beyond 64 bits.
    Long,
    Float(f64),
    Text(Part, Coding),
    Bytes(Part, Coding),
    List(Vec<Id>),
    Tuple(Box<[Id]>),
    Dict(Vec<(Id, Id)>),
    Set(Vec<Id>),
    /// The name of something of Python's, which is not looked up: module and name.
    Global(Part, Part),
    /// A type of numbers: its code (`f4`), and whether it is little-endian and plain.
    Dtype {
        code: Id,
        usable: bool,
    },
    Scalar {
        dtype: Id,
        data: Id,
    },
    /// An array; nothing until its state is set.
    Array(Option<Box<ArrayState>>),
}

#[derive(Clone, Debug)]
pub(in crate::formats) struct ArrayState {
    pub shape: Id,
    pub dtype: Id,
    pub fortran: bool,
    pub data: Id,
}

/// All values of a pickle.
#[derive(Debug)]
pub(in crate::formats) struct Tree {
    pub nodes: Vec<Node>,
    pub root: Id,
}

impl Tree {
    /// The value of the whole file, whose `bytes` the tree was made of.
    pub(in crate::formats) fn root<'a>(&'a self, bytes: &'a [u8]) -> Value<'a> {
        self.value(bytes, self.root)
    }

    pub(in crate::formats) fn value<'a>(&'a self, bytes: &'a [u8], id: Id) -> Value<'a> {
        let nodes = &self.nodes;
        Value { nodes, bytes, id }
    }
}

/// A value to look at.
#[derive(Clone, Copy, Debug)]
pub(in crate::formats) struct Value<'a> {
    pub nodes: &'a [Node],
    pub bytes: &'a [u8],
    pub id: Id,
}

impl<'a> Value<'a> {
    fn node(&self) -> &'a Node {
        self.nodes.get(self.id as usize).unwrap_or(&Node::None)
    }

    fn at(&self, id: Id) -> Self {
        Self { id, ..*self }
    }

    fn slice(&self, part: Part) -> &'a [u8] {
        self.bytes.get(part.start..part.end).unwrap_or_default()
    }

    /// What it is, for messages.
    pub(in crate::formats) fn kind(&self) -> String {
        match self.node() {
            Node::None => "None".into(),
            Node::Bool(value) => value.to_string(),
            Node::Int(value) => value.to_string(),
            Node::Long => "a whole number beyond 64 bits".into(),
            Node::Float(value) => value.to_string(),
            Node::Text(part, _) => match self.text() {
                Some(text) => shown(&*text),
                None if part.len() > MAX_TEXT => format!("a text of {} bytes", part.len()),
                None => "a text that cannot be read".into(),
            },
            Node::Bytes(part, _) => format!("{} bytes", part.len()),
            Node::List(items) => format!("a list of {}", items.len()),
            Node::Tuple(items) => format!("a tuple of {}", items.len()),
            Node::Dict(items) => format!("a dictionary of {}", items.len()),
            Node::Set(items) => format!("a set of {}", items.len()),
            Node::Global(module, name) => format!("the name {}", self.global(*module, *name)),
            Node::Dtype { .. } => "a type of numbers".into(),
            Node::Scalar { .. } => "a number of NumPy's that cannot be read".into(),
            Node::Array(_) => "an array".into(),
        }
    }

    pub(in crate::formats) fn global(&self, module: Part, name: Part) -> String {
        let word = |part| shortened(self.slice(part));
        format!("`{}.{}`", word(module), word(name))
    }

    /// The value of a key of a dictionary; of a key that is set twice, the last.
    pub(in crate::formats) fn get(&self, key: &str) -> Option<Self> {
        let Node::Dict(entries) = self.node() else {
            return None;
        };
        if entries.len() > MAX_KEYS {
            return None;
        }
        let found = entries
            .iter()
            .rev()
            .find(|(name, _)| self.at(*name).is_text(key));
        found.map(|&(_, value)| self.at(value))
    }

    fn is_text(&self, text: &str) -> bool {
        match self.node() {
            // Without decoding, for long texts that are not meant.
            Node::Text(part, Coding::Raw | Coding::Utf8) => self.slice(*part) == text.as_bytes(),
            Node::Text(part, _) if part.len() < 10 * text.len() + 2 => {
                self.text().is_some_and(|found| found == text)
            }
            _ => false,
        }
    }

    /// The entries of a dictionary.
    pub(in crate::formats) fn entries(
        &self,
    ) -> Option<impl ExactSizeIterator<Item = (Self, Self)> + use<'a>> {
        let value = *self;
        match self.node() {
            Node::Dict(entries) => Some(
                entries
                    .iter()
                    .map(move |&(key, entry)| (value.at(key), value.at(entry))),
            ),
            _ => None,
        }
    }

    /// The entries of a list, a tuple or a set.
    pub(in crate::formats) fn items(
        &self,
    ) -> Option<impl ExactSizeIterator<Item = Self> + use<'a>> {
        let value = *self;
        let items: &[Id] = match self.node() {
            Node::List(items) | Node::Set(items) => items,
            Node::Tuple(items) => items,
            _ => return None,
        };
        Some(items.iter().map(move |&id| value.at(id)))
    }

    pub(in crate::formats) fn is_none(&self) -> bool {
        matches!(self.node(), Node::None)
    }

    pub(in crate::formats) fn is_dictionary(&self) -> bool {
        matches!(self.node(), Node::Dict(_))
    }

    /// A short text, of at most 8 kB in the file; of Python 2 also bytes that are one.
    pub(in crate::formats) fn text(&self) -> Option<Cow<'a, str>> {
        let Node::Text(part, coding) = *self.node() else {
            return None;
        };
        if part.len() > MAX_TEXT {
            return None;
        }
        let raw = self.slice(part);
        match coding {
            Coding::Raw | Coding::Utf8 => std::str::from_utf8(raw).ok().map(Cow::Borrowed),
            Coding::Escaped => unescaped(raw).map(Cow::Owned),
            Coding::Quoted => String::from_utf8(unquoted(raw)?).ok().map(Cow::Owned),
        }
    }

    /// Bytes, or a text of Python 2, which is bytes.
    pub(in crate::formats) fn content(&self) -> Option<Cow<'a, [u8]>> {
        let latin = |text: &str| -> Option<Vec<u8>> {
            text.chars()
                .map(|c| u8::try_from(u32::from(c)).ok())
                .collect()
        };
        match *self.node() {
            Node::Bytes(part, Coding::Raw) | Node::Text(part, Coding::Raw) => {
                Some(Cow::Borrowed(self.slice(part)))
            }
            Node::Bytes(part, Coding::Utf8) => {
                let text = std::str::from_utf8(self.slice(part)).ok()?;
                latin(text).map(Cow::Owned)
            }
            Node::Bytes(part, Coding::Escaped) => {
                latin(&unescaped(self.slice(part))?).map(Cow::Owned)
            }
            Node::Bytes(part, Coding::Quoted) | Node::Text(part, Coding::Quoted) => {
                unquoted(self.slice(part)).map(Cow::Owned)
            }
            _ => None,
        }
    }

    /// A whole number, of Python's or of NumPy's.
    pub(in crate::formats) fn integer(&self) -> Option<i64> {
        match *self.node() {
            Node::Int(value) => Some(value),
            Node::Bool(value) => Some(i64::from(value)),
            Node::Scalar { dtype, data } => {
                let element = self.at(dtype).element()?;
                let data = self.at(data);
                if let Node::Text(part, _) | Node::Bytes(part, _) = data.node()
                    && part.len() > MAX_TEXT
                {
                    return None;
                }
                let data = data.content()?;
                let number = Array::new(data, "a number", element, vec![], false);
                number.ok()?.integer(0)
            }
            _ => None,
        }
    }

    fn element(&self) -> Option<Element> {
        match *self.node() {
            Node::Dtype { code, usable: true } => Element::of(&self.at(code).text()?),
            _ => None,
        }
    }

    /// The shape that an array says it has; its numbers are not looked at.
    pub(in crate::formats) fn shape(&self) -> Option<Vec<usize>> {
        let Node::Array(Some(state)) = self.node() else {
            return None;
        };
        // NumPy's arrays have at most 64 axes.
        let extents = self.at(state.shape).items();
        let extents = extents.filter(|extents| extents.len() <= 64)?;
        extents
            .map(|extent| usize::try_from(extent.integer()?).ok())
            .collect()
    }

    /// An array of NumPy's; `what` names it in errors.
    pub(in crate::formats) fn array(&self, what: &str) -> Result<Array<Cow<'a, [u8]>>, FileError> {
        let wrong = |found: String, expected: &str| FileError::Field {
            what: what.to_owned(),
            found,
            expected: expected.to_owned(),
        };
        let Node::Array(Some(state)) = self.node() else {
            return Err(wrong(self.kind(), "an array of NumPy's"));
        };
        let Some(element) = self.at(state.dtype).element() else {
            let code = match self.at(state.dtype).node() {
                Node::Dtype {
                    code,
                    usable: false,
                } => format!("{} that is big-endian or a record", self.at(*code).kind()),
                Node::Dtype { code, .. } => self.at(*code).kind(),
                _ => self.at(state.dtype).kind(),
            };
            return Err(wrong(format!("an array of {code}"), EXPECTED_TYPES));
        };
        let shape = self.shape().ok_or_else(|| {
            wrong(
                "an array without a usable shape".into(),
                "a tuple of counts",
            )
        })?;
        let data = self.at(state.data).content();
        let data = data.ok_or_else(|| {
            let found = format!("an array of {}", self.at(state.data).kind());
            wrong(found, "bytes of numbers")
        })?;
        Array::new(data, what, element, shape, state.fortran)
    }
}

/// Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
fn unescaped(raw: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = match (byte, after.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                text.push(char::from(byte));
                rest = after;
                continue;
            }
        };
        let code = std::str::from_utf8(after.get(1..=digits)?).ok()?;
        text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        rest = &after[1 + digits..];
    }
    Some(text)
}

/// What stands in quotes, without Python's escapes.
fn unquoted(raw: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = raw.split_first()?;
    let (&last, inner) = rest.split_last()?;
    if quote != last || !matches!(quote, b'\'' | b'"') {
        return None;
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&escape, after) = rest.split_first()?;
        rest = after;
        bytes.push(match escape {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' | b'\'' | b'"' => escape,
            b'x' => {
                let code = std::str::from_utf8(rest.get(..2)?).ok()?;
                rest = &rest[2..];
                u8::from_str_radix(code, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_protocol_zero_are_undone() {
        assert_eq!(
            unescaped(b"a\\u005cb\xe9\\U0001F600").unwrap(),
            "a\\b\u{e9}\u{1f600}"
        );
        assert_eq!(unescaped(b"\\u00"), None);
        assert_eq!(unescaped(b"\\ud800"), None);
        assert_eq!(unquoted(b"'a\\x00\\n\\'\"'").unwrap(), b"a\0\n'\"");
        for raw in [&b"'"[..], b"''x", b"'a\"", b"'\\", b"'\\x0'", b""] {
            assert_eq!(unquoted(raw), None, "{raw:?}");
        }
    }
}
