//! Python's pickles, protocols 0 to 5, read as data: no function is called, no module is imported, no object is made.
//!
//! A pickle is a program for a small machine with a stack. This one knows the instructions that make numbers, texts, bytes,
//! lists, tuples, dictionaries and sets, and of Python's functions only those that NumPy's arrays and plain containers are
//! stored with, which it reads as what they say: `numpy.core.multiarray._reconstruct` and `scalar`, `numpy.dtype`,
//! `numpy.core.numeric._frombuffer` (also as `numpy._core`), `_codecs.encode`, `collections.OrderedDict` and `defaultdict`,
//! and `builtins.set`, `frozenset`, `bytes` and `bytearray`. A pickle that calls for anything else is refused with its name.

use std::collections::HashMap;

use super::value::{Coding, Id, Node, Part, Tree, Value};
use crate::formats::{FileError, beginning, shown};

/// Most values; each comes from a byte of the file at least.
const MAX_VALUES: usize = 1 << 26;
/// Most values on the stack, and most open lists among them.
const MAX_STACK: usize = 1 << 22;

/// Reads a whole pickle.
///
/// # Errors
/// [`FileError::Field`] with the byte at which it cannot be read on.
pub(in crate::formats) fn parse(bytes: &[u8]) -> Result<Tree, FileError> {
    if bytes.is_empty() {
        return Err(FileError::Empty);
    }
    let mut machine = Machine {
        bytes,
        at: 0,
        start: 0,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        copies: bytes.len(),
    };
    loop {
        machine.start = machine.at;
        let instruction = machine.byte("an instruction")?;
        if instruction == b'.' {
            let root = machine.pop()?;
            let nodes = machine.nodes;
            return Ok(Tree { nodes, root });
        }
        machine.step(instruction)?;
    }
}

pub(super) struct Machine<'a> {
    pub(super) bytes: &'a [u8],
    /// The byte to be read next.
    at: usize,
    /// The instruction that is being done.
    start: usize,
    pub(super) nodes: Vec<Node>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    /// Entries that may still be copied from one container to another, so that calls on one long list cost no more than
    /// the file is long.
    pub(super) copies: usize,
}

pub(super) type Step<T = ()> = Result<T, FileError>;

impl Machine<'_> {
    pub(super) fn wrong(&self, found: impl Into<String>, expected: impl Into<String>) -> FileError {
        FileError::Field {
            what: format!("byte {} of the pickle", self.start),
            found: found.into(),
            expected: expected.into(),
        }
    }

    fn take(&mut self, count: usize, what: &str) -> Step<Part> {
        let start = self.at;
        let end = start
            .checked_add(count)
            .filter(|&end| end <= self.bytes.len());
        let Some(end) = end else {
            let left = self.bytes.len() - start;
            return Err(self.wrong(
                format!("cut off: {left} bytes are left"),
                format!("{count} bytes of {what}"),
            ));
        };
        self.at = end;
        Ok(Part { start, end })
    }

    fn byte(&mut self, what: &str) -> Step<u8> {
        let part = self.take(1, what)?;
        Ok(self.bytes[part.start])
    }

    /// A little-endian count of `width` bytes.
    fn count(&mut self, width: usize) -> Step<usize> {
        let part = self.take(width, "a count")?;
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(&self.bytes[part.start..part.end]);
        let count = u64::from_le_bytes(wide);
        usize::try_from(count)
            .map_err(|_| self.wrong(format!("a count of {count}"), "one that fits the file"))
    }

    /// The bytes up to the end of the line.
    fn line(&mut self) -> Step<Part> {
        let start = self.at;
        let Some(length) = memchr::memchr(b'\n', &self.bytes[start..]) else {
            return Err(self.wrong("cut off in a line", "its end"));
        };
        self.at = start + length + 1;
        let end = start + length;
        Ok(Part { start, end })
    }

    fn line_text(&mut self) -> Step<&str> {
        let part = self.line()?;
        let text = std::str::from_utf8(&self.bytes[part.start..part.end]);
        text.map_err(|_| self.wrong("a line that is no text", "a number"))
    }

    pub(super) fn push(&mut self, node: Node) -> Step {
        if self.nodes.len() >= MAX_VALUES {
            return Err(self.wrong(format!("more than {MAX_VALUES} values"), "fewer"));
        }
        self.nodes.push(node);
        self.push_id((self.nodes.len() - 1) as Id)
    }

    fn push_id(&mut self, id: Id) -> Step {
        if self.stack.len() >= MAX_STACK {
            return Err(self.wrong(format!("a stack of more than {MAX_STACK}"), "a lower one"));
        }
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self) -> Step<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(self.wrong("an instruction without its values", "a value before it"));
        }
        self.stack
            .pop()
            .ok_or_else(|| self.wrong("an empty stack", "a value"))
    }

    pub(super) fn top(&self) -> Step<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let top = self.stack.get(floor..).and_then(<[Id]>::last).copied();
        top.ok_or_else(|| self.wrong("an instruction without its values", "a value before it"))
    }

    fn pop_mark(&mut self) -> Step<Vec<Id>> {
        let Some(mark) = self.marks.pop() else {
            return Err(self.wrong("the end of a list that was not begun", "its begin"));
        };
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn pairs(&self, items: &[Id]) -> Step<Vec<(Id, Id)>> {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(self.wrong("a key without a value", "pairs of both"));
        }
        Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
    }

    fn remember(&mut self, key: u64) -> Step {
        let top = self.top()?;
        if self.memo.len() >= MAX_VALUES {
            return Err(self.wrong(format!("more than {MAX_VALUES} remembered"), "fewer"));
        }
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Step {
        match self.memo.get(&key) {
            Some(&id) => self.push_id(id),
            None => Err(self.wrong(
                format!("a reference to value {key}"),
                "one that was remembered before",
            )),
        }
    }

    fn text(&mut self, width: usize, coding: Coding) -> Step {
        let count = self.count(width)?;
        let part = self.take(count, "a text")?;
        self.push(Node::Text(part, coding))
    }

    fn data(&mut self, width: usize) -> Step {
        let count = self.count(width)?;
        let part = self.take(count, "data")?;
        self.push(Node::Bytes(part, Coding::Raw))
    }

    fn long(&mut self, width: usize) -> Step {
        let count = self.count(width)?;
        let part = self.take(count, "a whole number")?;
        let bytes = &self.bytes[part.start..part.end];
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        let node = match wide.get_mut(..bytes.len()) {
            Some(low) => {
                low.copy_from_slice(bytes);
                Node::Int(i64::from_le_bytes(wide))
            }
            None => Node::Long,
        };
        self.push(node)
    }

    pub(super) fn value(&self, id: Id) -> Value<'_> {
        Value {
            nodes: &self.nodes,
            bytes: self.bytes,
            id,
        }
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        self.nodes.get(id as usize).unwrap_or(&Node::None)
    }

    /// Appends to the list or the set on the stack.
    fn extend(&mut self, more: Vec<Id>) -> Step {
        let top = self.top()?;
        match self.nodes.get_mut(top as usize) {
            Some(Node::List(items) | Node::Set(items)) => {
                items.extend(more);
                Ok(())
            }
            _ => Err(self.wrong(self.value(top).kind(), "a list or a set to add to")),
        }
    }

    fn set(&mut self, more: Vec<(Id, Id)>) -> Step {
        let top = self.top()?;
        match self.nodes.get_mut(top as usize) {
            Some(Node::Dict(entries)) => {
                entries.extend(more);
                Ok(())
            }
            _ => Err(self.wrong(self.value(top).kind(), "a dictionary to add to")),
        }
    }

    fn step(&mut self, instruction: u8) -> Step {
        match instruction {
            0x80 => {
                let protocol = self.byte("the protocol")?;
                if protocol > 5 {
                    return Err(self.wrong(format!("protocol {protocol}"), "0 to 5"));
                }
                Ok(())
            }
            // A frame only says how much could be read at once.
            0x95 => self.take(8, "a frame's length").map(drop),
            b'N' => self.push(Node::None),
            0x88 => self.push(Node::Bool(true)),
            0x89 => self.push(Node::Bool(false)),
            b'I' | b'L' => self.decimal(),
            b'J' => {
                let bits = self.count(4)? as u32;
                self.push(Node::Int(i64::from(bits as i32)))
            }
            b'K' | b'M' => {
                let number = self.count(if instruction == b'K' { 1 } else { 2 })?;
                self.push(Node::Int(number as i64))
            }
            0x8a => self.long(1),
            0x8b => self.long(4),
            b'F' => {
                let number = self.line_text()?.trim().parse();
                let number = number.map_err(|_| self.wrong("no number", "a number in text"))?;
                self.push(Node::Float(number))
            }
            b'G' => {
                let part = self.take(8, "a number")?;
                let mut wide = [0; 8];
                wide.copy_from_slice(&self.bytes[part.start..part.end]);
                self.push(Node::Float(f64::from_be_bytes(wide)))
            }
            b'S' => {
                let part = self.line()?;
                self.push(Node::Text(part, Coding::Quoted))
            }
            b'V' => {
                let part = self.line()?;
                self.push(Node::Text(part, Coding::Escaped))
            }
            b'T' => self.text(4, Coding::Raw),
            b'U' => self.text(1, Coding::Raw),
            b'X' => self.text(4, Coding::Utf8),
            0x8c => self.text(1, Coding::Utf8),
            0x8d => self.text(8, Coding::Utf8),
            b'B' => self.data(4),
            b'C' => self.data(1),
            0x8e | 0x96 => self.data(8),
            _ => self.containers(instruction),
        }
    }

    /// `I` and `L`: a whole number in text, or `00` and `01` for false and true.
    fn decimal(&mut self) -> Step {
        let text = self.line_text()?.trim();
        let node = match text {
            "00" => Node::Bool(false),
            "01" => Node::Bool(true),
            _ => {
                let digits = text.strip_suffix('L').unwrap_or(text);
                let sign = digits.strip_prefix('-').unwrap_or(digits);
                let number = !sign.is_empty() && sign.bytes().all(|byte| byte.is_ascii_digit());
                if !number {
                    let found = shown(text);
                    return Err(self.wrong(found, "a whole number"));
                }
                digits.parse().map_or(Node::Long, Node::Int)
            }
        };
        self.push(node)
    }

    fn containers(&mut self, instruction: u8) -> Step {
        match instruction {
            b'(' => {
                if self.marks.len() >= MAX_STACK {
                    return Err(self.wrong(format!("more than {MAX_STACK} open lists"), "fewer"));
                }
                self.marks.push(self.stack.len());
                Ok(())
            }
            b']' => self.push(Node::List(Vec::new())),
            b')' => self.push(Node::Tuple(Box::default())),
            b'}' => self.push(Node::Dict(Vec::new())),
            0x8f => self.push(Node::Set(Vec::new())),
            b'l' => {
                let items = self.pop_mark()?;
                self.push(Node::List(items))
            }
            b't' => {
                let items = self.pop_mark()?;
                self.push(Node::Tuple(items.into()))
            }
            0x85..=0x87 => {
                let count = usize::from(instruction - 0x84);
                let mut items = Vec::with_capacity(count);
                for _ in 0..count {
                    items.push(self.pop()?);
                }
                items.reverse();
                self.push(Node::Tuple(items.into()))
            }
            b'd' => {
                let items = self.pop_mark()?;
                let entries = self.pairs(&items)?;
                self.push(Node::Dict(entries))
            }
            0x91 => {
                let items = self.pop_mark()?;
                self.push(Node::Set(items))
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                self.extend(items)
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(vec![(key, value)])
            }
            b'u' => {
                let items = self.pop_mark()?;
                let entries = self.pairs(&items)?;
                self.set(entries)
            }
            b'0' => match self.marks.last() {
                Some(&mark) if mark == self.stack.len() => {
                    self.marks.pop();
                    Ok(())
                }
                _ => self.pop().map(drop),
            },
            b'1' => self.pop_mark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.push_id(top)
            }
            _ => self.references(instruction),
        }
    }

    fn references(&mut self, instruction: u8) -> Step {
        match instruction {
            b'p' | b'g' => {
                let text = self.line_text()?.trim().parse();
                let key = text.map_err(|_| self.wrong("no number", "a value's number"))?;
                if instruction == b'p' {
                    self.remember(key)
                } else {
                    self.recall(key)
                }
            }
            b'q' | b'r' => {
                let key = self.count(if instruction == b'q' { 1 } else { 4 })?;
                self.remember(key as u64)
            }
            0x94 => self.remember(self.memo.len() as u64),
            b'h' | b'j' => {
                let key = self.count(if instruction == b'h' { 1 } else { 4 })?;
                self.recall(key as u64)
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Node::Global(module, name))
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.node(module), self.node(name)) {
                    (&Node::Text(module, Coding::Utf8), &Node::Text(name, Coding::Utf8)) => {
                        self.push(Node::Global(module, name))
                    }
                    _ => Err(self.wrong("a name that is no text", "a module and a name")),
                }
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments)
            }
            b'b' => {
                let state = self.pop()?;
                self.build(state)
            }
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                Err(self.refused(self.value(0).global(module, name)))
            }
            b'o' => {
                let items = self.pop_mark()?;
                Err(self.refused(match items.first() {
                    Some(&class) => self.value(class).kind(),
                    None => "nothing".into(),
                }))
            }
            0x81 | 0x92 => {
                let count = if instruction == 0x81 { 1 } else { 2 };
                for _ in 0..count {
                    self.pop()?;
                }
                let class = self.pop()?;
                Err(self.refused(self.value(class).kind()))
            }
            b'P' | b'Q' => Err(self.wrong(
                "a reference to outside the file",
                "data, if it is a pickle at all",
            )),
            0x82..=0x84 => Err(self.wrong("a name from a registry of extensions", "data")),
            0x97 | 0x98 => Err(self.wrong("a buffer outside the file", "buffers in the file")),
            // What a server says in place of a download, say.
            _ if self.start == 0 => Err(self.wrong(
                format!("no instruction: it begins with {}", beginning(self.bytes)),
                "a pickle of protocols 0 to 5",
            )),
            _ => Err(self.wrong(
                format!("{instruction:#04x}"),
                "an instruction of pickle protocols 0 to 5",
            )),
        }
    }
}

#[cfg(test)]
#[path = "pickle_tests.rs"]
mod tests;
