//! JSON documents whose numbers may be damaged.

use serde::de::DeserializeOwned;

use super::{FileError, Place, shortened};

/// Reads a document. A number that JSON has no word for (`NaN`, `Infinity`, `1e999`) inside the array called
/// `array`, which is `[frame][joint][axis]`, is reported as the coordinate it stands for.
pub(super) fn parse<T: DeserializeOwned>(text: &str, array: &str) -> Result<T, FileError> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        damaged_number(text, array, line, column).unwrap_or_else(|| refused(text, &error))
    })
}

/// Characters of a user's file that the parser may quote.
const QUOTED: usize = 80;

/// What the parser says of a document, with its place.
pub(super) fn refused(text: &str, error: &serde_json::Error) -> FileError {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    // The place stands before the words already.
    let place = format!(" at line {line} column {column}");
    let message = message.strip_suffix(&place).unwrap_or(&message);
    let (found, expected) = match message.rsplit_once(", expected ") {
        // Names of Rust's types.
        Some((found, "f32" | "f64")) => (found, ", expected a number".into()),
        Some((found, "u32" | "u64" | "usize")) => {
            (found, ", expected a whole number from 0".into())
        }
        Some((found, expected)) => (found, format!(", expected {expected}")),
        None if error.is_syntax() => (message, found_there(text, line, column)),
        None => (message, String::new()),
    };
    let found = found.replacen("EOF while parsing", "the file is cut off in", 1);
    let mut shown: String = found.chars().take(QUOTED).collect();
    if shown.len() < found.len() {
        shown.push_str("..");
    }
    FileError::Json {
        line,
        column,
        message: shown + &expected,
    }
}

/// What the parser met, for a message.
fn found_there(text: &str, line: usize, column: usize) -> String {
    let found = word_at(text, line, column).map(|(start, word)| match word {
        "" => text[start..].chars().take(1).collect(),
        word => shortened(word),
    });
    match found {
        Some(found) if !found.is_empty() && !found.contains(char::is_control) => {
            format!(", found `{found}`")
        }
        _ => String::new(),
    }
}

/// The word at which the parser stopped, and where it begins.
fn word_at(text: &str, line: usize, column: usize) -> Option<(usize, &str)> {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let stop = (before + column.checked_sub(1)?).min(text.len());
    // The parser stops within the word; its neighbours are brackets, commas and blanks.
    let separator =
        |c: char| c.is_ascii_whitespace() || matches!(c, ',' | '[' | ']' | ':' | '}' | '{');
    let start = text.get(..stop)?.rfind(separator).map_or(0, |at| at + 1);
    let word = &text[start..];
    Some((start, &word[..word.find(separator).unwrap_or(word.len())]))
}

/// The coordinate at which the parser stopped, if what stands there is a number beyond JSON.
fn damaged_number(text: &str, array: &str, line: usize, column: usize) -> Option<FileError> {
    let (start, word) = word_at(text, line, column)?;
    // Rust reads all spellings of these, and what is too large for it as infinite.
    let number = word.parse::<f64>().is_ok_and(|value| !value.is_finite());
    if !number {
        return None;
    }
    let key = format!("\"{array}\"");
    let begin = text[..start].rfind(&key)? + key.len();
    let (mut depth, mut indices) = (0usize, [0usize; 3]);
    for byte in text[begin..start].bytes() {
        match byte {
            b'[' => {
                depth += 1;
                if let Some(index) = depth
                    .checked_sub(1)
                    .and_then(|level| indices.get_mut(level))
                {
                    *index = 0;
                }
            }
            b']' => depth = depth.checked_sub(1)?,
            b',' => *indices.get_mut(depth.checked_sub(1)?)? += 1,
            _ => {}
        }
    }
    if depth != 3 {
        return None;
    }
    Some(FileError::Coordinate {
        place: Place::Frame(indices[0]),
        joint: indices[1],
        axis: *['x', 'y', 'z'].get(indices[2])?,
        found: shortened(word),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Form {
        #[allow(dead_code)]
        points: Vec<Vec<Vec<f64>>>,
    }

    #[test]
    fn numbers_beyond_json_are_reported_as_coordinates() {
        for (word, joint, axis) in [
            ("NaN", 0, 'x'),
            ("-Infinity", 1, 'y'),
            ("1e999", 1, 'z'),
            ("nan", 1, 'x'),
            ("Infinity", 0, 'z'),
        ] {
            let point = |j: usize| {
                let value = |a: char| if (j, a) == (joint, axis) { word } else { "0.5" };
                format!("[{}, {},\n{}]", value('x'), value('y'), value('z'))
            };
            let text = format!(
                "{{\"name\": \"a\",\n \"points\": [[[1,2,3],[4,5,6]],\n[{},\n {}]]}}",
                point(0),
                point(1)
            );
            let expected = FileError::Coordinate {
                place: Place::Frame(1),
                joint,
                axis,
                found: word.into(),
            };
            assert_eq!(
                parse::<Form>(&text, "points").unwrap_err(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn other_damage_keeps_line_and_column() {
        for text in [
            "{\"points\": [[[1,2,\"x\"]]]}",
            "{\"points\": [[[1,2",
            "{\"points\": 5}",
            "{}",
            "[",
            "NaN",
        ] {
            let error = parse::<Form>(text, "points").unwrap_err();
            assert!(
                matches!(error, FileError::Json { line: 1, .. }),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn what_is_no_json_is_shown_and_what_ends_early_is_said_to_be_cut_off() {
        let message = |text| parse::<Form>(text, "points").unwrap_err().to_string();
        let cases = [
            (
                "<html lang>",
                "line 1, column 1: expected value, found `<html`",
            ),
            (
                "{\"points\":[]}\n{",
                "line 2, column 1: trailing characters, found `{`",
            ),
            (
                "{\"points\":[",
                "line 1, column 11: the file is cut off in a list",
            ),
            (
                "{\"points\":[[[\"x\"]]]}",
                "line 1, column 16: invalid type: string \"x\", expected a number",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(message(text), expected);
        }
    }

    #[test]
    fn the_place_is_said_once_and_long_texts_are_cut() {
        let text = format!("{{\"points\":\n\"{}\"}}", "x".repeat(1000));
        let error = parse::<Form>(&text, "points").unwrap_err().to_string();
        assert!(error.starts_with("line 2, column 1002: invalid type"));
        assert!(error.ends_with("xxx.., expected a sequence"), "{error}");
        assert!(error.len() < 150 && !error.contains(" at line"), "{error}");
    }
}
