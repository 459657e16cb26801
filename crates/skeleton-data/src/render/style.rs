//! What a picture looks like, and the colours.

use serde::{Deserialize, Serialize};

use super::RenderError;

/// How a sequence is drawn. Fields that JSON leaves out have their defaults.
///
/// ```
/// use skeleton_data::render::{Style, Up};
///
/// let style: Style = serde_json::from_str(r#"{"up": "z", "width": 480}"#)?;
/// assert_eq!(style, Style { up: Up::Z, width: 480, ..Style::default() });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// Width of a frame in pixels, 16 to 4096; 320 by default.
    pub width: u32,
    /// Height of a frame in pixels, 16 to 4096; 320 by default.
    pub height: u32,
    /// Light or dark.
    pub background: Background,
    /// What the channels are: space by default.
    pub channels: Channels,
    /// Which way is up: y by default.
    pub up: Up,
    /// Degrees by which the viewer walks to its right around the figures, -360 to 360; 25 by default. At 0 it looks along
    /// +z (+y where z is up), as the sensor does; motion capture whose figures face +z is seen from the front at 180.
    pub yaw: f32,
    /// Degrees by which the viewer stands above the figures and looks down on them, -90 to 90; 10 by default.
    pub pitch: f32,
    /// Whether joints are drawn as dots; true by default.
    pub joints: bool,
    /// Whether the ground is drawn, as a grid at the height of the lowest joints (a line for a plane); true by default.
    pub ground: bool,
    /// Whether the frame's number, counted from 0, stands in the upper left corner; true by default.
    pub labels: bool,
    /// Most frames of a moving picture, 1 to 10,000; 300 by default. A longer sequence is shown whole, with every n-th
    /// frame for n times as long.
    pub max_frames: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            width: 320,
            height: 320,
            background: Background::Light,
            channels: Channels::Space3,
            up: Up::Y,
            yaw: 25.0,
            pitch: 10.0,
            joints: true,
            ground: true,
            labels: true,
            max_frames: 300,
        }
    }
}

/// The background of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Background {
    /// Nearly white.
    #[default]
    Light,
    /// Nearly black.
    Dark,
}

/// What the channels of a joint are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// x, y, z.
    #[default]
    Space3,
    /// x, y, and perhaps a score; a joint whose score is 0 was not seen and is not drawn. Yaw and pitch mean nothing.
    Plane2,
}

/// Which way is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Up {
    /// y grows upwards: depth sensors, motion capture.
    #[default]
    Y,
    /// z grows upwards: the view-invariant transform, some motion capture.
    Z,
    /// y grows downwards: pixels, and cameras' coordinates.
    MinusY,
}

/// Smallest and largest extent of a frame in pixels.
const SIZES: std::ops::RangeInclusive<u32> = 16..=4096;
/// Most frames of a moving picture.
const MOST_FRAMES: usize = 10_000;

impl Style {
    /// Refuses what is outside its range.
    pub(super) fn check(&self) -> Result<(), RenderError> {
        for (option, size) in [("width", self.width), ("height", self.height)] {
            if !SIZES.contains(&size) {
                return Err(option_error(option, size, "16 to 4096 pixels"));
            }
        }
        for (option, angle, most) in [("yaw", self.yaw, 360.0), ("pitch", self.pitch, 90.0)] {
            // Written so that NaN is outside.
            if !(-most..=most).contains(&angle) {
                let expected = format!("-{most} to {most} degrees");
                return Err(option_error(option, angle, &expected));
            }
        }
        if !(1..=MOST_FRAMES).contains(&self.max_frames) {
            return Err(option_error("max_frames", self.max_frames, "1 to 10000"));
        }
        if self.channels == Channels::Plane2 && self.up == Up::Z {
            return Err(option_error(
                "up",
                "`z`",
                "`y` or `minus_y`, because `plane2` has no z",
            ));
        }
        Ok(())
    }

    /// Colour of the background.
    pub(super) fn backdrop(&self) -> Colour {
        match self.background {
            Background::Light => Colour(0xfa, 0xfa, 0xfa),
            Background::Dark => Colour(0x16, 0x18, 0x1c),
        }
    }

    /// Colour of the ground.
    pub(super) fn ground_colour(&self) -> Colour {
        match self.background {
            Background::Light => Colour(0xd8, 0xd8, 0xd8),
            Background::Dark => Colour(0x38, 0x3b, 0x42),
        }
    }

    /// Colour of writing.
    pub(super) fn label_colour(&self) -> Colour {
        match self.background {
            Background::Light => Colour(0x70, 0x70, 0x70),
            Background::Dark => Colour(0xa0, 0xa0, 0xa0),
        }
    }

    /// Colour of a side of a person: the left darker, the right lighter than the trunk.
    pub(super) fn colour(&self, person: usize, side: Side) -> Colour {
        let order = match self.background {
            Background::Light => &ON_LIGHT,
            Background::Dark => &ON_DARK,
        };
        let colour = order[person % order.len()];
        match side {
            Side::Left => colour.mix(Colour(0, 0, 0), 0.45),
            Side::Centre => colour,
            Side::Right => colour.mix(Colour(0xff, 0xff, 0xff), 0.45),
        }
    }

    /// Width of a bone in pixels.
    pub(super) fn bone_width(&self) -> f32 {
        (self.width.min(self.height) as f32 / 80.0).clamp(1.0, 24.0)
    }

    /// Radius of a joint's dot in pixels.
    pub(super) fn joint_radius(&self) -> f32 {
        (self.bone_width() * 0.85).max(1.0)
    }

    /// Height of writing in pixels.
    pub(super) fn label_height(&self) -> f32 {
        (self.height as f32 / 26.0).clamp(7.0, 40.0)
    }
}

pub(super) fn option_error(
    option: &'static str,
    found: impl ToString,
    expected: &str,
) -> RenderError {
    RenderError::Option {
        option,
        found: found.to_string(),
        expected: expected.to_owned(),
    }
}

/// A side of a body, by the layout's mirrored pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Left,
    Centre,
    Right,
}

impl Side {
    pub(super) const ALL: [Self; 3] = [Self::Left, Self::Centre, Self::Right];
}

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Colour(pub u8, pub u8, pub u8);

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl Colour {
    /// This colour with a share of another one in it.
    pub(super) fn mix(self, other: Self, share: f32) -> Self {
        let mix =
            |a: u8, b: u8| (f32::from(a) * (1.0 - share) + f32::from(b) * share).round() as u8;
        Self(
            mix(self.0, other.0),
            mix(self.1, other.1),
            mix(self.2, other.2),
        )
    }
}

// The palette of Okabe and Ito (2008), which colour-blind readers can tell apart, without black. The order puts
// what stands out on the background first.
const BLUE: Colour = Colour(0x00, 0x72, 0xb2);
const VERMILLION: Colour = Colour(0xd5, 0x5e, 0x00);
const GREEN: Colour = Colour(0x00, 0x9e, 0x73);
const PURPLE: Colour = Colour(0xcc, 0x79, 0xa7);
const ORANGE: Colour = Colour(0xe6, 0x9f, 0x00);
const SKY: Colour = Colour(0x56, 0xb4, 0xe9);
const YELLOW: Colour = Colour(0xf0, 0xe4, 0x42);
const ON_LIGHT: [Colour; 7] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, YELLOW];
const ON_DARK: [Colour; 7] = [SKY, ORANGE, GREEN, PURPLE, YELLOW, VERMILLION, BLUE];

/// Persons that have a colour of their own; the next one begins again with the first.
pub(super) const PERSON_COLOURS: usize = ON_LIGHT.len();

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Colour) -> f32 {
        0.299 * f32::from(colour.0) + 0.587 * f32::from(colour.1) + 0.114 * f32::from(colour.2)
    }

    #[test]
    fn the_left_is_darker_and_the_right_lighter_for_every_person_on_both_backgrounds() {
        for background in [Background::Light, Background::Dark] {
            let style = Style {
                background,
                ..Style::default()
            };
            for person in 0..PERSON_COLOURS {
                let [left, centre, right] =
                    Side::ALL.map(|side| luminance(style.colour(person, side)));
                assert!(left + 25.0 < centre && centre + 5.0 < right, "{person}");
            }
        }
    }

    #[test]
    fn persons_have_colours_of_their_own_until_the_palette_is_used_up() {
        let style = Style::default();
        for a in 0..PERSON_COLOURS {
            for b in 0..a {
                assert_ne!(style.colour(a, Side::Left), style.colour(b, Side::Left));
            }
        }
        assert_eq!(style.colour(0, Side::Centre), style.colour(7, Side::Centre));
    }

    #[test]
    fn options_outside_their_range_are_named() {
        let base = Style::default();
        let cases = [
            (
                Style {
                    width: 15,
                    ..base.clone()
                },
                "the option `width` is 15, expected 16 to 4096 pixels",
            ),
            (
                Style {
                    height: 4097,
                    ..base.clone()
                },
                "the option `height` is 4097, expected 16 to 4096 pixels",
            ),
            (
                Style {
                    yaw: f32::NAN,
                    ..base.clone()
                },
                "the option `yaw` is NaN, expected -360 to 360 degrees",
            ),
            (
                Style {
                    pitch: 90.5,
                    ..base.clone()
                },
                "the option `pitch` is 90.5, expected -90 to 90 degrees",
            ),
            (
                Style {
                    max_frames: 0,
                    ..base.clone()
                },
                "the option `max_frames` is 0, expected 1 to 10000",
            ),
            (
                Style {
                    up: Up::Z,
                    channels: Channels::Plane2,
                    ..base.clone()
                },
                "the option `up` is `z`, expected `y` or `minus_y`, because `plane2` has no z",
            ),
        ];
        for (style, message) in cases {
            assert_eq!(style.check().unwrap_err().to_string(), message);
        }
        assert_eq!(base.check(), Ok(()));
    }

    #[test]
    fn json_refuses_options_that_do_not_exist() {
        let error = serde_json::from_str::<Style>(r#"{"colour": "red"}"#).unwrap_err();
        assert!(
            error.to_string().contains("unknown field `colour`"),
            "{error}"
        );
    }
}
