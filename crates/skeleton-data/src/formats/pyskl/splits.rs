//! The lists of names in a PYSKL pickle's `split`, paired to train-test splits.

use std::collections::HashMap;

use super::recording::MAX_NAME;
use super::value::Value;
use crate::formats::{FileError, Side, shortened};

/// The split of lists that have no name but their side's.
const GIVEN: &str = "given";
/// Most lists; every recording keeps a side of each.
const MAX_LISTS: usize = 64;

/// Splits by name, and the side of every name in each.
#[derive(Debug, Default)]
pub(super) struct Splits<'a> {
    names: Vec<String>,
    sides: HashMap<std::borrow::Cow<'a, str>, Vec<Listed>>,
}

/// What a split says of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Nowhere,
    On(Side),
    OnBoth,
}

/// A list's part in its split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Train,
    Validation,
    Test,
}

impl<'a> Splits<'a> {
    /// Reads `{list: [name, ...]}`.
    pub(super) fn read(split: Value<'a>) -> Result<Self, FileError> {
        let wrong = |what: String, found: String, expected: &str| FileError::Field {
            what,
            found,
            expected: expected.into(),
        };
        let lists = split.entries().ok_or_else(|| {
            wrong(
                "`split`".into(),
                split.kind(),
                "a dictionary of lists of names",
            )
        })?;
        if lists.len() > MAX_LISTS {
            let found = format!("of {} lists", lists.len());
            return Err(wrong("`split`".into(), found, "at most 64"));
        }
        let mut parts = Vec::new();
        for (list, names) in lists {
            let part = list.text().and_then(|text| part_of(&text));
            let (split, part) = part.ok_or_else(|| {
                let expected =
                    "a name that ends in train, val or test, or is one of them and a number";
                wrong("a list of `split`".into(), list.kind(), expected)
            })?;
            parts.push((split, part, list, names));
        }
        // In the order of their names, not of the file.
        let mut names: Vec<String> = parts.iter().map(|(split, ..)| split.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let sides = HashMap::new();
        let mut splits = Self { names, sides };
        for (split, part, list, names) in &parts {
            let tested = parts
                .iter()
                .any(|(other, part, ..)| other == split && *part == Part::Test);
            let side = match part {
                Part::Train => Side::Train,
                // With a test list the list to choose a model by is neither to learn from nor to be judged on.
                Part::Validation if tested => continue,
                Part::Validation | Part::Test => Side::Test,
            };
            let what = || format!("list {} of `split`", list.kind());
            let names = names
                .items()
                .ok_or_else(|| wrong(what(), names.kind(), "a list of names"))?;
            let Ok(at) = splits.names.binary_search(split) else {
                continue;
            };
            for name in names {
                let text = name.text().filter(|text| text.len() <= MAX_NAME);
                let text =
                    text.ok_or_else(|| wrong(what(), name.kind(), "a list of short names"))?;
                let nowhere = || vec![Listed::Nowhere; splits.names.len()];
                let listed = &mut splits.sides.entry(text).or_insert_with(nowhere)[at];
                *listed = match *listed {
                    Listed::Nowhere => Listed::On(side),
                    Listed::On(other) if other == side => Listed::On(side),
                    Listed::On(_) | Listed::OnBoth => Listed::OnBoth,
                };
            }
        }
        Ok(splits)
    }

    /// The splits in the order of their names.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Every name of a list.
    pub(super) fn listed(&self) -> impl Iterator<Item = &str> {
        self.sides.keys().map(AsRef::as_ref)
    }

    /// The side of a recording in every split; nothing when a split lists it on both.
    pub(super) fn sides(&self, name: &str) -> Option<Vec<Option<Side>>> {
        let Some(listed) = self.sides.get(name) else {
            return Some(vec![None; self.names.len()]);
        };
        listed
            .iter()
            .map(|listed| match listed {
                Listed::Nowhere => Some(None),
                Listed::On(side) => Some(Some(*side)),
                Listed::OnBoth => None,
            })
            .collect()
    }
}

/// `xsub_train` is `xsub`'s, `train` and `train1` are `given`'s and `given1`'s.
fn part_of(list: &str) -> Option<(String, Part)> {
    let words = [
        ("train", Part::Train),
        ("val", Part::Validation),
        ("test", Part::Test),
    ];
    words.into_iter().find_map(|(word, part)| {
        if let Some(number) = list.strip_prefix(word)
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Some((format!("{GIVEN}{}", shortened(number)), part));
        }
        let split = list.strip_suffix(word)?.strip_suffix('_')?;
        let usable = !split.is_empty() && split.len() <= MAX_NAME;
        usable.then(|| (split.to_owned(), part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_paired_by_what_stands_before_their_side() {
        let cases = [
            ("xsub_train", "xsub", Part::Train),
            ("xsub_val", "xsub", Part::Validation),
            ("a_b_test", "a_b", Part::Test),
            ("train", "given", Part::Train),
            ("test3", "given3", Part::Test),
        ];
        for (list, split, part) in cases {
            assert_eq!(part_of(list), Some((split.to_owned(), part)), "{list}");
        }
        for list in ["", "xsub", "_train", "trains", "xsubtrain", "train_xsub"] {
            assert_eq!(part_of(list), None, "{list}");
        }
    }
}
