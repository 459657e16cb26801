//! One frame as a line of text or of JSON.

use serde_json::Value;

use super::FrameError;
use crate::formats::{checked_coordinate, shortened};

/// One frame `[M, V, C]` and who is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub(super) values: Vec<f32>,
    pub(super) present: Vec<bool>,
    pub(super) time: Option<f64>,
}

impl Frame {
    /// Coordinates in metres, `[M, V, C]` row-major; zeros where a person is absent.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Whether each of the M persons is there.
    pub fn present(&self) -> &[bool] {
        &self.present
    }

    /// When it was taken, in seconds.
    pub fn time(&self) -> Option<f64> {
        self.time
    }
}

/// What a line holds: a frame of so many persons, joints and channels.
///
/// - Text: `M * V * C` numbers, person by person and joint by joint, with commas between them, or blanks. A
///   [timed](Self::timed) line begins with its time in seconds.
/// - JSON: `[M][V][C]`, `[V][C]` of one person, or one flat list of all numbers; or an object with such a list as `frame` and,
///   if it is timed, with its `time`. A list of fewer than M persons lacks the last ones.
///
/// An absent person is `nan`, or nothing between two commas, or `null`, in all places, or all zeros, as formats of arrays say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameFormat {
    /// Persons M.
    pub persons: usize,
    /// Joints V.
    pub joints: usize,
    /// Channels C.
    pub channels: usize,
    /// Whether each frame says its time.
    pub timed: bool,
}

impl FrameFormat {
    /// Numbers of a frame, without its time.
    pub fn len(&self) -> usize {
        self.persons * self.joints * self.channels
    }

    /// Whether a frame would hold nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of a line of text.
    pub fn numbers(&self) -> usize {
        self.len() + usize::from(self.timed)
    }

    /// Bytes that a line may have: whatever writes more for a number writes something else.
    pub(super) fn line_limit(&self) -> usize {
        64 * self.numbers() + 4096
    }

    pub(super) fn too_long(&self) -> FrameError {
        FrameError::TooLong {
            limit: self.line_limit(),
            expected: self.numbers(),
        }
    }

    fn count(&self, found: usize, expected: usize) -> FrameError {
        let persons = match self.persons {
            1 => "1 person".to_owned(),
            many => format!("{many} persons"),
        };
        let time = match expected > self.len() {
            true => "a time and ",
            false => "",
        };
        FrameError::Count {
            found,
            expected,
            what: format!(
                "{time}{persons} of {} joints with {} coordinates",
                self.joints, self.channels
            ),
        }
    }

    /// Whether a line names columns: not one of its fields is a number.
    pub(super) fn is_header(line: &[u8]) -> bool {
        !is_json(line)
            && fields(line)
                .all(|field| !is_absent(field) && fast_float2::parse::<f64, _>(field).is_err())
    }

    /// Reads a line that is not blank.
    ///
    /// # Errors
    /// [`FrameError`]; never [`FrameError::Io`].
    pub fn parse(&self, line: &[u8]) -> Result<Frame, FrameError> {
        let line = line.trim_ascii();
        match is_json(line) {
            true => self.json(line),
            false => self.text(line),
        }
    }

    fn text(&self, line: &[u8]) -> Result<Frame, FrameError> {
        let expected = self.numbers();
        let found = fields(line).count();
        if found != expected {
            return Err(self.count(found, expected));
        }
        let mut fields = fields(line);
        let time = match self.timed {
            true => Some(self.time(fields.next().unwrap_or_default())?),
            false => None,
        };
        let mut values = Vec::with_capacity(self.len());
        for field in fields {
            let number = || usize::from(self.timed) + values.len() + 1;
            values.push(match is_absent(field) {
                true => f32::NAN,
                false => fast_float2::parse::<f64, _>(field)
                    .ok()
                    .and_then(checked_coordinate)
                    .ok_or_else(|| FrameError::Value {
                        number: number(),
                        expected,
                        found: shortened(field),
                    })?,
            });
        }
        self.frame(values, time)
    }

    fn time(&self, field: &[u8]) -> Result<f64, FrameError> {
        let time = fast_float2::parse::<f64, _>(field).ok();
        time.filter(|time| time.is_finite())
            .ok_or_else(|| FrameError::Time {
                found: shortened(field),
            })
    }

    fn json(&self, line: &[u8]) -> Result<Frame, FrameError> {
        let value: Value = serde_json::from_slice(line)
            .map_err(|error| self.no_frame(error.to_string().replace("line 1 ", "")))?;
        let (list, time) = match &value {
            Value::Object(object) => {
                let list = object.get("frame");
                let list = list.ok_or_else(|| self.no_frame("an object without `frame`"))?;
                (list, object.get("time"))
            }
            list => (list, None),
        };
        let time = match (self.timed, time) {
            (true, Some(time)) => Some(time.as_f64().ok_or_else(|| FrameError::Time {
                found: shortened(time.to_string()),
            })?),
            (true, None) => return Err(self.no_frame("a frame without `time`")),
            (false, _) => None,
        };
        let Value::Array(list) = list else {
            return Err(self.no_frame(format!("a frame that is `{}`", shortened(list.to_string()))));
        };
        self.frame(self.nested(list)?, time)
    }

    /// The numbers of a list of any of the three depths.
    fn nested(&self, list: &[Value]) -> Result<Vec<f32>, FrameError> {
        let mut values = Vec::with_capacity(self.len());
        let Some(first) = list.iter().find(|value| !value.is_null()) else {
            // Nobody: no entry, or null for each person or number.
            return match list.len() <= self.persons || list.len() == self.len() {
                true => Ok(vec![f32::NAN; self.len()]),
                false => Err(self.count(list.len(), self.len())),
            };
        };
        let inner = |value: &Value| match value {
            Value::Array(inner) => inner.iter().any(Value::is_array),
            _ => false,
        };
        match first {
            Value::Array(_) if self.persons == 1 && !list.iter().any(inner) => {
                self.person(list, &mut values)?;
            }
            Value::Array(_) => {
                if list.len() > self.persons {
                    return Err(self.no_frame(format!("a list of {} persons", list.len())));
                }
                for person in list {
                    match person {
                        Value::Array(joints) if !joints.is_empty() => {
                            self.person(joints, &mut values)?;
                        }
                        Value::Array(_) | Value::Null => {
                            values.resize(values.len() + self.joints * self.channels, f32::NAN);
                        }
                        other => return Err(self.unlisted(other)),
                    }
                }
                values.resize(self.len(), f32::NAN);
            }
            _ if list.len() != self.len() => return Err(self.count(list.len(), self.len())),
            _ => self.numbers_of(list, &mut values)?,
        }
        Ok(values)
    }

    /// The joints of a person.
    fn person(&self, joints: &[Value], into: &mut Vec<f32>) -> Result<(), FrameError> {
        if joints.len() != self.joints {
            return Err(self.no_frame(format!("a person of {} joints", joints.len())));
        }
        for joint in joints {
            match joint {
                Value::Array(numbers) if numbers.len() == self.channels => {
                    self.numbers_of(numbers, into)?;
                }
                Value::Array(numbers) => {
                    return Err(self.no_frame(format!("a joint of {} numbers", numbers.len())));
                }
                Value::Null => into.resize(into.len() + self.channels, f32::NAN),
                other => return Err(self.unlisted(other)),
            }
        }
        Ok(())
    }

    fn numbers_of(&self, numbers: &[Value], into: &mut Vec<f32>) -> Result<(), FrameError> {
        for value in numbers {
            let number = match value {
                Value::Null => Some(f32::NAN),
                value => value.as_f64().and_then(checked_coordinate),
            };
            into.push(number.ok_or_else(|| FrameError::Value {
                number: into.len() + 1,
                expected: self.len(),
                found: shortened(value.to_string()),
            })?);
        }
        Ok(())
    }

    fn unlisted(&self, value: &Value) -> FrameError {
        self.no_frame(format!(
            "`{}` where a list was expected",
            shortened(value.to_string())
        ))
    }

    fn no_frame(&self, message: impl Into<String>) -> FrameError {
        let Self {
            persons,
            joints,
            channels,
            ..
        } = self;
        let list = format!(
            "[{persons}][{joints}][{channels}] or {} numbers in one list",
            self.len()
        );
        FrameError::Json {
            message: message.into(),
            expected: match self.timed {
                true => format!("{{\"time\": seconds, \"frame\": list}}, the list {list}"),
                false => list,
            },
        }
    }

    /// A frame of these numbers, NaN where one is absent.
    fn frame(&self, mut values: Vec<f32>, time: Option<f64>) -> Result<Frame, FrameError> {
        let expected = self.joints * self.channels;
        let mut present = Vec::with_capacity(self.persons);
        for (person, values) in values.chunks_exact_mut(expected.max(1)).enumerate() {
            let found = values.iter().filter(|value| !value.is_nan()).count();
            match found {
                0 => values.fill(0.0),
                _ if found == expected => {}
                _ => {
                    return Err(FrameError::Partial {
                        person,
                        found,
                        expected,
                    });
                }
            }
            present.push(values.iter().any(|&value| value != 0.0));
        }
        Ok(Frame {
            values,
            present,
            time,
        })
    }
}

fn is_json(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'[' | b'{'))
}

/// What stands between commas, or else between blanks.
fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let commas = line.contains(&b',');
    line.split(move |&byte| match commas {
        true => byte == b',',
        false => byte.is_ascii_whitespace(),
    })
    .map(<[u8]>::trim_ascii)
    .filter(move |field| commas || !field.is_empty())
}

fn is_absent(field: &[u8]) -> bool {
    field.is_empty() || field.eq_ignore_ascii_case(b"nan") || field.eq_ignore_ascii_case(b"null")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TWO: FrameFormat = FrameFormat {
        persons: 2,
        joints: 2,
        channels: 3,
        timed: false,
    };
    const ONE: FrameFormat = FrameFormat { persons: 1, ..TWO };

    fn values(format: FrameFormat, line: &str) -> Vec<f32> {
        let frame = format.parse(line.as_bytes());
        frame.unwrap_or_else(|e| panic!("{line}: {e}")).values
    }

    fn refusal(format: FrameFormat, line: &str) -> String {
        format.parse(line.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn commas_blanks_and_all_depths_of_json_say_the_same() {
        let expected = [1.0, 2.0, 3.0, 4.0, 5.0, 6.5];
        for line in [
            "1,2,3,4,5,6.5",
            " 1 2\t3  4 5 6.5\r",
            "1, 2, 3, 4, 5, 6.5",
            "[1,2,3,4,5,6.5]",
            "[[1,2,3],[4,5,6.5]]",
            "[[[1,2,3],[4,5,6.5]]]",
            r#"{"id": 7, "frame": [[1,2,3],[4,5,6.5]]}"#,
        ] {
            assert_eq!(values(ONE, line), expected, "{line}");
        }
    }

    #[test]
    fn absent_persons_are_zero_and_not_present_however_it_is_said() {
        for line in [
            "1,2,3,4,5,6,nan,NaN,nan,nan,nan,nan",
            "1,2,3,4,5,6,,,,,,",
            "1 2 3 4 5 6 0 0 0 0 0 0",
            "[1,2,3,4,5,6,null,null,null,null,null,null]",
            "[[[1,2,3],[4,5,6]]]",
            "[[[1,2,3],[4,5,6]],null]",
            "[[[1,2,3],[4,5,6]],[]]",
            "[[[1,2,3],[4,5,6]],[null,null]]",
        ] {
            let frame = TWO.parse(line.as_bytes()).unwrap();
            assert_eq!(frame.present(), [true, false], "{line}");
            assert_eq!(frame.values()[6..], [0.0; 6], "{line}");
        }
        for line in [
            "[]",
            "[null,null]",
            "[[],[]]",
            "nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan,nan",
        ] {
            let frame = TWO.parse(line.as_bytes()).unwrap();
            assert_eq!(frame.present(), [false, false], "{line}");
        }
        let frame = TWO.parse(b"[null,[[1,2,3],[4,5,6]]]").unwrap();
        assert_eq!(frame.present(), [false, true]);
    }

    #[test]
    fn a_timed_line_begins_with_its_time() {
        let timed = FrameFormat { timed: true, ..ONE };
        for line in [
            "0.5,1,2,3,4,5,6",
            "0.5 1 2 3 4 5 6",
            r#"{"time": 0.5, "frame": [1,2,3,4,5,6]}"#,
        ] {
            let frame = timed.parse(line.as_bytes()).unwrap();
            assert_eq!(frame.time(), Some(0.5));
            assert_eq!(frame.values(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        }
        assert!(refusal(timed, "nan,1,2,3,4,5,6").contains("the time is `nan`, expected seconds"));
        assert!(refusal(timed, "[1,2,3,4,5,6]").contains("without `time`"));
        let error = refusal(timed, "1,2,3,4,5,6");
        assert!(
            error.contains("6 numbers, expected 7 (a time and 1 person"),
            "{error}"
        );
        assert!(refusal(timed, "0.5,1,2,3,4,5,x").contains("number 7 of 7 is `x`"));
    }

    #[test]
    fn bad_lines_say_what_was_found_and_how_many_numbers_were_expected() {
        for (line, words) in [
            (
                "1,2,3,4,5",
                "5 numbers, expected 6 (1 person of 2 joints with 3 coordinates)",
            ),
            ("1,2,3,4,5,6,7", "7 numbers, expected 6"),
            ("1,2,3,4,5,6,", "7 numbers, expected 6"),
            ("1 2", "2 numbers, expected 6"),
            ("1;2;3;4;5;6", "1 numbers, expected 6"),
            ("1,2,x,4,5,6", "number 3 of 6 is `x`"),
            ("1,2,3 3,4,5,6", "number 3 of 6 is `3 3`"),
            ("1,2,inf,4,5,6", "number 3 of 6 is `inf`"),
            ("1,2,-infinity,4,5,6", "number 3 of 6 is `-infinity`"),
            ("1,2,3,4,5,1e5", "number 6 of 6 is `1e5`"),
            ("1,2,3,4,5,1e999", "number 6 of 6 is `1e999`"),
            ("1,2,3,nan,nan,6", "person 0 has 4 of 6 numbers"),
            ("[1,2,3,4,5]", "5 numbers, expected 6"),
            ("[1,2,3,4,5,1e999]", "number out of range at column"),
            ("[1,2,3,4,5,20000]", "number 6 of 6 is `20000`"),
            ("[1,2,3,4,5,\"6\"]", "number 6 of 6 is `\"6\"`"),
            ("[1,2,3,4,5,6", "EOF while parsing a list at column"),
            ("[1,2,3,4,5,6]]", "trailing characters at column 14"),
            ("[[1,2,3],[4,5]]", "a joint of 2 numbers"),
            (
                "[[1,2],[3,4],[5,6]]",
                "a person of 3 joints, expected [1][2][3] or 6 numbers",
            ),
            ("[[1,2,3],4,5,6]", "a person of 4 joints"),
            ("[[1,2,3],4]", "`4` where a list was expected"),
            (
                "[[[1,2,3],[4,5,6]],[[1,2,3],[4,5,6]]]",
                "a list of 2 persons",
            ),
            ("[null,null,null]", "3 numbers, expected 6"),
            ("{\"frames\": []}", "an object without `frame`"),
            ("{\"frame\": 3}", "a frame that is `3`"),
        ] {
            let error = refusal(ONE, line);
            assert!(error.contains(words), "{line}: {error}");
        }
    }

    #[test]
    fn a_header_has_no_number() {
        for (line, header) in [
            ("hip_x,hip_y", true),
            ("time x y", true),
            ("1,2", false),
            ("x,2", false),
            ("nan,nan", false),
            ("[\"x\"]", false),
        ] {
            assert_eq!(FrameFormat::is_header(line.as_bytes()), header, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_frame_of_its_shape_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(frame) = TWO.parse(&bytes) {
                prop_assert_eq!(frame.values().len(), 12);
                prop_assert!(frame.values().iter().all(|value| value.is_finite()));
            }
        }

        #[test]
        fn numbers_survive_text_and_json(written in prop::collection::vec(-1e4f32..1e4, 12)) {
            let text: Vec<String> = written.iter().map(ToString::to_string).collect();
            prop_assert_eq!(&values(TWO, &text.join(",")), &written);
            prop_assert_eq!(&values(TWO, &text.join(" ")), &written);
            prop_assert_eq!(&values(TWO, &format!("[{}]", text.join(","))), &written);
        }
    }
}
