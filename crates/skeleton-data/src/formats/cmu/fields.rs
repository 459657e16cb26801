//! The fields of ASF files.

use crate::formats::kinematics::Vector;
use crate::formats::lines::{number, wrong};
use crate::formats::{FileError, shown};

/// The letters of an order of rotation, by axis.
const AXES: [u8; 3] = *b"xyz";

/// The tokens of a line: comments are cut, commas and parentheses are blanks.
pub(super) fn tokens(line: &[u8]) -> Vec<&[u8]> {
    let end = memchr::memchr(b'#', line).unwrap_or(line.len());
    line[..end]
        .split(|byte| byte.is_ascii_whitespace() || b",()".contains(byte))
        .filter(|field| !field.is_empty())
        .collect()
}

/// Exactly `N` numbers.
pub(super) fn numbers<const N: usize>(
    line: usize,
    what: &str,
    fields: &[&[u8]],
) -> Result<[f64; N], FileError> {
    if fields.len() != N {
        let found = format!("{} fields", fields.len());
        return Err(wrong(line, what, found, format!("{N}")));
    }
    let mut values = [0.0; N];
    for (value, field) in values.iter_mut().zip(fields) {
        *value = number(field).ok_or_else(|| wrong(line, what, shown(field), "a number"))?;
    }
    Ok(values)
}

/// An order of the three axes, e.g. `XYZ`.
pub(super) fn axis_order(line: usize, field: &[u8]) -> Result<[usize; 3], FileError> {
    let mut order = [0; 3];
    let mut seen = [false; 3];
    let letters = field.to_ascii_lowercase();
    let known = letters.len() == 3
        && order.iter_mut().zip(&letters).all(|(axis, letter)| {
            let at = AXES.iter().position(|known| known == letter);
            *axis = at.unwrap_or(0);
            at.is_some_and(|at| !std::mem::replace(&mut seen[at], true))
        });
    if known {
        return Ok(order);
    }
    Err(wrong(
        line,
        "the order of axes",
        shown(field),
        "x, y and z once each",
    ))
}

/// Fails unless the order of a bone's `axis` is `XYZ` or the angles are zero.
pub(super) fn bone_axis_order(line: usize, angles: Vector, order: &[u8]) -> Result<(), FileError> {
    let found = axis_order(line, order)?;
    if found == [0, 1, 2] || angles == [0.0; 3] {
        return Ok(());
    }
    let expected = "`XYZ`: for others programs disagree on which angle is whose";
    Err(wrong(line, "the order of `axis`", shown(order), expected))
}

/// The axes of `dof`, in the order in which the angles are written.
pub(super) fn dofs(line: usize, fields: &[&[u8]]) -> Result<Vec<usize>, FileError> {
    let mut axes = Vec::new();
    for field in fields {
        let axis = match field.to_ascii_lowercase().as_slice() {
            [b'r', letter] => AXES.iter().position(|known| known == letter),
            _ => None,
        };
        let axis = axis.filter(|axis| !axes.contains(axis)).ok_or_else(|| {
            wrong(
                line,
                "a degree of freedom",
                shown(field),
                "`rx`, `ry` or `rz`, each once",
            )
        })?;
        axes.push(axis);
    }
    Ok(axes)
}

/// The root's six values in the order in which they are written: whether it is a rotation, and its axis.
pub(super) fn root_order(line: usize, fields: &[&[u8]]) -> Result<[(bool, usize); 6], FileError> {
    let mut order = [(false, 0); 6];
    let mut known = fields.len() == 6;
    for (at, field) in fields.iter().enumerate().take(6) {
        let entry = match field.to_ascii_lowercase().as_slice() {
            [kind @ (b't' | b'r'), letter] => {
                (AXES.iter().position(|known| known == letter)).map(|axis| (*kind == b'r', axis))
            }
            _ => None,
        };
        match entry {
            Some(entry) if !order[..at].contains(&entry) => order[at] = entry,
            _ => known = false,
        }
    }
    if known {
        return Ok(order);
    }
    Err(wrong(
        line,
        "`order`",
        shown(fields.join(&b' ')),
        "tx, ty, tz, rx, ry and rz once each",
    ))
}
