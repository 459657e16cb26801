use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Initializer};
use burn::tensor::{Device, Int, Tensor};

use super::config::BiGruConfig;
use super::layer::{BiGruLayer, drop_entries};
use super::readout::Readout;
use crate::encoder::{Encoder, Sequences};
use crate::init::draw_weights;
use crate::kernels::valid_frames;
use crate::norm::ChannelNorm;

/// A stack of bidirectional recurrent layers over frames, without a classifier: the encoder of CRRL
/// (`papers.md` 4.4) and, wider and deeper, of ISC and CMD (5.5). Made by [`BiGruConfig::init`].
///
/// A frame is one vector of `M * V * C` numbers, persons first, then joints, then channels. The order in CRRL's files
/// is unknown; any fixed order makes the same network up to the order of its input weights.
///
/// Parameters with two persons of 25 joints: 1,809,408 as in CRRL; 44,998,656 as in ISC, to which CMD's
/// normalisation of the input adds 300. Derived, in each direction of a layer: `3 H (I + H + 2)`.
///
/// Padding (see [`Sequences::lengths`]) has no effect, whatever it holds.
#[derive(Module, Debug)]
pub struct BiGru {
    /// Batch normalisation of each of a frame's numbers.
    pub input_norm: Option<ChannelNorm>,
    /// The layers, from input to output.
    pub layers: Vec<BiGruLayer>,
    /// Dropout between them.
    pub dropout: Dropout,
    #[module(skip)]
    readout: Readout,
    persons: usize,
    joints: usize,
    channels: usize,
}

impl BiGru {
    pub(super) fn new(config: &BiGruConfig, device: &Device) -> Self {
        let joints = config.layout.joint_count();
        let width = config.persons * joints * config.in_channels;
        let layers = (0..config.layers)
            .map(|index| {
                let inputs = if index == 0 { width } else { 2 * config.hidden };
                BiGruLayer::new(inputs, config.hidden, device)
            })
            .collect();
        let network = Self {
            input_norm: config
                .input_norm
                .then(|| ChannelNorm::new(width, &Initializer::Ones, device)),
            layers,
            dropout: DropoutConfig::new(config.dropout).init(),
            readout: config.readout,
            persons: config.persons,
            joints,
            channels: config.in_channels,
        };
        draw_weights(&network);
        network
    }

    /// The last layer's outputs: the forward half, then the backward half; 0 at padding.
    ///
    /// # Shapes
    /// - `x`: `[N, M, T, V, C]`
    /// - output: `[N, T, 2 H]`
    ///
    /// # Panics
    /// As [`Encoder::feature_map`], and when `M` is not what the encoder was made for.
    pub fn outputs(&self, x: impl Into<Sequences>) -> Tensor<3> {
        let Sequences { frames, lengths } = x.into();
        let [n, m, t, v, c] = frames.dims();
        assert!(
            [m, v, c] == [self.persons, self.joints, self.channels] && n * t > 0,
            "a recurrent encoder of {} persons, {} joints and {} channels was given [N, M, T, V, C] = {:?}",
            self.persons,
            self.joints,
            self.channels,
            [n, m, t, v, c]
        );
        let clips = frames.swap_dims(1, 2).reshape([n, t, m * v * c]);
        let rows = clips.clone().reshape([n * t, m * v * c]);
        let rows = match (&lengths, &self.input_norm) {
            (None, None) => rows,
            (None, Some(norm)) => norm.forward(rows),
            (Some(lengths), norm) => {
                let valid = valid_frames(lengths.clone(), &clips).reshape([n * t, 1]);
                match norm {
                    // Padding is not in the statistics.
                    Some(norm) => norm.forward_valid(rows, valid),
                    None => {
                        let padding = valid.equal_elem(0.0).expand(rows.dims());
                        rows.mask_fill(padding, 0.0)
                    }
                }
            }
        };
        let mut y = rows.reshape([n, t, m * v * c]);
        for (index, layer) in self.layers.iter().enumerate() {
            if index > 0 {
                y = drop_entries(&self.dropout, y);
            }
            y = layer.forward(y, lengths.clone());
        }
        y
    }
}

impl Encoder for BiGru {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        let outputs = self.outputs(x);
        let [n, t, d] = outputs.dims();
        outputs.reshape([n, 1, t, 1, d])
    }

    fn feature_dim(&self) -> usize {
        self.layers
            .last()
            .map_or(0, |layer| 2 * layer.forwards.hidden())
    }

    /// Features of sequences, read from the outputs as the configuration's [`Readout`] says: by default their mean
    /// over valid frames.
    fn pool(&self, map: Tensor<5>, lengths: Option<Tensor<1, Int>>) -> Tensor<2> {
        let [n, _, t, _, d] = map.dims();
        self.readout.read(map.reshape([n, t, d]), lengths)
    }
}
