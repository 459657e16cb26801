//! `render`: a sequence as a picture.

use std::path::PathBuf;

use clap::Args;
use skeleton_data::render::{self, Background, Channels, Style, Up};
use skeleton_data::store::Store;
use skeleton_data::{Layout, SkeletonSequence};

use crate::Failure;
use crate::input::{Input, is_store};

/// Arguments of `render`.
#[derive(Debug, Args)]
pub(crate) struct Render {
    #[command(flatten)]
    input: Input,
    /// The picture: .png (a film strip), .gif or .svg (moving).
    #[arg(long, short)]
    out: PathBuf,
    /// Which recording: its number from 0, or its name.
    #[arg(long, default_value = "0")]
    clip: String,
    /// One frame, counted from 0, instead of a film strip (PNG).
    #[arg(long)]
    frame: Option<usize>,
    /// Frames of a film strip.
    #[arg(long, default_value_t = 6)]
    strip: usize,
    /// Frames a second of a moving picture.
    #[arg(long, default_value_t = 30.0)]
    fps: f64,
    /// Width in pixels.
    #[arg(long)]
    width: Option<u32>,
    /// Height in pixels.
    #[arg(long)]
    height: Option<u32>,
    /// Degrees that the camera is turned about the vertical.
    #[arg(long, allow_negative_numbers = true)]
    yaw: Option<f32>,
    /// Degrees that the camera looks down.
    #[arg(long, allow_negative_numbers = true)]
    pitch: Option<f32>,
    /// The axis that points up: y for sensors, z for motion capture and the view-invariant transform, -y for images.
    #[arg(long, value_parser = up, allow_hyphen_values = true)]
    up: Option<Up>,
    /// Take the first two channels only, as positions in an image.
    #[arg(long)]
    plane: bool,
    /// Light figures on a dark ground.
    #[arg(long)]
    dark: bool,
    /// Write the number of every frame.
    #[arg(long)]
    labels: bool,
}

fn up(name: &str) -> Result<Up, String> {
    match name {
        "y" => Ok(Up::Y),
        "z" => Ok(Up::Z),
        "-y" => Ok(Up::MinusY),
        _ => Err("expected y, z or -y".into()),
    }
}

impl Render {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (sequence, layout) = self.sequence()?;
        let mut style = Style::default();
        set(&mut style.width, self.width);
        set(&mut style.height, self.height);
        set(&mut style.yaw, self.yaw);
        set(&mut style.pitch, self.pitch);
        set(&mut style.up, self.up);
        style.labels = self.labels;
        if self.dark {
            style.background = Background::Dark;
        }
        if self.plane {
            style.channels = Channels::Plane2;
        }
        let extension = self
            .out
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let picture = match (extension.as_str(), self.frame) {
            ("png", Some(frame)) => render::frame_png(&sequence, &layout, frame, &style)?,
            ("png", None) => render::film_strip_png(&sequence, &layout, self.strip, &style)?,
            ("gif", _) => render::gif(&sequence, &layout, self.fps, &style)?,
            ("svg", _) => render::svg(&sequence, &layout, self.fps, &style)?.into_bytes(),
            _ => {
                return Err(format!(
                    "{}: expected a name that ends in .png, .gif or .svg",
                    self.out.display()
                )
                .into());
            }
        };
        skeleton_data::write_atomically(&self.out, &[&picture])
            .map_err(|error| format!("{}: {error}", self.out.display()))?;
        say!(
            "{}: {} with {} frames, {} bytes",
            self.out.display(),
            sequence.meta().source,
            sequence.shape().frames,
            picture.len()
        );
        Ok(())
    }

    /// The recording asked for, from a store or as it is read.
    fn sequence(&self) -> Result<(SkeletonSequence, Layout), Failure> {
        let number: Option<usize> = self.clip.parse().ok();
        let none = |count: usize| -> Failure {
            format!("there is no recording `{}` among the {count}", self.clip).into()
        };
        if is_store(&self.input.input) {
            let store = Store::open(&self.input.input)?;
            let clip = match number {
                Some(number) => Some(number).filter(|&number| number < store.len()),
                None => find(
                    store.len(),
                    |clip| Ok(store.meta(clip)?.source == self.clip),
                )?,
            };
            let clip = clip.ok_or_else(|| none(store.len()))?;
            return Ok((store.sequence(clip)?, store.layout().clone()));
        }
        let source = self.input.open()?;
        let mut left = number;
        // Without a number, the files whose path has the name in it come first: reading all may take long.
        let mut items: Vec<usize> = (0..source.len()).collect();
        if number.is_none() {
            items.sort_by_key(|&item| !source.path(item).to_string_lossy().contains(&self.clip));
        }
        for item in items {
            for read in source.read(item) {
                match (read, &mut left) {
                    (Ok(recording), None) if recording.sequence.meta().source != self.clip => {}
                    (Ok(recording), None | Some(0)) => {
                        return Ok((recording.sequence, source.layout().clone()));
                    }
                    (Err(error), Some(0)) => return Err(error.into()),
                    (_, Some(left)) => *left -= 1,
                    (Err(_), None) => {}
                }
            }
        }
        Err(none(source.len()))
    }
}

/// The first number below `count` for which `wanted` holds.
fn find(
    count: usize,
    mut wanted: impl FnMut(usize) -> Result<bool, Failure>,
) -> Result<Option<usize>, Failure> {
    for number in 0..count {
        if wanted(number)? {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Overrides a field where the option was given.
fn set<T>(field: &mut T, option: Option<T>) {
    if let Some(value) = option {
        *field = value;
    }
}
