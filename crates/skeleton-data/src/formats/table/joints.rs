//! Joints of a layout by the names that a table gives them.

use crate::Layout;

/// The number of the joint called `name`, or the names most like it.
pub(super) fn joint(layout: &Layout, name: &str) -> Result<usize, String> {
    layout.joint_index(name).ok_or_else(|| near(layout, name))
}

/// Words that list up to three joints whose names are most like `name`.
fn near(layout: &Layout, name: &str) -> String {
    let name: Vec<char> = name.to_lowercase().chars().take(40).collect();
    let mut near: Vec<(usize, &str)> = layout
        .joints()
        .iter()
        .map(|joint| (distance(&name, &joint.to_lowercase()), joint.as_str()))
        .filter(|&(distance, _)| distance <= 1 + name.len() / 3)
        .collect();
    near.sort_unstable();
    let names: Vec<String> = near
        .iter()
        .take(3)
        .map(|(_, joint)| format!("`{joint}`"))
        .collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("; near it: {}", names.join(", ")),
    }
}

/// Letters to change, put in or take out (Levenshtein).
fn distance(a: &[char], b: &str) -> usize {
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (number, letter) in b.chars().take(40).enumerate() {
        let mut diagonal = row[0];
        row[0] = number + 1;
        for (at, &other) in a.iter().enumerate() {
            let change = diagonal + usize::from(other != letter);
            diagonal = row[at + 1];
            row[at + 1] = change.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[a.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_joint_lists_those_near_it() {
        let layout = Layout::ntu25();
        let first = layout.joints()[4].clone();
        assert_eq!(joint(&layout, &first), Ok(4));
        let near = joint(&layout, &first.to_uppercase()).unwrap_err();
        assert!(near.starts_with(&format!("; near it: `{first}`")), "{near}");
        assert_eq!(joint(&layout, "0123456789"), Err(String::new()));
        assert_eq!(distance(&['a', 'b', 'c'], "acd"), 2);
    }
}
