use std::fmt::Write;

use serde::Serialize;
pub(super) use skeleton_data::render::escaped as escape;

/// A value as JSON that can stand inside `<script>`: nothing in it ends the element or begins a comment.
pub(super) fn script_json<T: Serialize + ?Sized>(value: &T) -> String {
    let json = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// A name as a part of a relative link.
pub(super) fn link(name: &str) -> String {
    let mut safe = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                safe.push(char::from(byte));
            }
            other => put(&mut safe, format_args!("%{other:02X}")),
        }
    }
    safe
}

/// A count with separators between thousands.
pub(super) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A name at most `most` characters long.
pub(super) fn shortened(name: &str, most: usize) -> String {
    match name.chars().count() > most {
        true => name
            .chars()
            .take(most.saturating_sub(1))
            .chain(['…'])
            .collect(),
        false => name.to_owned(),
    }
}

/// Appends formatted text.
pub(super) fn put(text: &mut String, arguments: std::fmt::Arguments) {
    // Writing into a string cannot fail.
    let _ = text.write_fmt(arguments);
}

/// Seconds since 1970 as date and time of day in UTC (Howard Hinnant's `civil_from_days`).
pub(super) fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let day = day - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (rest / 3_600, rest / 60 % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_becomes_text() {
        assert_eq!(
            escape("<b a='1'>&\"\u{1}\n"),
            "&lt;b a=&#39;1&#39;&gt;&amp;&quot;\u{fffd} "
        );
        let json = script_json(&["</script><!--", "a\u{2028}"]);
        assert!(!json.contains('<') && !json.contains('\u{2028}'), "{json}");
        let back: Vec<String> = serde_json::from_str(&json).unwrap();
        assert_eq!(back, ["</script><!--", "a\u{2028}"]);
        assert_eq!(link("a b/c#é.html"), "a%20b%2Fc%23%C3%A9.html");
    }

    #[test]
    fn numbers_and_times_are_readable() {
        assert_eq!(
            [count(7), count(1_020), count(1_234_567)],
            ["7", "1,020", "1,234,567"]
        );
        assert_eq!(utc(0), "1970-01-01 00:00 UTC");
        assert_eq!(utc(951_782_400 + 3_660), "2000-02-29 01:01 UTC");
        assert_eq!(utc(1_735_689_599), "2024-12-31 23:59 UTC");
        assert_eq!(shortened("walking", 5), "walk…");
    }
}
