use std::fmt;
use std::str::FromStr;

use burn::tensor::{Int, Tensor};
use serde::{Deserialize, Serialize};

use crate::kernels::{beside, mean_pool};

/// How the outputs of a recurrent encoder become the features of a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readout {
    /// The mean over valid frames (CRRL's temporal average pooling; `papers.md` 4.4, confirmed in its code).
    #[default]
    Mean,
    /// Each direction's last step: the forward half at the last valid frame, the backward half at the first.
    ///
    /// The released ISC and CMD take the last time step, but run the network on one frame at a time and carry the
    /// states on: their backward direction reads the frames forwards and never sees the future
    /// (`papers.md` 5.5, confirmed in their code). Here it runs backwards, and each half has seen the whole sequence.
    Last,
}

/// A text that names no [`Readout`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown readout `{given}`: expected mean or last")]
pub struct UnknownReadout {
    /// The text as given.
    pub given: String,
}

impl fmt::Display for Readout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::Last => "last",
        })
    }
}

impl FromStr for Readout {
    type Err = UnknownReadout;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "mean" => Ok(Self::Mean),
            "last" => Ok(Self::Last),
            _ => Err(UnknownReadout {
                given: text.to_owned(),
            }),
        }
    }
}

impl Readout {
    /// Features of sequences from the outputs of a bidirectional layer, `[N, T, 2 H]`, the forward half first and
    /// zero at padding: `[N, 2 H]`.
    pub(super) fn read(self, outputs: Tensor<3>, lengths: Option<Tensor<1, Int>>) -> Tensor<2> {
        match self {
            Self::Mean => temporal_average(outputs, lengths),
            Self::Last => {
                let [n, _, d] = outputs.dims();
                let (forward, backward) = (
                    outputs.clone().slice_dim(2, 0..d / 2),
                    outputs.slice([0..n, 0..1, d / 2..d]).reshape([n, d / 2]),
                );
                Tensor::cat(vec![last_valid(forward, lengths), backward], 1)
            }
        }
    }
}

/// Temporal average pooling of CRRL, the mean over valid frames (`papers.md` 4.4):
/// `h = (1 / T_b) sum over t of o_t`.
///
/// # Shapes
/// - `outputs`: `[N, T, D]`, zero at padding
/// - `lengths`: valid frames, `[N]`, from 1 to `T`; all without them
/// - output: `[N, D]`
pub fn temporal_average(outputs: Tensor<3>, lengths: Option<Tensor<1, Int>>) -> Tensor<2> {
    let [n, _, d] = outputs.dims();
    match lengths {
        None => mean_pool(outputs),
        Some(lengths) => {
            let lengths = beside(lengths, &outputs).float().cast(outputs.dtype());
            outputs.sum_dim(1).reshape([n, d]) / lengths.reshape([n, 1])
        }
    }
}

/// The outputs at each sequence's last valid frame.
///
/// # Shapes
/// - `outputs`: `[N, T, D]`
/// - `lengths`: valid frames, `[N]`, from 1 to `T`; all without them
/// - output: `[N, D]`
pub fn last_valid(outputs: Tensor<3>, lengths: Option<Tensor<1, Int>>) -> Tensor<2> {
    let [n, t, d] = outputs.dims();
    let last = match lengths {
        None => outputs.slice_dim(1, t - 1),
        Some(lengths) => {
            let last = beside(lengths, &outputs) - 1;
            outputs.gather(1, last.reshape([n, 1, 1]).expand([n, 1, d]))
        }
    };
    last.reshape([n, d])
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn readouts_are_read_back_and_others_refused() {
        for readout in [Readout::Mean, Readout::Last] {
            assert_eq!(readout.to_string().parse(), Ok(readout));
        }
        assert!("first".parse::<Readout>().is_err());
    }

    #[test]
    fn each_readout_takes_the_frames_that_it_says() {
        let device = Device::flex();
        // Two sequences, the second of two valid frames; forward then backward half.
        let outputs = Tensor::<3>::from_floats(
            [
                [[1.0, 10.0], [2.0, 20.0], [6.0, 60.0]],
                [[3.0, 30.0], [5.0, 50.0], [0.0, 0.0]],
            ],
            &device,
        );
        let lengths = Tensor::<1, Int>::from_ints([3, 2], &device);
        let cases = [
            (Readout::Mean, true, [3.0, 30.0, 4.0, 40.0]),
            (Readout::Last, true, [6.0, 10.0, 5.0, 30.0]),
            (Readout::Mean, false, [3.0, 30.0, 8.0 / 3.0, 80.0 / 3.0]),
            (Readout::Last, false, [6.0, 10.0, 0.0, 30.0]),
        ];
        for (readout, given, expected) in cases {
            let lengths = given.then(|| lengths.clone());
            let features: Vec<f32> = readout
                .read(outputs.clone(), lengths)
                .into_data()
                .iter::<f32>()
                .collect();
            for (ours, expected) in features.iter().zip(expected) {
                assert!((ours - expected).abs() < 1e-5, "{readout}: {features:?}");
            }
        }
    }
}
