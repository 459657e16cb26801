use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use skeleton_data::SkeletonSequence;
use skeleton_data::live::{Frame, FrameFormat, SlidingWindow, Window};

use super::{EmbedError, Embedder, Latencies, LatencySummary};

/// Embeds the windows of a stream of frames.
///
/// A window is prepared when its last frame arrives, and embedded when as many wait as the embedder's batch has: at once with a batch
/// of 1, which is the lowest latency; together with others in a larger one, which is the higher throughput. A window in
/// which the preprocessing finds nothing to work on (nobody is there) is refused, and the stream goes on.
#[derive(Debug)]
pub struct EmbedStream<'a> {
    embedder: &'a Embedder,
    windows: SlidingWindow,
    waiting: Vec<Waiting>,
    latencies: Latencies,
    summary: StreamSummary,
    begun: Option<Instant>,
}

#[derive(Debug)]
struct Waiting {
    /// The window, without its embedding yet.
    place: EmbeddedWindow,
    clip: Result<Arc<SkeletonSequence>, EmbedError>,
    arrived: Instant,
}

/// What became of a window. All numbers count from 0.
#[derive(Debug)]
pub struct EmbeddedWindow {
    /// The sequence of the stream.
    pub sequence: u64,
    /// The window of the sequence.
    pub number: u64,
    /// Its first frame in the sequence.
    pub first: u64,
    /// Its last frame in the sequence.
    pub last: u64,
    /// When these were taken, in seconds, where frames say it.
    pub times: Option<(f64, f64)>,
    /// Its embedding, or why it has none.
    pub outcome: Result<Vec<f32>, EmbedError>,
}

impl EmbeddedWindow {
    /// A name for it, `SEQUENCE:FIRST-LAST`.
    pub fn name(&self) -> String {
        format!("{}:{}-{}", self.sequence, self.first, self.last)
    }

    /// The header, with its line end, above lines of [`csv_line`](Self::csv_line): of `dim` features, with times where frames
    /// have them.
    pub fn csv_header(dim: usize, timed: bool) -> String {
        let times = match timed {
            true => ",first_time,last_time",
            false => "",
        };
        let features: String = (0..dim).map(|feature| format!(",f{feature}")).collect();
        format!("sequence,window,first_frame,last_frame{times}{features}\n")
    }

    /// The window with the embedding `row` as a line of CSV, with its line end.
    pub fn csv_line(&self, row: &[f32]) -> String {
        let (sequence, number) = (self.sequence, self.number);
        let mut line = format!("{sequence},{number},{},{}", self.first, self.last);
        if let Some((first, last)) = self.times {
            line.push_str(&format!(",{first},{last}"));
        }
        line.extend(row.iter().map(|value| format!(",{value}")));
        line.push('\n');
        line
    }

    /// The window with the embedding `row` as a line of JSON, with its line end.
    pub fn json_line(&self, row: &[f32]) -> String {
        let mut line = serde_json::json!({
            "sequence": self.sequence,
            "window": self.number,
            "first_frame": self.first,
            "last_frame": self.last,
            "embedding": row,
        });
        if let Some((first, last)) = self.times {
            line["first_time"] = first.into();
            line["last_time"] = last.into();
        }
        format!("{line}\n")
    }
}

/// What became of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamSummary {
    /// Frames.
    pub frames: u64,
    /// Lines that were no frames.
    pub bad_frames: u64,
    /// Sequences with at least a frame.
    pub sequences: u64,
    /// Windows that were embedded.
    pub windows: u64,
    /// Windows that could not be.
    pub refused: u64,
    /// Frames at the ends of sequences that are in no window.
    pub uncovered: u64,
    /// From the arrival of a window's last frame to its embedding.
    pub latency: Option<LatencySummary>,
    /// From the first frame's arrival to now.
    pub elapsed: Duration,
    /// Time spent on cutting, preparing and embedding windows.
    pub busy: Duration,
}

impl<'a> EmbedStream<'a> {
    /// Windows of `window` frames of this format, one every `stride` frames.
    pub fn new(embedder: &'a Embedder, format: FrameFormat, window: usize, stride: usize) -> Self {
        Self {
            embedder,
            windows: SlidingWindow::new(format, window, stride),
            waiting: Vec::with_capacity(embedder.batch()),
            latencies: Latencies::default(),
            summary: StreamSummary::default(),
            begun: None,
        }
    }

    /// Takes a frame that arrived at `arrived`; the windows that are embedded now, in their order.
    ///
    /// # Panics
    /// When the frame is of another format.
    pub fn push(&mut self, frame: Frame, arrived: Instant) -> Vec<EmbeddedWindow> {
        self.begun.get_or_insert(arrived);
        self.begin_sequence();
        self.summary.frames += 1;
        let started = Instant::now();
        let window = self.windows.push(frame);
        let done = self.queue(window, arrived);
        self.summary.busy += started.elapsed();
        done
    }

    /// Counts a frame that could not be read; those behind it keep their numbers.
    pub fn skip(&mut self) {
        self.begun.get_or_insert_with(Instant::now);
        self.begin_sequence();
        self.summary.bad_frames += 1;
        self.windows.skip();
    }

    /// Ends a sequence, which may be followed by another: embeds what waits. With `rest`, frames at the end that are in no
    /// window make one more, as [`SlidingWindow::finish`] says.
    pub fn finish(&mut self, rest: bool) -> Vec<EmbeddedWindow> {
        let started = Instant::now();
        let uncovered = self.windows.uncovered() as u64;
        let window = self.windows.finish().filter(|_| rest);
        if window.is_none() {
            self.summary.uncovered += uncovered;
        }
        let mut done = self.queue(window, started);
        done.extend(self.flush());
        self.summary.busy += started.elapsed();
        done
    }

    /// What became of the stream so far.
    pub fn summary(&self) -> StreamSummary {
        StreamSummary {
            latency: self.latencies.summary(),
            elapsed: self.begun.map_or(Duration::ZERO, |begun| begun.elapsed()),
            ..self.summary.clone()
        }
    }

    fn begin_sequence(&mut self) {
        self.summary.sequences += u64::from(self.windows.is_at_start());
    }

    fn queue(&mut self, window: Option<Window>, arrived: Instant) -> Vec<EmbeddedWindow> {
        if let Some(window) = window {
            self.waiting.push(Waiting {
                place: EmbeddedWindow {
                    sequence: window.sequence,
                    number: window.number,
                    first: window.first,
                    last: window.last,
                    times: window.times,
                    outcome: Ok(Vec::new()),
                },
                clip: self.embedder.prepare(window.clip),
                arrived,
            });
        }
        match self.waiting.len() >= self.embedder.batch() {
            true => self.flush(),
            false => Vec::new(),
        }
    }

    fn flush(&mut self) -> Vec<EmbeddedWindow> {
        let clips = self.waiting.iter().filter_map(|one| one.clip.as_ref().ok());
        let clips: Vec<_> = clips.cloned().collect();
        let mut embedded = self.embedder.embed(&clips).into_iter();
        let mut done = Vec::with_capacity(self.waiting.len());
        for Waiting {
            place,
            clip,
            arrived,
        } in self.waiting.drain(..)
        {
            let outcome = match clip {
                // There is one for each clip, in order.
                Ok(_) => embedded.next().unwrap_or(place.outcome),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(_) => {
                    self.summary.windows += 1;
                    self.latencies.push(arrived.elapsed());
                }
                Err(_) => self.summary.refused += 1,
            }
            done.push(EmbeddedWindow { outcome, ..place });
        }
        done
    }
}

impl fmt::Display for StreamSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "frames: {} in {} sequence{}; windows: {} embedded, {} refused",
            self.frames,
            self.sequences,
            if self.sequences == 1 { "" } else { "s" },
            self.windows,
            self.refused
        )?;
        if self.bad_frames > 0 {
            write!(f, "; bad lines passed over: {}", self.bad_frames)?;
        }
        if self.uncovered > 0 {
            write!(f, "; frames at the ends in no window: {}", self.uncovered)?;
        }
        let Some(latency) = &self.latency else {
            return Ok(());
        };
        let [elapsed, busy] = [self.elapsed, self.busy].map(|time| time.as_secs_f64().max(1e-9));
        write!(
            f,
            "\nlatency of a window: {latency}\nthroughput: {:.1} windows/s while busy, which was {:.0} % of {elapsed:.2} s",
            self.windows as f64 / busy,
            100.0 * busy / elapsed.max(busy)
        )
    }
}
