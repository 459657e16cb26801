//! Frames as a looping GIF.

use std::borrow::Cow;
use std::collections::HashMap;

use gif::{DisposalMethod, Encoder, Frame, Repeat};
use tiny_skia::Pixmap;

use super::scene::{Scene, Timing};
use super::style::{Colour, PERSON_COLOURS, Side};
use super::{RenderError, raster};

/// Frames a second beyond which viewers show a GIF slower than it says.
const FASTEST: f64 = 50.0;
/// Shades between a colour and the background, for smooth edges: 7 persons with 3 sides, the ground and writing make
/// 23 * 8 + 1 entries at most.
const SHADES: u8 = 8;

/// All frames, or as many as the style allows, at `fps` frames a second.
pub(super) fn gif(scene: &Scene, fps: f64) -> Result<Vec<u8>, RenderError> {
    let shown = Timing::new(scene.frames(), fps, scene.style, FASTEST)?.shown();
    scene.check_size(shown.len())?;
    // Sizes are at most 4096.
    let (width, height) = (scene.style.width as u16, scene.style.height as u16);
    let mut palette = Palette::of(scene);
    let mut encoder = Encoder::new(Vec::new(), width, height, &palette.bytes()).map_err(refused)?;
    encoder.set_repeat(Repeat::Infinite).map_err(refused)?;
    for (frame, from, until) in shown {
        let indices = palette.indices(&raster::paint(scene, frame)?);
        let frame = Frame {
            width,
            height,
            delay: delay(from, until),
            dispose: DisposalMethod::Keep,
            buffer: Cow::Owned(indices),
            ..Frame::default()
        };
        encoder.write_frame(&frame).map_err(refused)?;
    }
    encoder.into_inner().map_err(|error| RenderError::Encode {
        format: "GIF",
        message: error.to_string(),
    })
}

fn refused(error: gif::EncodingError) -> RenderError {
    RenderError::Encode {
        format: "GIF",
        message: error.to_string(),
    }
}

/// Hundredths of a second between two times. Both are rounded, not their distance, so that errors do not add up. Not below
/// 2, which viewers take for 10 (a last frame may be short), nor above the 655 seconds that a GIF can say.
fn delay(from: f64, until: f64) -> u16 {
    let hundredths = |seconds: f64| (seconds * 100.0).round();
    (hundredths(until) - hundredths(from)).max(2.0) as u16
}

/// The colours of all frames. A pixel has the nearest one; there is no dithering, which would flicker.
#[derive(Debug)]
struct Palette {
    colours: Vec<Colour>,
    nearest: HashMap<Colour, u8>,
}

impl Palette {
    fn of(scene: &Scene) -> Self {
        let style = scene.style;
        let backdrop = style.backdrop();
        let persons = scene.sequence.shape().persons.min(PERSON_COLOURS);
        let bodies = (0..persons)
            .flat_map(|person| Side::ALL.map(|side| style.colour(person, side)))
            .collect::<Vec<_>>();
        let mut colours = vec![backdrop];
        for colour in [style.ground_colour(), style.label_colour()]
            .into_iter()
            .chain(bodies)
        {
            let shade = |step: u8| backdrop.mix(colour, f32::from(step) / f32::from(SHADES));
            colours.extend((1..=SHADES).map(shade));
        }
        Self {
            colours,
            nearest: HashMap::new(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let rgb = self
            .colours
            .iter()
            .flat_map(|colour| [colour.0, colour.1, colour.2]);
        rgb.collect()
    }

    fn indices(&mut self, picture: &Pixmap) -> Vec<u8> {
        let pixels = picture.pixels().iter();
        pixels
            .map(|pixel| self.index(Colour(pixel.red(), pixel.green(), pixel.blue())))
            .collect()
    }

    fn index(&mut self, colour: Colour) -> u8 {
        let colours = &self.colours;
        *self.nearest.entry(colour).or_insert_with(|| {
            let nearest = (0..colours.len()).min_by_key(|&at| distance(colours[at], colour));
            // There are fewer than 256 colours.
            nearest.unwrap_or(0) as u8
        })
    }
}

fn distance(a: Colour, b: Colour) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}
