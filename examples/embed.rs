//! Embeds sequences with a saved encoder: files of any format, or a stream of frames; and looks up nearest neighbours.
//!
//!     cargo run --release --example embed -- runs/nw-ucla DATA --out clips.safetensors
//!     sensor | cargo run --release --example embed -- runs/nw-ucla --stdin --stride 5
//!     cargo run --release --example embed -- runs/nw-ucla --gallery clips.safetensors --query a01_s01_e00_v01

#[path = "common/exit.rs"]
mod exit;
#[path = "common/output.rs"]
mod output;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use output::{piped, print, unwritable};
use skeleton_ssl::embed::{
    EmbedError, EmbedStream, Embedded, EmbeddedWindow, Embedder, Embeddings, Recordings,
};
use skeleton_ssl::experiment::SavedEncoder;
use skeleton_ssl::skeleton_data::formats::{Format, OpenOptions};
use skeleton_ssl::skeleton_data::live::{FrameLines, Line};
use skeleton_ssl::{DeviceSpec, Error};

/// Most refusals that are listed one by one.
const LISTED: usize = 20;

/// Embed sequences with a saved encoder, prepared as they were for its training.
///
/// Embeddings go to --out, or as CSV to standard output; what became of the sequences is said on standard error.
#[derive(Parser, Debug)]
#[command(
    max_term_width = 120,
    after_help = "\
A stream: each line of standard input is a frame, all coordinates person by person and joint by joint with commas or blanks
between them, or a JSON list of these depths. A person who is absent is nan throughout. A blank line ends a sequence.
Lines that begin with # are comments; a first line without numbers names columns.

Examples:
  embed runs/skt-synthetic-1                             the clips that a synthetic run was made of
  embed runs/ucla DATA --out clips.safetensors           files of any format, a zip archive or a packed store
  embed runs/ucla DATA --query a01_s01_e00_v01           the clips nearest to one of them
  embed runs/ucla --gallery clips.npy --query own.json   the saved clips nearest to one of a file
  sensor | embed runs/ucla --stdin --stride 5            a window every 5 frames, in real time"
)]
struct Options {
    /// Run folder, or its encoder.safetensors.
    run: PathBuf,
    /// A folder, a zip archive, a file or a packed store; `-` for --stdin. Leave it out for the clips of a synthetic run.
    data: Option<PathBuf>,
    /// Read frames from standard input, one a line.
    #[arg(long, conflicts_with = "data")]
    stdin: bool,
    /// Where embeddings go: a file .safetensors, .npy (names beside it in NAME_names.json) or .csv.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Format of the data; recognised by its content unless given: ntu, pku-mmd, kinetics, nw-ucla, amc, bvh, pyskl,
    /// ctrgcn-npz, agcn-npy, csv, json, npy.
    #[arg(long)]
    format: Option<Format>,
    /// Keep about so many frames a second of motion capture.
    #[arg(long, value_name = "HZ")]
    frame_rate: Option<f64>,
    /// Metres that a unit of a BVH file stands for.
    #[arg(long, value_name = "METRES")]
    unit: Option<f64>,
    /// Clips that pass through the encoder together: 64, of a stream 1.
    #[arg(long, value_parser = positive)]
    batch: Option<usize>,
    /// Frames of a window of a stream; as many as the encoder's training clips had unless given.
    #[arg(long, value_name = "FRAMES", value_parser = positive)]
    window: Option<usize>,
    /// Frames from one window of a stream to the next; the length of a window unless given.
    #[arg(long, value_name = "FRAMES", value_parser = positive)]
    stride: Option<usize>,
    /// Persons in each frame of a stream; as many as the encoder reads unless given.
    #[arg(long, value_name = "M", value_parser = positive)]
    persons: Option<usize>,
    /// Each frame of a stream begins with its time in seconds.
    #[arg(long)]
    timed: bool,
    /// Embed the frames at the end of a sequence that fill no window too.
    #[arg(long)]
    flush: bool,
    /// Pass over lines of a stream that are no frames, and count them, instead of ending there.
    #[arg(long)]
    skip_bad: bool,
    /// Write the windows of a stream as lines of JSON instead of CSV.
    #[arg(long, conflicts_with = "out")]
    jsonl: bool,
    /// Print the clips nearest to this one: the name of a clip, or a file with one.
    #[arg(long, value_name = "NAME_OR_FILE", conflicts_with = "stdin")]
    query: Option<String>,
    /// How many of them.
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = positive)]
    neighbours: usize,
    /// Look among these embeddings, a file of --out, instead of those of the data, which may then be left out.
    #[arg(long, value_name = "FILE", requires = "query")]
    gallery: Option<PathBuf>,
    /// Device: BACKEND or BACKEND:INDEX, such as flex, vulkan or cuda:1; as far as compiled in.
    #[arg(long, default_value_t = DeviceSpec::default())]
    device: DeviceSpec,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("expected a whole number above 0".to_owned()),
    }
}

impl Options {
    fn open(&self, embedder: &Embedder, path: &Path) -> Result<Recordings, Error> {
        let options = OpenOptions {
            frame_rate: self.frame_rate,
            metres_per_unit: self.unit,
            ..OpenOptions::default()
        };
        embedder.open(path, self.format, options)
    }

    fn is_stream(&self) -> bool {
        self.stdin || self.data.as_deref() == Some(Path::new("-"))
    }
}

fn run(options: &Options) -> Result<(), Error> {
    // Before the work, not after it.
    if let Some(out) = &options.out {
        Embeddings::check_path(out)?;
    }
    let device = options.device.device()?;
    let saved = SavedEncoder::load(&options.run, &device)?;
    let batch = options.batch.unwrap_or(match options.is_stream() {
        true => 1,
        false => 64,
    });
    let embedder = Embedder::new(&saved, &device).with_batch(batch);
    eprintln!("{}: {}", options.run.display(), embedder.note());
    if options.is_stream() {
        return stream(options, &embedder);
    }
    let saved_gallery = options.gallery.as_deref().map(Embeddings::read);
    let saved_gallery = saved_gallery.transpose()?;
    let embedded = match (&options.data, &saved_gallery) {
        (None, Some(_)) => None,
        (None, None) => Some(embed(&embedder, &own_clips(&saved)?)?),
        (Some(path), _) => Some(embed(&embedder, &options.open(&embedder, path)?)?),
    };
    if let (Some(out), Some(embeddings)) = (&options.out, &embedded) {
        embeddings.write(out)?;
        eprintln!(
            "{} embeddings of width {}: {}",
            embeddings.len(),
            embeddings.dim(),
            out.display()
        );
    }
    match (&options.query, &embedded) {
        (Some(query), _) => {
            let among = saved_gallery.as_ref().or(embedded.as_ref());
            let named = embedded.as_ref().or(saved_gallery.as_ref());
            match among.zip(named) {
                Some((gallery, named)) => neighbours(options, &embedder, gallery, named, query),
                None => Ok(()),
            }
        }
        (None, Some(embeddings)) if options.out.is_none() => {
            let bytes = embeddings.to_csv().map_err(unwritable)?;
            piped(io::stdout().write_all(&bytes))
        }
        (None, _) => Ok(()),
    }
}

/// The clips that a synthetic run generated for itself.
fn own_clips(saved: &SavedEncoder) -> Result<Recordings, Error> {
    let data = &saved.experiment.data;
    let Some(figures) = &data.synthetic else {
        return Err(Error::Source(format!(
            "the run was trained on {}: name the data to embed, or --stdin",
            data.format
        )));
    };
    Ok(Recordings::of_sequences(
        "the run's synthetic clips",
        figures.layout.clone(),
        figures.class_names(),
        figures.generate()?,
    ))
}

/// Embeds everything, and says what became of it.
fn embed(embedder: &Embedder, recordings: &Recordings) -> Result<Embeddings, Error> {
    let started = Instant::now();
    let Embedded {
        embeddings,
        refused,
    } = embedder.embed_recordings(recordings, |_| {})?;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!(
        "{} ({}): {} clips embedded in {seconds:.2} s, {:.0} clips/s with reading; {} left out on purpose, {} refused",
        recordings.path().display(),
        recordings.format(),
        embeddings.len(),
        embeddings.len() as f64 / seconds.max(1e-9),
        recordings.skipped().len(),
        refused.len(),
    );
    for error in refused.iter().take(LISTED) {
        eprintln!("  refused: {error}");
    }
    if refused.len() > LISTED {
        eprintln!("  and {} more", refused.len() - LISTED);
    }
    Ok(embeddings)
}

/// Prints the nearest neighbours in the gallery of a clip called `query` among `named`, which may be the gallery, or of each
/// clip of a file.
fn neighbours(
    options: &Options,
    embedder: &Embedder,
    gallery: &Embeddings,
    named: &Embeddings,
    query: &str,
) -> Result<(), Error> {
    let (queries, own) = match named.find(query) {
        Ok(index) => {
            let mut one = Embeddings::new(named.dim(), named.encoder().cloned());
            let label = named.labels()[index].clone();
            one.push(query.to_owned(), label, named.row(index));
            (one, std::ptr::eq(gallery, named).then_some(index))
        }
        Err(EmbedError::UnknownName { .. }) if Path::new(query).exists() => {
            let recordings = options.open(embedder, Path::new(query))?;
            (embed(embedder, &recordings)?, None)
        }
        Err(error) => return Err(error.into()),
    };
    gallery.check_comparable(&queries)?;
    let class = |label: &Option<String>| label.clone().unwrap_or_else(|| "-".to_owned());
    for index in 0..queries.len() {
        let found = gallery.nearest(
            queries.row(index),
            options.neighbours,
            own,
            embedder.device(),
        )?;
        let label = class(&queries.labels()[index]);
        let mut lines = format!("{} ({label})\n", queries.names()[index]);
        for (rank, neighbour) in found.iter().enumerate() {
            lines.push_str(&format!(
                "{:>4}  cosine {:.6}  {}  {}\n",
                rank + 1,
                neighbour.cosine,
                gallery.names()[neighbour.index],
                class(&gallery.labels()[neighbour.index]),
            ));
        }
        print(lines.trim_end())?;
    }
    Ok(())
}

/// Embeds the windows of the frames on standard input as they come.
fn stream(options: &Options, embedder: &Embedder) -> Result<(), Error> {
    let window = match options.window {
        Some(window) => window,
        None => embedder.window()?,
    };
    let stride = options.stride.unwrap_or(window);
    let persons = options.persons.unwrap_or(embedder.input().persons);
    let format = embedder.frame_format(persons, options.timed);
    embedder.warm_up(window);
    eprintln!(
        "windows of {window} frames every {stride}, {} in a batch; a frame is {} numbers",
        embedder.batch(),
        format.numbers(),
    );
    let mut stream = EmbedStream::new(embedder, format, window, stride);
    let mut sink = Sink::new(options, embedder);
    let mut lines = FrameLines::new(io::stdin().lock(), format);
    let outcome: Result<(), Error> = loop {
        let done = match lines.next() {
            Some(Ok(Line::Frame(frame))) => stream.push(frame, Instant::now()),
            Some(Ok(Line::End)) => stream.finish(options.flush),
            Some(Err(error)) if options.skip_bad && !error.ends_the_reading() => {
                sink.note(&error);
                stream.skip();
                continue;
            }
            Some(Err(error)) => break Err(EmbedError::Line(error).into()),
            None => break Ok(()),
        };
        if !sink.take(done)? {
            return Ok(());
        }
    };
    // What came before a bad line is not lost.
    if !sink.take(stream.finish(options.flush && outcome.is_ok()))? {
        return Ok(());
    }
    let summary = stream.summary();
    eprintln!("{summary}");
    sink.finish()?;
    outcome?;
    if summary.windows > 0 {
        return Ok(());
    }
    let reason = match summary.refused {
        0 => format!(": it has {} frames, a window {window}", summary.frames),
        refused => format!(": all {refused} windows were refused"),
    };
    Err(EmbedError::Empty {
        place: "standard input".to_owned(),
        reason,
    }
    .into())
}

/// Where the windows of a stream go.
struct Sink<'a> {
    options: &'a Options,
    embeddings: Embeddings,
    header: bool,
    noted: usize,
}

impl<'a> Sink<'a> {
    fn new(options: &'a Options, embedder: &Embedder) -> Self {
        Self {
            options,
            embeddings: Embeddings::new(embedder.dim(), Some(embedder.note().clone())),
            header: !options.jsonl,
            noted: 0,
        }
    }

    /// Says why something is left out, the first times.
    fn note(&mut self, error: &dyn std::error::Error) {
        self.noted += 1;
        match self.noted {
            ..=LISTED => eprintln!("passed over: {error}"),
            number if number == LISTED + 1 => {
                eprintln!("passed over: more, which are only counted")
            }
            _ => {}
        }
    }

    /// Writes windows; whether there is still a reader.
    fn take(&mut self, windows: Vec<EmbeddedWindow>) -> Result<bool, Error> {
        let mut text = String::new();
        for window in windows {
            let row = match &window.outcome {
                Ok(row) => row,
                Err(error) => {
                    self.note(error);
                    continue;
                }
            };
            if self.options.out.is_some() {
                self.embeddings.push(window.name(), None, row);
                continue;
            }
            if std::mem::take(&mut self.header) {
                text.push_str(&EmbeddedWindow::csv_header(row.len(), self.options.timed));
            }
            text.push_str(&match self.options.jsonl {
                true => window.json_line(row),
                false => window.csv_line(row),
            });
        }
        if text.is_empty() {
            return Ok(true);
        }
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true).map_err(unwritable),
        }
    }

    fn finish(self) -> Result<(), Error> {
        match &self.options.out {
            Some(out) if !self.embeddings.is_empty() => {
                self.embeddings.write(out)?;
                eprintln!("{} embeddings: {}", self.embeddings.len(), out.display());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn main() {
    exit::exit(run(&Options::parse()))
}
