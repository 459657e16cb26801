//! The text of an ASF file: sections, and in them bones with their fields.

use std::collections::HashMap;

use super::fields::{axis_order, bone_axis_order, dofs, numbers, root_order, tokens};
use super::skeleton::{Bone, Skeleton};
use crate::formats::kinematics::Vector;
use crate::formats::lines::{Lines, number, wrong};
use crate::formats::motion::MAX_JOINTS;
use crate::formats::{FileError, shown};

/// Metres in an inch.
const INCH: f64 = 0.0254;
/// How far the length of a direction may be from 1: six digits are written.
const UNIT_TOLERANCE: f64 = 1e-3;

/// Reads the bytes of an ASF file.
///
/// # Errors
/// [`FileError`] with the line of what is missing, unknown or no number, and of what cannot be right: no positive
/// `:units length`, a root preset other than zero, a bone twice, a direction that is no unit vector, a hierarchy that
/// leaves bones out, names them twice or goes in a circle.
pub fn parse_asf(bytes: &[u8]) -> Result<Skeleton, FileError> {
    let mut lines = Lines::new(bytes)?;
    let mut file = Asf::default();
    while let Some(line) = lines.next() {
        file.line(lines.number, &tokens(line))?;
    }
    file.finish(lines.number)
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Section {
    #[default]
    Start,
    Units,
    Root,
    Bones,
    Hierarchy,
    /// Not read: `:version`, `:name`, `:documentation`, `:skin`.
    Other,
}

/// What has been read so far.
#[derive(Default)]
struct Asf {
    section: Section,
    length: Option<f64>,
    radians: Option<bool>,
    order: Option<[(bool, usize); 6]>,
    bones: Vec<Bone>,
    numbers: HashMap<Vec<u8>, usize>,
    open: Option<Draft>,
    /// Whether `begin` of the hierarchy has been seen, and its `end`.
    in_hierarchy: bool,
    /// Parent of every bone; 0 is the root, and bone b is number b + 1.
    parents: HashMap<usize, usize>,
}

/// A bone between `begin` and `end`.
#[derive(Default)]
struct Draft {
    line: usize,
    name: Option<Vec<u8>>,
    direction: Option<Vector>,
    length: Option<f64>,
    axis: Option<Vector>,
    dofs: Vec<usize>,
    /// Numbers that follow on further lines belong to `limits`.
    in_limits: bool,
}

impl Asf {
    fn line(&mut self, line: usize, fields: &[&[u8]]) -> Result<(), FileError> {
        let Some((&key, rest)) = fields.split_first() else {
            return Ok(());
        };
        if key.starts_with(b":") {
            return self.open_section(line, key);
        }
        match self.section {
            Section::Other => Ok(()),
            Section::Units => self.units(line, key, rest),
            Section::Root => self.root(line, key, rest),
            Section::Bones => self.bone(line, key, rest),
            Section::Hierarchy => self.hierarchy(line, fields),
            Section::Start => Err(wrong(
                line,
                "the first line",
                shown(key),
                "a keyword such as `:version`",
            )),
        }
    }

    fn open_section(&mut self, line: usize, key: &[u8]) -> Result<(), FileError> {
        self.closed(line)?;
        self.section = match key.to_ascii_lowercase().as_slice() {
            b":units" => Section::Units,
            b":root" => Section::Root,
            b":bonedata" => Section::Bones,
            b":hierarchy" => Section::Hierarchy,
            b":version" | b":name" | b":documentation" | b":skin" => Section::Other,
            _ => {
                let expected = "`:version`, `:name`, `:units`, `:documentation`, `:root`, `:bonedata`, `:hierarchy` or `:skin`";
                return Err(wrong(line, "the keyword", shown(key), expected));
            }
        };
        Ok(())
    }

    /// Fails inside a bone or a hierarchy that has no `end`.
    fn closed(&self, line: usize) -> Result<(), FileError> {
        if self.open.is_none() && !self.in_hierarchy {
            return Ok(());
        }
        let expected = "`end`";
        Err(FileError::UnexpectedEnd { line, expected })
    }

    fn units(&mut self, line: usize, key: &[u8], rest: &[&[u8]]) -> Result<(), FileError> {
        match key {
            b"mass" => numbers::<1>(line, "`mass`", rest).map(drop),
            b"length" => {
                let [value] = numbers(line, "`length`", rest)?;
                if value <= 0.0 {
                    return Err(wrong(
                        line,
                        "`length`",
                        value.to_string(),
                        "a positive number",
                    ));
                }
                self.length = Some(value);
                Ok(())
            }
            b"angle" => {
                self.radians = Some(match rest {
                    [b"deg"] => false,
                    [b"rad"] => true,
                    _ => {
                        let found = shown(rest.join(&b' '));
                        return Err(wrong(line, "`angle`", found, "`deg` or `rad`"));
                    }
                });
                Ok(())
            }
            _ => Err(wrong(
                line,
                "the unit",
                shown(key),
                "`mass`, `length` or `angle`",
            )),
        }
    }

    fn root(&mut self, line: usize, key: &[u8], rest: &[&[u8]]) -> Result<(), FileError> {
        match key {
            b"order" => {
                self.order = Some(root_order(line, rest)?);
                Ok(())
            }
            b"axis" => match rest {
                [order] => axis_order(line, order).map(drop),
                _ => Err(wrong(line, "`axis`", format!("{} fields", rest.len()), "1")),
            },
            b"position" | b"orientation" => {
                let what = if key == b"position" {
                    "the root's position"
                } else {
                    "the root's orientation"
                };
                let preset: [f64; 3] = numbers(line, what, rest)?;
                if preset == [0.0; 3] {
                    return Ok(());
                }
                let expected = "zeros: programs disagree on what other presets mean";
                Err(wrong(line, what, shown(rest.join(&b' ')), expected))
            }
            _ => Err(wrong(
                line,
                "the field of the root",
                shown(key),
                "`order`, `axis`, `position` or `orientation`",
            )),
        }
    }

    fn bone(&mut self, line: usize, key: &[u8], rest: &[&[u8]]) -> Result<(), FileError> {
        let Some(bone) = &mut self.open else {
            if key != b"begin" {
                return Err(wrong(
                    line,
                    "what comes before a bone",
                    shown(key),
                    "`begin`",
                ));
            }
            self.open = Some(Draft {
                line,
                ..Draft::default()
            });
            return Ok(());
        };
        // `limits` goes on over further lines of numbers.
        if bone.in_limits && (number(key).is_some() || key.ends_with(b"inf")) {
            return Ok(());
        }
        bone.in_limits = key == b"limits";
        match key {
            b"id" | b"limits" | b"bodymass" | b"cofmass" => {}
            b"name" => match rest {
                [name] => bone.name = Some(name.to_vec()),
                _ => return Err(wrong(line, "`name`", format!("{} fields", rest.len()), "1")),
            },
            b"direction" => bone.direction = Some(numbers(line, "`direction`", rest)?),
            b"length" => {
                let [length] = numbers(line, "`length`", rest)?;
                if length < 0.0 {
                    return Err(wrong(
                        line,
                        "`length`",
                        length.to_string(),
                        "no negative number",
                    ));
                }
                bone.length = Some(length);
            }
            b"axis" => match rest {
                [angles @ .., order] => {
                    let angles = numbers(line, "`axis`", angles)?;
                    bone_axis_order(line, angles, order)?;
                    bone.axis = Some(angles);
                }
                [] => return Err(wrong(line, "`axis`", "0 fields", "4")),
            },
            b"dof" => bone.dofs = dofs(line, rest)?,
            b"end" => {
                if let Some(bone) = self.open.take() {
                    self.add(bone)?;
                }
            }
            _ => {
                return Err(wrong(
                    line,
                    "the field of a bone",
                    shown(key),
                    "`name`, `direction`, `length`, `axis`, `dof`, `limits` or `end`",
                ));
            }
        }
        Ok(())
    }

    fn add(&mut self, draft: Draft) -> Result<(), FileError> {
        let line = draft.line;
        let name = draft.name.ok_or_else(|| missing_field(line, "name"))?;
        let bone = Bone {
            direction: draft
                .direction
                .ok_or_else(|| missing_field(line, "direction"))?,
            length: draft.length.ok_or_else(|| missing_field(line, "length"))?,
            axis: draft.axis.ok_or_else(|| missing_field(line, "axis"))?,
            dofs: draft.dofs,
            name: String::from_utf8_lossy(&name).into_owned(),
        };
        let norm = bone.direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        // Without a length the direction means nothing.
        if bone.length > 0.0 && (norm - 1.0).abs() > UNIT_TOLERANCE {
            let what = format!("the direction of bone {}", shown(&name));
            return Err(wrong(
                line,
                &what,
                format!("a vector of length {norm:.4}"),
                "one of length 1",
            ));
        }
        if self.bones.len() + 1 >= MAX_JOINTS {
            return Err(wrong(
                line,
                "the number of bones",
                "larger than any skeleton's",
                format!("less than {MAX_JOINTS}"),
            ));
        }
        let taken = name == b"root" || self.numbers.contains_key(&name);
        if taken {
            return Err(wrong(
                line,
                "the name of the bone",
                shown(&name),
                "a name that no bone before it has",
            ));
        }
        self.numbers.insert(name, self.bones.len() + 1);
        self.bones.push(bone);
        Ok(())
    }

    fn hierarchy(&mut self, line: usize, fields: &[&[u8]]) -> Result<(), FileError> {
        match (fields, self.in_hierarchy) {
            ([b"begin"], false) => self.in_hierarchy = true,
            ([b"end"], true) => self.in_hierarchy = false,
            ([parent, children @ ..], true) => {
                let parent = self.joint(line, parent)?;
                for child in children {
                    let number = self.joint(line, child)?;
                    if number == 0 {
                        return Err(wrong(line, "a child", "`root`", "a bone"));
                    }
                    if self.parents.insert(number, parent).is_some() {
                        let found = format!("{}, which has a parent already", shown(child));
                        return Err(wrong(line, "a child", found, "every bone once"));
                    }
                }
            }
            _ => {
                return Err(wrong(
                    line,
                    "what comes before the hierarchy",
                    shown(fields.join(&b' ')),
                    "`begin`",
                ));
            }
        }
        Ok(())
    }

    /// The number of a joint: 0 for the root, else that of the bone and 1.
    fn joint(&self, line: usize, name: &[u8]) -> Result<usize, FileError> {
        if name == b"root" {
            return Ok(0);
        }
        let known = self.numbers.get(name).copied();
        known.ok_or_else(|| {
            wrong(
                line,
                "a name in the hierarchy",
                shown(name),
                "`root` or a bone of `:bonedata` above",
            )
        })
    }

    fn finish(self, line: usize) -> Result<Skeleton, FileError> {
        self.closed(line + 1)?;
        let missing = |what: &str, purpose: &str| FileError::Missing {
            what: what.into(),
            purpose: purpose.into(),
        };
        let length = self
            .length
            .ok_or_else(|| missing("`length` in `:units`", "metres"))?;
        let radians = self
            .radians
            .ok_or_else(|| missing("`angle` in `:units`", "the bones' axes"))?;
        let order = self
            .order
            .ok_or_else(|| missing("`order` in `:root`", "the root's values"))?;
        if self.bones.is_empty() {
            return Err(missing("bones in `:bonedata`", "a skeleton"));
        }
        let parents: Vec<Option<usize>> = (1..=self.bones.len())
            .map(|bone| self.parents.get(&bone).copied())
            .collect();
        Skeleton::new(self.bones, &parents, order, radians, INCH / length)
    }
}

fn missing_field(line: usize, field: &str) -> FileError {
    FileError::Missing {
        what: format!("`{field}` in the bone that begins at line {line}"),
        purpose: "the skeleton".into(),
    }
}
