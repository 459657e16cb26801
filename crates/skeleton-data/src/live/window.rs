//! Windows of the last frames.

use std::collections::VecDeque;

use super::{Frame, FrameFormat};
use crate::{ClipShape, Meta, SkeletonSequence};

/// Windows of `frames` frames, a new one every `stride` frames.
///
/// The first is full with frame `frames - 1`. With a stride above the length of a window frames are left out between windows. Not
/// more than a window is held.
///
/// ```
/// use skeleton_data::live::{FrameFormat, SlidingWindow};
///
/// let format = FrameFormat { persons: 1, joints: 1, channels: 2, timed: false };
/// let mut window = SlidingWindow::new(format, 3, 2);
/// for number in 0..6 {
///     let full = window.push(format.parse(format!("{number} 1").as_bytes())?);
///     assert_eq!(full.map(|window| (window.first, window.last)), match number {
///         2 => Some((0, 2)),
///         4 => Some((2, 4)),
///         _ => None,
///     });
/// }
/// // Frame 5 is in no window yet: the last three frames are.
/// let last = window.finish().expect("a window");
/// assert_eq!((last.first, last.last), (3, 5));
/// # Ok::<(), skeleton_data::live::FrameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SlidingWindow {
    format: FrameFormat,
    window: usize,
    stride: usize,
    held: VecDeque<(u64, Frame)>,
    /// Frames of this sequence so far, bad ones included.
    received: u64,
    /// Frames until the next window is full.
    until_next: usize,
    /// Good frames since the last window, without those that the stride leaves out.
    uncovered: usize,
    windows: u64,
    sequence: u64,
}

/// A window of a stream. All numbers count from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The sequence of the stream.
    pub sequence: u64,
    /// The window of the sequence.
    pub number: u64,
    /// Its first frame in the sequence.
    pub first: u64,
    /// Its last frame in the sequence.
    pub last: u64,
    /// When its first and last frame were taken, in seconds, where frames say it.
    pub times: Option<(f64, f64)>,
    /// Its frames; their source is named `SEQUENCE:FIRST-LAST`.
    pub clip: SkeletonSequence,
}

impl SlidingWindow {
    /// Windows of `window` frames every `stride` frames; 0 counts as 1 in both.
    pub fn new(format: FrameFormat, window: usize, stride: usize) -> Self {
        let window = window.max(1);
        Self {
            format,
            window,
            stride: stride.max(1),
            held: VecDeque::new(),
            received: 0,
            until_next: window,
            uncovered: 0,
            windows: 0,
            sequence: 0,
        }
    }

    /// Takes the next frame; the window that is full with it.
    ///
    /// # Panics
    /// When `frame` is not of the format that the windows were made for.
    pub fn push(&mut self, frame: Frame) -> Option<Window> {
        assert_eq!(
            (frame.values.len(), frame.present.len()),
            (self.format.len(), self.format.persons),
            "a frame of another format"
        );
        if self.held.len() == self.window {
            self.held.pop_front();
        }
        self.held.push_back((self.received, frame));
        self.received += 1;
        self.until_next -= 1;
        self.uncovered += usize::from(self.until_next < self.window);
        if self.until_next > 0 {
            return None;
        }
        self.until_next = self.stride;
        self.uncovered = 0;
        self.window()
    }

    /// Counts a frame that could not be read: those behind it keep their numbers, and windows go on without it.
    pub fn skip(&mut self) {
        self.received += 1;
    }

    /// Whether no frame of the present sequence has come yet.
    pub fn is_at_start(&self) -> bool {
        self.received == 0
    }

    /// Frames behind the last window that are in none, those that the stride leaves out apart.
    pub fn uncovered(&self) -> usize {
        self.uncovered
    }

    /// Ends the sequence. If some of its frames are in no window, gives the last ones as one more: as many as a
    /// window has, or all where there are fewer.
    pub fn finish(&mut self) -> Option<Window> {
        let last = match self.uncovered {
            0 => None,
            _ => self.window(),
        };
        self.held.clear();
        self.sequence += u64::from(self.received > 0);
        (self.received, self.uncovered, self.windows) = (0, 0, 0);
        self.until_next = self.window;
        last
    }

    /// What is held, as a window.
    fn window(&mut self) -> Option<Window> {
        let (&(first, ref begun), &(last, ref ended)) = (self.held.front()?, self.held.back()?);
        let times = begun.time.zip(ended.time);
        let FrameFormat {
            persons,
            joints,
            channels,
            ..
        } = self.format;
        let shape = ClipShape::new(self.held.len(), persons, joints, channels);
        let mut values = Vec::with_capacity(shape.len());
        let mut validity = Vec::with_capacity(shape.frames * persons);
        for (_, frame) in &self.held {
            values.extend_from_slice(&frame.values);
            validity.extend_from_slice(&frame.present);
        }
        let meta = Meta {
            source: format!("{}:{first}-{last}", self.sequence),
            ..Meta::default()
        };
        // Frames are finite and of the format; only an extent of zero is refused.
        let clip = SkeletonSequence::new(values, shape, validity, meta).ok()?;
        let number = self.windows;
        self.windows += 1;
        Some(Window {
            sequence: self.sequence,
            number,
            first,
            last,
            times,
            clip,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: FrameFormat = FrameFormat {
        persons: 1,
        joints: 1,
        channels: 2,
        timed: true,
    };

    fn frame(number: usize) -> Frame {
        let line = format!("{}.5 {number} 1", number);
        POINT.parse(line.as_bytes()).unwrap()
    }

    fn seen(window: &Window) -> Vec<usize> {
        let frames = window.clip.frames().chunks(2);
        frames.map(|frame| frame[0] as usize).collect()
    }

    /// The frames of all windows of a sequence, and of the one that is left at its end.
    fn windows(
        frames: usize,
        window: usize,
        stride: usize,
    ) -> (Vec<Vec<usize>>, Option<Vec<usize>>) {
        let mut windows = SlidingWindow::new(POINT, window, stride);
        let full = (0..frames).filter_map(|number| windows.push(frame(number)));
        let full = full.map(|window| seen(&window)).collect();
        (full, windows.finish().map(|window| seen(&window)))
    }

    #[test]
    fn windows_are_those_of_the_definition_for_any_length_and_stride() {
        for length in 1..6 {
            for stride in 1..9 {
                for frames in 0..25 {
                    let starts = (0..frames).step_by(stride);
                    let expected: Vec<Vec<usize>> = starts
                        .filter(|start| start + length <= frames)
                        .map(|start| (start..start + length).collect())
                        .collect();
                    let (found, last) = windows(frames, length, stride);
                    assert_eq!(found, expected, "{frames} by {length} every {stride}");
                    // A frame is left where the next window begins before the end.
                    let left = expected.len() * stride < frames
                        && expected.last().is_none_or(|w| w[length - 1] + 1 < frames);
                    let tail: Vec<usize> = (frames.saturating_sub(length)..frames).collect();
                    assert_eq!(
                        last,
                        left.then_some(tail),
                        "{frames} by {length} every {stride}"
                    );
                }
            }
        }
    }

    #[test]
    fn no_more_than_a_window_is_held() {
        let mut windows = SlidingWindow::new(POINT, 4, 1_000_000);
        for number in 0..1000 {
            windows.push(frame(number));
        }
        assert_eq!(windows.held.len(), 4);
        assert!(windows.held.capacity() < 16);
    }

    #[test]
    fn windows_say_their_frames_times_and_sequence() {
        let mut windows = SlidingWindow::new(POINT, 2, 2);
        assert_eq!(windows.push(frame(0)), None);
        let first = windows.push(frame(1)).unwrap();
        assert_eq!(
            (first.sequence, first.number, first.first, first.last),
            (0, 0, 0, 1)
        );
        assert_eq!(first.times, Some((0.5, 1.5)));
        assert_eq!(first.clip.meta().source, "0:0-1");
        windows.push(frame(2));
        // A frame that could not be read.
        windows.skip();
        let second = windows.push(frame(4)).unwrap();
        assert_eq!((second.number, second.first, second.last), (1, 2, 4));
        assert_eq!(seen(&second), [2, 4]);
        assert_eq!(windows.finish(), None);
        assert_eq!(windows.finish(), None);
        windows.push(frame(0));
        assert_eq!(windows.uncovered(), 1);
        let short = windows.finish().unwrap();
        assert_eq!(
            (short.sequence, short.number, short.clip.shape().frames),
            (1, 0, 1)
        );
    }
}
