//! Input streams derived from joint coordinates on the fly.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ClipShape, DataError};

/// What an encoder is fed (`papers.md` 1.4; ST-GCN's descendants train one model per stream).
///
/// Streams are derived after augmentation, as CrosSCLR and AimCLR do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Coordinates as they are.
    #[default]
    Joint,
    /// Every joint minus its parent; the bone root becomes zero (2s-AGCN).
    Bone,
    /// Every frame's difference to the next one, `m[t] = x[t + 1] - x[t]`; the last frame that is not padding, and
    /// the padding after it, are zero.
    ///
    /// A person who appears or vanishes leaves one frame of jump from or to zero, as in the published code.
    Motion,
}

impl Stream {
    /// All streams.
    pub const ALL: [Self; 3] = [Self::Joint, Self::Bone, Self::Motion];

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Joint => "joint",
            Self::Bone => "bone",
            Self::Motion => "motion",
        }
    }

    /// Turns joint coordinates `[T, M, V, C]`, of whose frames all but the first `valid` are padding, into this
    /// stream, in place.
    ///
    /// `valid` is what [`SkeletonSequence::valid_frames`](crate::SkeletonSequence::valid_frames) tells; only
    /// [`Motion`](Self::Motion) uses it, which would otherwise take the step into the padding for a movement to
    /// the origin. `bones` holds `(child, parent)` pairs as [`Layout::bones`](crate::Layout::bones) gives them; a joint
    /// without a pair keeps its coordinates. Only [`Bone`](Self::Bone) uses it.
    ///
    /// # Panics
    /// When `clip` does not hold `shape.len()` values, `valid` is over T, or a bone names a joint beyond V.
    pub fn apply(self, clip: &mut [f32], shape: ClipShape, valid: usize, bones: &[(usize, usize)]) {
        assert_eq!(clip.len(), shape.len(), "a clip of shape {shape}");
        assert!(
            valid <= shape.frames,
            "{valid} valid frames in a clip of shape {shape}"
        );
        if clip.is_empty() {
            return;
        }
        match self {
            Self::Joint => {}
            Self::Bone => bone(clip, shape, bones),
            Self::Motion => motion(clip, shape.frame_len(), valid),
        }
    }
}

fn bone(clip: &mut [f32], shape: ClipShape, bones: &[(usize, usize)]) {
    let channels = shape.channels;
    // One person's joints, because a parent may be overwritten before its child is read.
    let mut joints = vec![0.0; shape.person_len()];
    for person in clip.chunks_exact_mut(shape.person_len()) {
        joints.copy_from_slice(person);
        for &(child, parent) in bones {
            for channel in 0..channels {
                person[child * channels + channel] -= joints[parent * channels + channel];
            }
        }
    }
}

fn motion(clip: &mut [f32], frame_len: usize, valid: usize) {
    let last = valid.saturating_sub(1) * frame_len;
    for at in 0..last {
        clip[at] = clip[at + frame_len] - clip[at];
    }
    clip[last..].fill(0.0);
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stream {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self, DataError> {
        Self::ALL
            .into_iter()
            .find(|stream| stream.name() == name)
            .ok_or_else(|| DataError::UnknownStream {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layout;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn clip(shape: ClipShape) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        (0..shape.len())
            .map(|_| rng.random_range(-1.0..1.0))
            .collect()
    }

    #[test]
    fn bone_is_the_joint_minus_its_parent() {
        let layout = Layout::ntu25();
        let shape = ClipShape::new(3, 2, 25, 3);
        let joints = clip(shape);
        let mut bones = joints.clone();
        Stream::Bone.apply(&mut bones, shape, 3, &layout.bones());
        for t in 0..3 {
            for m in 0..2 {
                for (child, parent) in layout.bones() {
                    for c in 0..3 {
                        let (a, b) = (
                            shape.offset(t, m, child) + c,
                            shape.offset(t, m, parent) + c,
                        );
                        assert_eq!(bones[a], joints[a] - joints[b]);
                    }
                }
                let root = shape.offset(t, m, layout.centre());
                assert_eq!(bones[root..root + 3], [0.0; 3]);
            }
        }
    }

    #[test]
    fn motion_is_the_difference_to_the_next_frame_and_ends_in_zeros() {
        let shape = ClipShape::new(4, 1, 5, 3);
        let joints = clip(shape);
        let mut motion = joints.clone();
        Stream::Motion.apply(&mut motion, shape, 4, &[]);
        for at in 0..shape.len() {
            let expected = joints.get(at + 15).map_or(0.0, |next| next - joints[at]);
            assert_eq!(motion[at], expected);
        }
    }

    #[test]
    fn motion_ends_where_the_padding_begins() {
        let shape = ClipShape::new(6, 1, 5, 3);
        let joints = clip(shape);
        let mut padded = joints.clone();
        padded[4 * 15..].fill(0.0);
        let mut motion = padded.clone();
        Stream::Motion.apply(&mut motion, shape, 4, &[]);
        for at in 0..shape.len() {
            let expected = if at < 3 * 15 {
                joints[at + 15] - joints[at]
            } else {
                0.0
            };
            assert_eq!(motion[at], expected);
        }
    }

    #[test]
    fn motion_of_a_static_clip_and_of_a_single_frame_is_zero() {
        for frames in [1, 6] {
            let shape = ClipShape::new(frames, 1, 2, 3);
            let mut values = vec![2.5; shape.len()];
            Stream::Motion.apply(&mut values, shape, frames, &[]);
            assert!(values.iter().all(|&v| v == 0.0));
        }
    }

    #[test]
    fn names_are_read_back_and_unknown_ones_list_the_known() {
        for stream in Stream::ALL {
            assert_eq!(stream.to_string().parse::<Stream>().unwrap(), stream);
        }
        let message = "bones".parse::<Stream>().unwrap_err().to_string();
        assert!(
            message.contains("`bones`") && message.contains("joint, bone, motion"),
            "{message}"
        );
    }
}
