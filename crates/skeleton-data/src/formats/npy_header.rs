//! The header of an `.npy` file.
//!
//! NPY is `\x93NUMPY`, a version (1.0 to 3.0), the length of the header (two bytes, from 2.0 on four), the header (a
//! Python dictionary with `descr`, `fortran_order` and `shape`), and the numbers.
//!
//! It is read here and not by a general parser of Python literals, because a file is not to be trusted: nesting without
//! end and shapes whose product overflows are errors and nothing worse.

use super::array::Element;
use super::{FileError, beginning, shown};

/// Headers beyond this length are refused; those of numbers have about a hundred bytes.
const MAX_HEADER: usize = 4096;
const MAGIC: &[u8] = b"\x93NUMPY";

/// What the header of an `.npy` says.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub element: Element,
    pub fortran: bool,
    pub shape: Vec<usize>,
    /// Where the numbers begin.
    pub data: usize,
}

impl Header {
    /// Reads the header at the beginning of `bytes`; `what` names the array in errors.
    pub(super) fn parse(bytes: &[u8], what: &str) -> Result<Self, FileError> {
        let wrong = |found: &str, expected: &str| FileError::Field {
            what: what.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        };
        if bytes.is_empty() {
            return Err(wrong("empty", "an NPY array"));
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| {
            let found = format!("no NPY array, for it begins with {}", beginning(bytes));
            wrong(&found, "`\\x93NUMPY` there")
        })?;
        let (length, rest) = match *rest {
            [1, 0, a, b, ref rest @ ..] => (usize::from(u16::from_le_bytes([a, b])), rest),
            [2 | 3, 0, a, b, c, d, ref rest @ ..] => {
                (u32::from_le_bytes([a, b, c, d]) as usize, rest)
            }
            [major, minor, ..] => {
                return Err(wrong(
                    &format!("NPY of version {major}.{minor}"),
                    "version 1.0, 2.0 or 3.0",
                ));
            }
            _ => return Err(wrong("cut off in its header", "a whole file")),
        };
        if length > MAX_HEADER {
            return Err(wrong(
                &format!("an array with a header of {length} bytes"),
                &format!("at most {MAX_HEADER}"),
            ));
        }
        let text = rest
            .get(..length)
            .ok_or_else(|| wrong("cut off in its header", "a whole file"))?;
        let text = std::str::from_utf8(text)
            .map_err(|_| wrong("an array with a header that is no text", "a dictionary"))?;
        let fields = Literal(text)
            .dictionary()
            .map_err(|reason| wrong(&format!("an array whose header {reason}"), EXPECTED_HEADER))?;
        let (Some(descr), Some(fortran), Some(shape)) = fields else {
            return Err(wrong("an array whose header lacks a key", EXPECTED_HEADER));
        };
        Ok(Self {
            element: element(descr)
                .ok_or_else(|| wrong(&format!("an array of {}", shown(descr)), EXPECTED_TYPES))?,
            fortran,
            shape,
            data: bytes.len() - rest.len() + length,
        })
    }
}

const EXPECTED_HEADER: &str = "a dictionary with `descr`, `fortran_order` and `shape`";
pub(super) const EXPECTED_TYPES: &str = "little-endian floats, integers or booleans";

/// The element of a type string `<f4` or `|b1`, unless it is big-endian or no number.
pub(super) fn element(descr: &str) -> Option<Element> {
    Element::of(descr.strip_prefix(['<', '|', '='])?)
}

/// The part of a Python literal that is left to read.
struct Literal<'a>(&'a str);

type HeaderFields<'a> = (Option<&'a str>, Option<bool>, Option<Vec<usize>>);

impl<'a> Literal<'a> {
    fn eat(&mut self, token: &str) -> bool {
        let rest = self.0.trim_start().strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let rest = self.0.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (text, rest) = rest[1..].split_once(quote)?;
        self.0 = rest;
        (!text.contains('\\')).then_some(text)
    }

    /// `(3, 4)`, `(3,)` or `()`; Python 2 writes `3L`.
    fn shape(&mut self) -> Option<Vec<usize>> {
        let mut shape = Vec::new();
        if !self.eat("(") {
            return None;
        }
        while !self.eat(")") {
            let rest = self.0.trim_start();
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            shape.push(rest[..end].parse().ok()?);
            self.0 = &rest[end..];
            self.eat("L");
            if !self.eat(",") {
                return self.eat(")").then_some(shape);
            }
        }
        Some(shape)
    }

    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, in any order.
    fn dictionary(&mut self) -> Result<HeaderFields<'a>, String> {
        let mut fields: HeaderFields = (None, None, None);
        if !self.eat("{") {
            return Err("is no dictionary".into());
        }
        while !self.eat("}") {
            let key = self.quoted().filter(|_| self.eat(":"));
            let read = match key {
                Some("descr") => {
                    fields.0 = self.quoted();
                    fields.0.is_some()
                }
                Some("fortran_order") => {
                    fields.1 = match (self.eat("True"), self.eat("False")) {
                        (true, _) => Some(true),
                        (_, true) => Some(false),
                        _ => None,
                    };
                    fields.1.is_some()
                }
                Some("shape") => {
                    fields.2 = self.shape();
                    fields.2.is_some()
                }
                _ => false,
            };
            if !read || !(self.eat(",") || self.0.trim_start().starts_with('}')) {
                return Err(match key {
                    Some(key) => format!("has no usable {}", shown(key)),
                    None => "is no dictionary".into(),
                });
            }
        }
        Ok(fields)
    }
}
