//! Lines and numbers of text formats, as bytes: comments in motion capture come in any encoding.

use super::{FileError, without_zeros};

/// Lines with their numbers.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    /// 1-based number of the last line taken.
    pub number: usize,
}

impl<'a> Lines<'a> {
    /// The lines of a file that is not blank; a byte order mark before them is passed over.
    pub fn new(bytes: &'a [u8]) -> Result<Self, FileError> {
        let rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if rest.trim_ascii().is_empty() {
            return Err(FileError::Empty);
        }
        without_zeros(bytes)?;
        Ok(Self { rest, number: 0 })
    }

    /// The next line without its end and the blanks around it.
    pub fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = memchr::memchr(b'\n', self.rest);
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(line.trim_ascii())
    }

    /// The next line that is not blank; `expected` is what an error says when there is none.
    pub fn expect(&mut self, expected: &'static str) -> Result<&'a [u8], FileError> {
        while let Some(line) = self.next() {
            if !line.is_empty() {
                return Ok(line);
            }
        }
        Err(FileError::UnexpectedEnd {
            line: self.number + 1,
            expected,
        })
    }

    /// Bytes that are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }
}

/// The fields of a line.
pub(super) fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|field| !field.is_empty())
}

/// A finite number.
pub(super) fn number(field: &[u8]) -> Option<f64> {
    fast_float2::parse::<f64, _>(field)
        .ok()
        .filter(|value| value.is_finite())
}

/// Splits a field off the front of a line: the field, and what follows it.
pub(super) fn first(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii_start();
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    line.split_at(end)
}

/// The numbers of a line, as many as `into` takes; how many there are, or the first field that is none and its
/// 0-based place.
pub(super) fn values<'a>(line: &'a [u8], into: &mut [f64]) -> Result<usize, (usize, &'a [u8])> {
    let mut rest = line;
    let mut found = 0;
    loop {
        let (field, behind) = first(rest);
        if field.is_empty() {
            return Ok(found);
        }
        rest = behind;
        let value = number(field).ok_or((found, field))?;
        if let Some(into) = into.get_mut(found) {
            *into = value;
        }
        found += 1;
    }
}

/// What is wrong in a line.
pub(super) fn wrong(
    line: usize,
    what: &str,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> FileError {
    FileError::Field {
        what: format!("line {line}: {what}"),
        found: found.into(),
        expected: expected.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_and_trimmed_whatever_their_ends() {
        let mut lines = Lines::new(b"\xef\xbb\xbfa b \r\n\n\tc").unwrap();
        assert_eq!(lines.next(), Some(&b"a b"[..]));
        assert_eq!(lines.expect("c"), Ok(&b"c"[..]));
        assert_eq!((lines.number, lines.left()), (3, 0));
        assert_eq!(
            lines.expect("more"),
            Err(FileError::UnexpectedEnd {
                line: 4,
                expected: "more"
            })
        );
        assert_eq!(Lines::new(b" \r\n").err(), Some(FileError::Empty));
        assert_eq!(
            Lines::new(b"a\nb\0").err(),
            Some(FileError::ZeroByte { line: 2 })
        );
    }

    #[test]
    fn numbers_are_finite_and_whole_fields() {
        assert_eq!(number(b"-7.62852e-016"), Some(-7.62852e-16));
        assert_eq!(number(b".0083333"), Some(0.008_333_3));
        for field in [&b"nan"[..], b"inf", b"1e999", b"1.5x", b"", b"1,5"] {
            assert_eq!(number(field), None, "{field:?}");
        }
    }

    #[test]
    fn values_are_counted_beyond_their_room_and_the_first_bad_one_is_given() {
        let mut into = [0.0; 2];
        assert_eq!(values(b" 1 2.5\t3", &mut into), Ok(3));
        assert_eq!(into, [1.0, 2.5]);
        assert_eq!(values(b"", &mut into), Ok(0));
        assert_eq!(values(b"1 2 3 x", &mut into), Err((3, &b"x"[..])));
    }

    #[test]
    fn fields_are_split_at_blanks() {
        assert_eq!(fields(b" a\t b ").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(first(b"  name x y"), (&b"name"[..], &b" x y"[..]));
    }
}
