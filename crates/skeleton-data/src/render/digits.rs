//! Numbers written with lines, so that pictures of pixels need no font.

/// Segments of a digit in a box of width 1 and height 2: from, to.
const SEGMENTS: [[[f32; 2]; 2]; 7] = [
    [[0.0, 0.0], [1.0, 0.0]],
    [[1.0, 0.0], [1.0, 1.0]],
    [[1.0, 1.0], [1.0, 2.0]],
    [[0.0, 2.0], [1.0, 2.0]],
    [[0.0, 1.0], [0.0, 2.0]],
    [[0.0, 0.0], [0.0, 1.0]],
    [[0.0, 1.0], [1.0, 1.0]],
];

/// The segments of 0 to 9, as bits.
const DIGITS: [u8; 10] = [
    0b011_1111, 0b000_0110, 0b101_1011, 0b100_1111, 0b110_0110, 0b110_1101, 0b111_1101, 0b000_0111,
    0b111_1111, 0b110_1111,
];

/// The lines of `number`, its upper left corner at `corner`, `height` pixels high.
pub(super) fn lines(number: usize, corner: [f32; 2], height: f32) -> Vec<[[f32; 2]; 2]> {
    let unit = height / 2.0;
    let mut lines = Vec::new();
    for (place, digit) in number.to_string().bytes().enumerate() {
        let Some(&bits) = DIGITS.get(usize::from(digit.wrapping_sub(b'0'))) else {
            continue;
        };
        let left = corner[0] + place as f32 * unit * 1.7;
        for (segment, ends) in SEGMENTS.iter().enumerate() {
            if bits >> segment & 1 == 1 {
                lines.push(ends.map(|[x, y]| [left + x * unit, corner[1] + y * unit]));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_distinct_and_stand_side_by_side() {
        let alone: Vec<_> = (0..10).map(|digit| lines(digit, [0.0; 2], 2.0)).collect();
        for a in 0..10 {
            assert!((0..a).all(|b| alone[a] != alone[b]), "{a}");
        }
        assert_eq!(alone[8].len(), 7);
        assert_eq!(alone[1], [SEGMENTS[1], SEGMENTS[2]]);
        let both = lines(81, [0.0; 2], 2.0);
        assert_eq!(both[..7], alone[8]);
        assert_eq!(both[7..][0][0], [2.7, 0.0]);
    }
}
