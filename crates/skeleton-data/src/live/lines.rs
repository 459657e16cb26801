//! Frames out of lines.

use std::io::{BufRead, Read};

use super::{Frame, FrameError, FrameFormat, LineError};

/// What a line was.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A frame.
    Frame(Frame),
    /// A blank line behind frames: the sequence ends here.
    End,
}

/// The frames of a reader, one a line, in whichever form of [`FrameFormat`].
///
/// Lines that begin with `#` are comments. The first other line is passed over if none of its fields is a number: it names
/// columns. Blank lines end a sequence; so does the end of the reader, which is not said. A bad line is an error, and
/// what follows it can be read on; after an error of the operating system there is nothing more. A line is never
/// held beyond the length that a frame can have.
#[derive(Debug)]
pub struct FrameLines<R> {
    reader: R,
    format: FrameFormat,
    bytes: Vec<u8>,
    line: u64,
    begun: bool,
    in_sequence: bool,
    failed: bool,
}

impl<R: BufRead> FrameLines<R> {
    /// The frames of `reader`.
    pub fn new(reader: R, format: FrameFormat) -> Self {
        Self {
            reader,
            format,
            bytes: Vec::new(),
            line: 0,
            begun: false,
            in_sequence: false,
            failed: false,
        }
    }

    /// Lines read so far.
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// Reads a line into `self.bytes`; whether there was one, and whether it was cut.
    fn advance(&mut self) -> std::io::Result<Option<bool>> {
        self.bytes.clear();
        let limit = self.format.line_limit();
        let mut reader = self.reader.by_ref().take(limit as u64 + 1);
        reader.read_until(b'\n', &mut self.bytes)?;
        if self.bytes.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        let cut = self.bytes.len() > limit && self.bytes.last() != Some(&b'\n');
        if cut {
            self.reader.skip_until(b'\n')?;
        }
        Ok(Some(cut))
    }

    fn next_line(&mut self) -> Result<Option<Line>, FrameError> {
        loop {
            let io = |error: std::io::Error| FrameError::Io {
                message: error.to_string(),
            };
            let Some(cut) = self.advance().map_err(io)? else {
                return Ok(None);
            };
            let mut line = self.bytes.as_slice();
            if self.line == 1 {
                line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            }
            let line = line.trim_ascii();
            if line.starts_with(b"#") {
                continue;
            }
            if cut {
                self.begun = true;
                return Err(self.format.too_long());
            }
            if line.is_empty() {
                if std::mem::take(&mut self.in_sequence) {
                    return Ok(Some(Line::End));
                }
                continue;
            }
            if !std::mem::replace(&mut self.begun, true) && FrameFormat::is_header(line) {
                continue;
            }
            // A bad line is a line of its sequence.
            self.in_sequence = true;
            return self
                .format
                .parse(line)
                .map(|frame| Some(Line::Frame(frame)));
        }
    }
}

impl<R: BufRead> Iterator for FrameLines<R> {
    type Item = Result<Line, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.next_line().transpose()?;
        Some(next.map_err(|error| {
            let error = LineError {
                line: self.line.max(1),
                error,
            };
            self.failed = error.ends_the_reading();
            error
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: FrameFormat = FrameFormat {
        persons: 1,
        joints: 1,
        channels: 2,
        timed: false,
    };

    /// Frames by their first number, `|` for an end, and the line of an error.
    fn read(text: &[u8]) -> Vec<String> {
        FrameLines::new(text, POINT)
            .map(|line| match line {
                Ok(Line::Frame(frame)) => frame.values()[0].to_string(),
                Ok(Line::End) => "|".to_owned(),
                Err(error) => format!("line {}", error.line),
            })
            .collect()
    }

    #[test]
    fn blank_lines_part_sequences_and_comments_and_a_header_are_passed_over() {
        let text = b"\xef\xbb\xbf\n# taken today\r\nx,y\r\n1,1\n# and\n2,1\n\n \n3,1\n\n";
        assert_eq!(read(text), ["1", "2", "|", "3", "|"]);
        assert_eq!(read(b"1 1\n[2,1]"), ["1", "2"]);
        assert_eq!(read(b""), [""; 0]);
        assert_eq!(read(b"\n\n"), [""; 0]);
    }

    #[test]
    fn only_the_first_line_may_be_a_header() {
        assert_eq!(read(b"1,1\nx,y\n2,1\n"), ["1", "line 2", "2"]);
        assert_eq!(read(b"x,y\nx,y\n2,1\n"), ["line 2", "2"]);
    }

    #[test]
    fn bad_lines_have_their_number_and_do_not_end_the_reading() {
        assert_eq!(
            read(b"\n1,1\n2\n3,z\n\n4,1"),
            ["1", "line 3", "line 4", "|", "4"]
        );
    }

    #[test]
    fn a_line_without_end_is_refused_and_passed_over_without_being_held() {
        let limit = POINT.line_limit();
        let mut text = vec![b'1'; 100 * limit];
        text.extend(b"\n2,1\n");
        let mut lines = FrameLines::new(text.as_slice(), POINT);
        let error = lines.next().unwrap().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("line 1: more than {limit} bytes, expected 2 numbers")
        );
        assert!(lines.bytes.capacity() < 3 * limit);
        assert!(matches!(lines.next(), Some(Ok(Line::Frame(_)))));
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn after_an_error_of_the_system_there_is_nothing_more() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the sensor is gone"))
            }
        }
        let reader = std::io::BufReader::new(b"1,1\n".chain(Broken));
        let mut lines = FrameLines::new(reader, POINT);
        assert!(lines.next().unwrap().is_ok());
        let error = lines.next().unwrap().unwrap_err().to_string();
        assert!(error.contains("the sensor is gone"), "{error}");
        assert_eq!(lines.next(), None);
    }
}
