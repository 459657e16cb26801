use burn::tensor::{Device, Tensor, TensorData};

/// By how much a span may fall short of a whole number of frames and still reach it: the speeds are decimal fractions.
const ROUNDING: f64 = 1e-9;
/// How near to a frame of the clip a time is that frame, in frames.
const SAME: f64 = 1e-6;

/// At which normal-speed frames a batch of clips at other speeds has frames, and where it has none.
///
/// A clip of `L` frames at speed `s` spans the dense frames `0..=(L - 1) s`, of which it shows those that are multiples
/// of `s`. At a speed of at most 1 it shows all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseTimes {
    length: usize,
    paces: Vec<f64>,
}

impl DenseTimes {
    /// The times of clips of `length` frames, sample `n` at the speed `paces[n]`.
    ///
    /// # Panics
    /// Without frames or samples, and for a speed that is not finite or not above 0.
    pub fn new(length: usize, paces: &[f64]) -> Self {
        assert!(
            length > 0 && !paces.is_empty(),
            "{length} frames at {} speeds",
            paces.len()
        );
        for pace in paces {
            assert!(pace.is_finite() && *pace > 0.0, "a speed of {pace}");
        }
        Self {
            length,
            paces: paces.to_vec(),
        }
    }

    /// Number of samples `N`.
    pub fn samples(&self) -> usize {
        self.paces.len()
    }

    /// Dense frames `T` of the longest span in the batch.
    pub fn frames(&self) -> usize {
        let spans = (0..self.samples()).map(|sample| self.span(sample));
        spans.max().unwrap_or(0)
    }

    /// Whether all samples span all [`frames`](Self::frames).
    pub fn all_valid(&self) -> bool {
        let frames = self.frames();
        (0..self.samples()).all(|sample| self.span(sample) == frames)
    }

    /// 1 at the dense frames of each sample's span, 0 at the padding after it: `[N, T]`.
    pub fn valid(&self, device: &Device) -> Tensor<2> {
        self.mask(device, |_, _| true)
    }

    /// 1 at the dense frames of each sample's span that its clip does not show: `[N, T]`.
    pub fn missing(&self, device: &Device) -> Tensor<2> {
        self.mask(device, |sample, frame| !self.known(sample, frame))
    }

    /// The weights that bring a feature map of `map_frames` frames `T'` to the dense times by linear interpolation:
    /// `[N, T, T']`, with rows of zeros after a sample's span.
    ///
    /// An encoder that turns `L` frames into `T'` is taken to have the stride `ceil(L / T')` (inferred; the least
    /// that can be), and its output `j` to stand at frame `j` times the stride of its input, where the middle of its
    /// convolutions is. Dense frame `t` is frame `t / s` of the clip. Beyond the last output its value holds.
    pub fn interpolation(&self, map_frames: usize, device: &Device) -> Tensor<3> {
        let frames = self.frames();
        let stride = self.length.div_ceil(map_frames) as f64;
        let mut weights = vec![0.0; self.samples() * frames * map_frames];
        for (row, weights) in weights.chunks_exact_mut(map_frames).enumerate() {
            let (sample, frame) = (row / frames, row % frames);
            if frame >= self.span(sample) {
                continue;
            }
            let place = frame as f64 / (self.paces[sample] * stride);
            let place = place.min((map_frames - 1) as f64);
            let before = place.floor() as usize;
            let part = (place - before as f64) as f32;
            weights[before] = 1.0 - part;
            if part > 0.0 {
                weights[before + 1] = part;
            }
        }
        let shape = [self.samples(), frames, map_frames];
        Tensor::from_data(TensorData::new(weights, shape), device)
    }

    /// Dense frames that `sample` spans.
    fn span(&self, sample: usize) -> usize {
        ((self.length - 1) as f64 * self.paces[sample] + ROUNDING).floor() as usize + 1
    }

    fn known(&self, sample: usize, frame: usize) -> bool {
        let pace = self.paces[sample];
        let place = frame as f64 / pace;
        pace <= 1.0 || (place - place.round()).abs() < SAME
    }

    fn mask(&self, device: &Device, keep: impl Fn(usize, usize) -> bool) -> Tensor<2> {
        let frames = self.frames();
        let values: Vec<f32> = (0..self.samples() * frames)
            .map(|i| (i / frames, i % frames))
            .map(|(sample, frame)| frame < self.span(sample) && keep(sample, frame))
            .map(f32::from)
            .collect();
        Tensor::from_data(TensorData::new(values, [self.samples(), frames]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::host;

    fn ones(mask: Tensor<2>) -> Vec<Vec<usize>> {
        let [_, frames] = mask.dims();
        let rows = host(mask);
        let rows = rows.chunks_exact(frames);
        rows.map(|row| (0..frames).filter(|&t| row[t] == 1.0).collect())
            .collect()
    }

    #[test]
    fn a_clip_knows_every_frame_of_its_speed_and_misses_those_between() {
        let device = Device::flex();
        let times = DenseTimes::new(4, &[2.0, 1.0, 0.5, 0.75, 1.5, 3.0]);
        assert_eq!(times.frames(), 10);
        assert!(!times.all_valid());
        let upto = |last: usize| (0..=last).collect::<Vec<_>>();
        assert_eq!(
            ones(times.valid(&device)),
            [upto(6), upto(3), upto(1), upto(2), upto(4), upto(9)]
        );
        assert_eq!(
            ones(times.missing(&device)),
            [
                vec![1, 3, 5],
                vec![],
                vec![],
                vec![],
                vec![1, 2, 4],
                vec![1, 2, 4, 5, 7, 8]
            ]
        );
    }

    #[test]
    fn speeds_that_are_no_binary_fractions_keep_their_last_frame() {
        // 0.1 * 30 and 10 * 0.3 are not 3 in floating point.
        for (length, pace) in [(31, 0.1), (11, 0.3), (11, 1.1)] {
            let times = DenseTimes::new(length, &[pace]);
            let expected = ((length - 1) as f64 * pace).round() as usize + 1;
            assert_eq!(times.frames(), expected, "{length} at {pace}");
            assert!(times.known(0, expected - 1), "{length} at {pace}");
        }
    }

    #[test]
    fn a_map_that_rises_with_time_is_interpolated_to_the_time_itself() {
        // The output of stride 2 stands at frames 0, 2, 4, 6 of 7, or of 8 with nothing at the last.
        let device = Device::flex();
        for (length, map_frames, stride) in [(7, 4, 2.0), (8, 4, 2.0), (7, 7, 1.0), (50, 13, 4.0)] {
            let times = DenseTimes::new(length, &[3.0, 2.0]);
            let map: Vec<f32> = (0..map_frames).map(|j| j as f32 * stride).collect();
            let map = Tensor::<3>::from_data(TensorData::new(map, [1, map_frames, 1]), &device);
            let weights = times.interpolation(map_frames, &device);
            let dense = host(weights.matmul(map));
            for (i, value) in dense.iter().enumerate() {
                let (sample, frame) = (i / times.frames(), i % times.frames());
                let expected = match frame < times.span(sample) {
                    true => (frame as f32 / times.paces[sample] as f32)
                        .min((map_frames - 1) as f32 * stride),
                    false => 0.0,
                };
                assert!((value - expected).abs() < 1e-4, "{value} for {expected}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "a speed of 0")]
    fn a_speed_of_zero_is_no_speed() {
        DenseTimes::new(4, &[1.0, 0.0]);
    }
}
