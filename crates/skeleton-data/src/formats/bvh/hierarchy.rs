//! The `HIERARCHY` of a BVH file.

use std::collections::HashSet;

use crate::Layout;
use crate::formats::kinematics::Vector;
use crate::formats::lines::{self, Lines, number};
use crate::formats::motion::{MAX_JOINTS, listed};
use crate::formats::{FileError, shown};

/// The letters of channels, by axis.
const AXES: [u8; 3] = *b"xyz";

/// Whether a channel is a rotation, and its axis.
pub(super) type Channel = (bool, usize);

/// A joint or the end of the last one of a limb.
#[derive(Clone, Debug)]
pub(super) struct Joint {
    pub name: String,
    /// `None` for the root.
    pub parent: Option<usize>,
    /// From the parent, in its axes, in units of the file.
    pub offset: Vector,
    pub channels: Vec<Channel>,
}

/// The joints of a file in the order in which it lists them, so that a parent stands before its children.
#[derive(Clone, Debug)]
pub(super) struct Hierarchy {
    pub joints: Vec<Joint>,
}

impl Hierarchy {
    /// Reads the hierarchy and gives the lines behind `MOTION`.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Lines<'_>), FileError> {
        let mut tokens = Tokens {
            lines: Lines::new(bytes)?,
            rest: &[],
        };
        tokens.keyword(b"HIERARCHY", "`HIERARCHY`")?;
        tokens.keyword(b"ROOT", "`ROOT`")?;
        let mut builder = Builder::default();
        builder.begin(&mut tokens, Kind::Joint)?;
        while !builder.open.is_empty() {
            builder.field(&mut tokens)?;
        }
        let next = tokens.next("`MOTION`")?;
        if next.eq_ignore_ascii_case(b"ROOT") {
            return Err(tokens.wrong(
                "a second hierarchy",
                "`ROOT`",
                "`MOTION`: one skeleton a file",
            ));
        }
        if !next.eq_ignore_ascii_case(b"MOTION") {
            return Err(tokens.wrong("what follows the hierarchy", shown(next), "`MOTION`"));
        }
        let joints = builder.joints;
        Ok((Self { joints }, tokens.lines))
    }

    /// Names of the joints.
    pub fn names(&self) -> Vec<&str> {
        self.joints
            .iter()
            .map(|joint| joint.name.as_str())
            .collect()
    }

    /// Number of values in a frame.
    pub fn channels(&self) -> usize {
        self.joints.iter().map(|joint| joint.channels.len()).sum()
    }

    /// The layout that the hierarchy is; see [`bvh`](super).
    pub fn layout(&self) -> Result<Layout, FileError> {
        let mut builder = Layout::builder("bvh").joints(self.names());
        for joint in &self.joints {
            builder = match joint.parent {
                Some(parent) => builder.edge(&joint.name, &self.joints[parent].name),
                None => builder.centre(&joint.name),
            };
        }
        let names: HashSet<&str> = self.names().into_iter().collect();
        for left in self.names() {
            if let Some(right) = mirror(left).filter(|right| names.contains(right.as_str())) {
                builder = builder.mirror(left, right);
            }
        }
        builder.build().map_err(|error| FileError::Field {
            what: "the hierarchy".into(),
            found: error.to_string(),
            expected: "one that makes a layout".into(),
        })
    }

    /// Fails unless `layout`, made of another file's hierarchy, has the same joints and they hang together alike.
    pub fn check_like(&self, layout: &Layout) -> Result<(), FileError> {
        let names: HashSet<&str> = self.names().into_iter().collect();
        let missing: Vec<&String> = (layout.joints().iter())
            .filter(|joint| !names.contains(joint.as_str()))
            .collect();
        let known: HashSet<&str> = layout.joints().iter().map(String::as_str).collect();
        let extra: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !known.contains(name))
            .collect();
        let elsewhere = || {
            let joined: HashSet<(&str, &str)> = (layout.edges().iter())
                .map(|&(a, b)| (layout.joints()[a].as_str(), layout.joints()[b].as_str()))
                .collect();
            self.joints.iter().find_map(|joint| {
                let parent = self.joints[joint.parent?].name.as_str();
                (!joined.contains(&(joint.name.as_str(), parent)))
                    .then(|| format!("one in which `{}` hangs on `{parent}`", joint.name))
            })
        };
        let found = if !missing.is_empty() {
            Some(format!("without {}", listed(&missing)))
        } else if !extra.is_empty() {
            let mut extra = extra;
            extra.sort_unstable();
            Some(format!("one with {}", listed(&extra)))
        } else {
            elsewhere()
        };
        found.map_or(Ok(()), |found| {
            Err(FileError::Field {
                what: "the hierarchy".into(),
                found,
                expected: "that of the first file; for files of several hierarchies give a layout of the joints they share".into(),
            })
        })
    }
}

/// The right twin of a left joint, by its name: `LeftHand` or `left_hand` by the word, `LHand` by its first letter.
fn mirror(name: &str) -> Option<String> {
    for (left, right) in [("Left", "Right"), ("left", "right")] {
        if name.contains(left) {
            return Some(name.replacen(left, right, 1));
        }
    }
    let rest = name.strip_prefix('L')?;
    rest.starts_with(|next: char| next.is_ascii_uppercase())
        .then(|| format!("R{rest}"))
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Joint,
    End,
}

#[derive(Default)]
struct Builder {
    joints: Vec<Joint>,
    names: HashSet<String>,
    /// Joints whose brace is open, and whether their offset and channels have been seen.
    open: Vec<Open>,
}

struct Open {
    joint: usize,
    kind: Kind,
    offset: bool,
    channels: bool,
}

impl Builder {
    /// A joint from its name to its open brace.
    fn begin(&mut self, tokens: &mut Tokens, kind: Kind) -> Result<(), FileError> {
        let written = tokens.name();
        let parent = self.open.last().map(|open| open.joint);
        let name = match (kind, parent) {
            (Kind::End, Some(parent)) => format!("{}_end", self.joints[parent].name),
            _ => String::from_utf8_lossy(written).into_owned(),
        };
        if name.is_empty() {
            return Err(tokens.wrong("the name of a joint", "missing", "one on the same line"));
        }
        if self.joints.len() >= MAX_JOINTS {
            let found = "larger than any skeleton's";
            return Err(tokens.wrong(
                "the number of joints",
                found,
                format!("at most {MAX_JOINTS}"),
            ));
        }
        if !self.names.insert(name.clone()) {
            return Err(tokens.wrong(
                "the joint",
                shown(name),
                "a name that no joint before it has",
            ));
        }
        let brace = tokens.next("`{`")?;
        if brace != b"{" {
            return Err(tokens.wrong("what follows the name of a joint", shown(brace), "`{`"));
        }
        self.open.push(Open {
            joint: self.joints.len(),
            kind,
            offset: false,
            channels: false,
        });
        self.joints.push(Joint {
            name,
            parent,
            offset: [0.0; 3],
            channels: Vec::new(),
        });
        Ok(())
    }

    /// One field of the innermost open joint.
    fn field(&mut self, tokens: &mut Tokens) -> Result<(), FileError> {
        const EXPECTED: &str = "`OFFSET`, `CHANNELS`, `JOINT`, `End Site` or `}`";
        let key = tokens.next(EXPECTED)?;
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        let joint = &mut self.joints[open.joint];
        let twice = |tokens: &Tokens, what: &str| {
            Err(tokens.wrong(
                &format!("`{what}` of joint {}", shown(&joint.name)),
                "given twice",
                "it once",
            ))
        };
        match key.to_ascii_uppercase().as_slice() {
            b"OFFSET" if open.offset => return twice(tokens, "OFFSET"),
            b"OFFSET" => {
                for value in &mut joint.offset {
                    *value = tokens.number("an offset")?;
                }
                open.offset = true;
            }
            b"CHANNELS" if open.channels => return twice(tokens, "CHANNELS"),
            b"CHANNELS" if open.kind == Kind::Joint => {
                joint.channels = channels(tokens)?;
                open.channels = true;
            }
            b"JOINT" if open.kind == Kind::Joint => self.begin(tokens, Kind::Joint)?,
            b"END" if open.kind == Kind::Joint => {
                tokens.keyword(b"Site", "`Site` after `End`")?;
                self.begin(tokens, Kind::End)?;
            }
            b"}" => {
                if !open.offset {
                    return Err(FileError::Missing {
                        what: format!(
                            "`OFFSET` in joint {}, which ends at line {}",
                            shown(&joint.name),
                            tokens.lines.number
                        ),
                        purpose: "its place".into(),
                    });
                }
                self.open.pop();
            }
            _ => {
                let what = format!("a field of joint {}", shown(&joint.name));
                let expected = match open.kind {
                    Kind::Joint => EXPECTED,
                    Kind::End => "`OFFSET` or `}`",
                };
                return Err(tokens.wrong(&what, shown(key), expected));
            }
        }
        Ok(())
    }
}

/// A number of channels and their names.
fn channels(tokens: &mut Tokens) -> Result<Vec<Channel>, FileError> {
    const NAMES: &str =
        "Xposition, Yposition, Zposition, Xrotation, Yrotation or Zrotation, each once";
    let field = tokens.next("a number of channels")?;
    let count = (std::str::from_utf8(field).ok())
        .and_then(|text| text.parse().ok())
        .filter(|&count: &usize| count <= 6)
        .ok_or_else(|| tokens.wrong("the number of channels", shown(field), "0 to 6"))?;
    let mut channels = Vec::with_capacity(count);
    for _ in 0..count {
        let field = tokens.next("a channel")?;
        let lower = field.to_ascii_lowercase();
        let channel = lower.split_first().and_then(|(letter, rest)| {
            let axis = AXES.iter().position(|known| known == letter)?;
            match rest {
                b"position" => Some((false, axis)),
                b"rotation" => Some((true, axis)),
                _ => None,
            }
        });
        let channel = channel
            .filter(|channel| !channels.contains(channel))
            .ok_or_else(|| tokens.wrong("a channel", shown(field), NAMES))?;
        channels.push(channel);
    }
    Ok(channels)
}

/// Words and braces across lines.
struct Tokens<'a> {
    lines: Lines<'a>,
    /// What is left of the current line.
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    fn next(&mut self, expected: &'static str) -> Result<&'a [u8], FileError> {
        if self.rest.is_empty() {
            self.rest = self.lines.expect(expected)?;
        }
        let end = match self.rest {
            [b'{' | b'}', ..] => 1,
            rest => (rest.iter())
                .position(|&byte| byte.is_ascii_whitespace() || byte == b'{' || byte == b'}')
                .unwrap_or(rest.len()),
        };
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest.trim_ascii();
        Ok(token)
    }

    /// What is left of the line before a brace: names may hold blanks.
    fn name(&mut self) -> &'a [u8] {
        let end = memchr::memchr(b'{', self.rest).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.trim_ascii()
    }

    fn keyword(&mut self, word: &[u8], expected: &'static str) -> Result<(), FileError> {
        let token = self.next(expected)?;
        if token.eq_ignore_ascii_case(word) {
            return Ok(());
        }
        Err(self.wrong("the keyword", shown(token), expected))
    }

    fn number(&mut self, expected: &'static str) -> Result<f64, FileError> {
        let token = self.next(expected)?;
        number(token).ok_or_else(|| self.wrong(expected, shown(token), "a finite number"))
    }

    fn wrong(
        &self,
        what: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> FileError {
        lines::wrong(self.lines.number, what, found, expected)
    }
}
