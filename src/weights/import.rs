use std::fs;
use std::path::Path;

use burn::tensor::Device;
use gcn_encoder::{EncoderConfig, EncoderInput, Partition, Width};
use sha2::{Digest, Sha256};
use skeleton_data::{Layout, Preprocess};

use super::{Checkpoint, CheckpointError};
use crate::Error;
use crate::evaluate::hexadecimal;
use crate::experiment::{DataConfig, DataFormat, Experiment, ImportedFrom, SavedEncoder};

/// How a published encoder is read: what its file does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Which encoder.
    pub encoder: EncoderConfig,
    /// Partition of an ST-GCN's graph; `None` takes the one whose graph the file keeps, and that of `encoder` where it keeps
    /// none that is known.
    pub partition: Option<Partition>,
    /// What the encoder reads.
    pub input: EncoderInput,
    /// How the clips of its training were prepared, and which stream it sees of them.
    pub data: DataConfig,
    /// What the names of its tensors begin with; `None` finds that, by the stream where there are several networks.
    pub prefix: Option<String>,
}

/// An encoder that was read, and what was made of the file.
#[derive(Debug)]
pub struct Imported {
    /// The encoder.
    pub saved: SavedEncoder,
    /// What the names of its tensors begin with.
    pub prefix: String,
    /// What those of the other networks in the file begin with.
    pub others: Vec<String>,
    /// The tensors that were left out: heads, queues and whatever has another prefix.
    pub left_out: Vec<String>,
}

impl Import {
    /// What is usual for an encoder and a skeleton: two persons of three channels, the joint stream, and clips as
    /// [`usual_preprocess`](Self::usual_preprocess) makes them of the data set that has this skeleton.
    pub fn usual(encoder: EncoderConfig, layout: Layout) -> Self {
        let (format, persons) = match layout.name() {
            "ntu25" => (DataFormat::Ntu60, 2),
            "kinect20" => (DataFormat::NwUcla, 1),
            _ => (DataFormat::Store, 2),
        };
        Self {
            partition: None,
            data: DataConfig {
                format,
                protocol: None,
                stream: Default::default(),
                preprocess: Self::usual_preprocess(&encoder, &layout),
                synthetic: None,
            },
            input: EncoderInput {
                layout,
                persons,
                channels: 3,
            },
            encoder,
            prefix: None,
        }
    }

    /// How releases of an encoder prepare clips of a skeleton: `ntu_50_frames` for the self-supervised ST-GCNs on NTU RGB+D,
    /// `ntu_agcn` for 2s-AGCN, `ntu_ctrgcn_64` for CTR-GCN; `nw_ucla_ctrgcn` for CTR-GCN on NW-UCLA, else
    /// `nw_ucla_view_invariant`; `kinetics` on its skeleton. Where nothing is known, not at all.
    pub fn usual_preprocess(encoder: &EncoderConfig, layout: &Layout) -> Preprocess {
        match (layout.name(), encoder) {
            ("ntu25", EncoderConfig::Agcn { .. }) => Preprocess::ntu_agcn(),
            ("ntu25", EncoderConfig::CtrGcn { .. }) => Preprocess::ntu_ctrgcn_64(),
            (
                "ntu25",
                EncoderConfig::StGcn {
                    width: Width::Ssl, ..
                },
            ) => Preprocess::ntu_50_frames(),
            ("kinect20", EncoderConfig::CtrGcn { .. }) => Preprocess::nw_ucla_ctrgcn(),
            ("kinect20", _) => Preprocess::nw_ucla_view_invariant(),
            ("openpose18", _) => Preprocess::kinetics(),
            _ => Preprocess::new("none", []),
        }
    }

    /// Reads the encoder from `file`.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] for what is not in the file, naming every tensor that does not fit; [`Error::Encoder`] where the
    /// configuration describes no encoder.
    pub fn read(&self, file: &Checkpoint, device: &Device) -> Result<Imported, Error> {
        let layout = &self.input.layout;
        let prefix = file.find_network(self.data.stream, self.prefix.as_deref())?;
        let mut config = self.encoder;
        if let EncoderConfig::StGcn { partition, .. } = &mut config {
            let kept = || file.partition(&prefix, layout);
            *partition = self.partition.or_else(kept).unwrap_or(*partition);
        }
        let encoder = config.init(&self.input, device)?;
        let (encoder, left_out) = file.load(encoder, layout, &prefix)?;
        let name = file.path().file_name().unwrap_or_default();
        let from = ImportedFrom {
            file: name.to_string_lossy().into_owned(),
            sha256: digest(file.path())?,
            prefix: prefix.clone(),
        };
        let others = file.networks().into_iter();
        Ok(Imported {
            saved: SavedEncoder {
                encoder,
                input: self.input.clone(),
                experiment: Experiment::imported(config, self.data.clone(), from),
            },
            others: others.filter(|other| *other != prefix).collect(),
            prefix,
            left_out,
        })
    }
}

/// SHA-256 of a file, in hexadecimal digits.
fn digest(path: &Path) -> Result<String, CheckpointError> {
    let bytes = fs::read(path).map_err(|source| CheckpointError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(hexadecimal(&Sha256::digest(&bytes)))
}
