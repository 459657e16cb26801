use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use gcn_encoder::weights::{self, Shapes};
use gcn_encoder::{AnyEncoder, Partition};
use safetensors::tensor::TensorInfo;
use safetensors::{Dtype, SafeTensors};
use skeleton_data::{Layout, Stream};

use super::CheckpointError;
use super::numbers::Float;

/// Bytes by which a safetensors file is known: the length of its header, and the header's brace.
const HEAD: usize = 9;

/// The tensors of a file by their names in it; their numbers are read when they are asked for.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    shapes: Shapes,
    metadata: HashMap<String, String>,
    source: Source,
}

/// What kind of file a checkpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
pub enum FileKind {
    /// Safetensors.
    #[strum(to_string = "safetensors")]
    Safetensors,
    /// One of those that `torch.save` has written.
    #[strum(to_string = "PyTorch")]
    Pytorch,
}

#[derive(Debug)]
enum Source {
    Safetensors {
        bytes: Vec<u8>,
        /// Where the header ends.
        start: usize,
        tensors: HashMap<String, TensorInfo>,
    },
    #[cfg(feature = "pytorch")]
    Pytorch(HashMap<String, pytorch_reader::Tensor>),
}

impl Checkpoint {
    /// The file at `path`, safetensors or PyTorch's, whatever its name. Tensors in dictionaries of dictionaries are called by
    /// their path through them: `state_dict.encoder_q.data_bn.weight`.
    ///
    /// # Errors
    /// [`CheckpointError`]: what cannot be read, is damaged, or holds no tensors by name.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let unreadable = |source| CheckpointError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut head = Vec::new();
        File::open(path)
            .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
            .map_err(unreadable)?;
        if head.get(HEAD - 1) == Some(&b'{') {
            return Self::from_safetensors(path, fs::read(path).map_err(unreadable)?);
        }
        Self::from_pytorch(path)
    }

    /// A safetensors file of which `bytes` were read at `path`.
    pub(crate) fn from_safetensors(path: &Path, bytes: Vec<u8>) -> Result<Self, CheckpointError> {
        let damaged = |error: safetensors::SafeTensorError| CheckpointError::Damaged {
            path: path.to_owned(),
            problem: error.to_string(),
        };
        SafeTensors::deserialize(&bytes).map_err(damaged)?;
        let (header, found) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
        let tensors = found.tensors().into_iter();
        let tensors: HashMap<String, TensorInfo> =
            tensors.map(|(name, info)| (name, info.clone())).collect();
        Ok(Self {
            path: path.to_owned(),
            shapes: tensors
                .iter()
                .map(|(name, info)| (name.clone(), info.shape.clone()))
                .collect(),
            metadata: found.metadata().clone().unwrap_or_default(),
            source: Source::Safetensors {
                start: header + size_of::<u64>(),
                bytes,
                tensors,
            },
        })
    }

    #[cfg(feature = "pytorch")]
    fn from_pytorch(path: &Path) -> Result<Self, CheckpointError> {
        let damaged = |problem| CheckpointError::Damaged {
            path: path.to_owned(),
            problem,
        };
        let tensors = super::pytorch::tensors(path).map_err(damaged)?;
        if tensors.is_empty() {
            return Err(damaged("it holds no tensors by name".to_owned()));
        }
        Ok(Self {
            path: path.to_owned(),
            shapes: tensors
                .iter()
                .map(|(name, tensor)| (name.clone(), tensor.shape().to_vec()))
                .collect(),
            metadata: HashMap::new(),
            source: Source::Pytorch(tensors),
        })
    }

    #[cfg(not(feature = "pytorch"))]
    fn from_pytorch(path: &Path) -> Result<Self, CheckpointError> {
        Err(CheckpointError::NoPytorch {
            path: path.to_owned(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What kind of file it is.
    pub fn kind(&self) -> FileKind {
        match self.source {
            Source::Safetensors { .. } => FileKind::Safetensors,
            #[cfg(feature = "pytorch")]
            Source::Pytorch(_) => FileKind::Pytorch,
        }
    }

    /// Names and shapes of its tensors.
    pub fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    /// What a safetensors file says about itself.
    pub fn metadata(&self) -> &HashMap<String, String> {
        &self.metadata
    }

    /// The numbers of a tensor, row-major, whatever floats the file keeps.
    ///
    /// # Errors
    /// What is wrong: there is none of this name, it holds no floats, or the file is damaged there.
    pub fn floats(&self, name: &str) -> Result<Vec<f32>, String> {
        let missing = || "there is none of this name".to_owned();
        match &self.source {
            Source::Safetensors {
                bytes,
                start,
                tensors,
            } => {
                let info = tensors.get(name).ok_or_else(missing)?;
                let float = match info.dtype {
                    Dtype::F16 => Float::F16,
                    Dtype::BF16 => Float::Bf16,
                    Dtype::F32 => Float::F32,
                    Dtype::F64 => Float::F64,
                    other => return Err(format!("it holds {other:?}, expected floats")),
                };
                let (from, to) = info.data_offsets;
                let numbers = bytes.get(start + from..start + to);
                Ok(float.read(numbers.ok_or("it lies beyond the end of the file")?))
            }
            #[cfg(feature = "pytorch")]
            Source::Pytorch(tensors) => {
                super::pytorch::floats(tensors.get(name).ok_or_else(missing)?)
            }
        }
    }

    /// What the names of each network in it begin with, sorted.
    pub fn networks(&self) -> Vec<String> {
        weights::networks(self.shapes.keys().map(String::as_str))
    }

    /// What the names of the network for `stream` begin with, or `asked` if it is there; see
    /// [`find_network`](weights::find_network).
    ///
    /// # Errors
    /// [`CheckpointError::Weights`].
    pub fn find_network(
        &self,
        stream: Stream,
        asked: Option<&str>,
    ) -> Result<String, CheckpointError> {
        let names = self.shapes.keys().map(String::as_str);
        weights::find_network(names, stream, asked).map_err(|source| self.refuse(source))
    }

    /// The partition of `layout` whose graph the network with this prefix keeps, as those of ST-GCN do; `None` where it keeps
    /// none, or that of another skeleton.
    pub fn partition(&self, prefix: &str, layout: &Layout) -> Option<Partition> {
        let graph = self.floats(&format!("{prefix}A")).ok()?;
        Partition::of_graph(layout, &graph)
    }

    /// `encoder`, of the skeleton `layout`, with the weights of the network with this prefix, and the names in the file that
    /// were left out; see [`load`](weights::load).
    ///
    /// # Errors
    /// [`CheckpointError::Weights`] naming every tensor that does not fit.
    pub fn load(
        &self,
        encoder: AnyEncoder,
        layout: &Layout,
        prefix: &str,
    ) -> Result<(AnyEncoder, Vec<String>), CheckpointError> {
        weights::load(encoder, layout, prefix, &self.shapes, |name| {
            self.floats(name)
        })
        .map_err(|source| self.refuse(source))
    }

    fn refuse(&self, source: weights::WeightsError) -> CheckpointError {
        CheckpointError::Weights {
            path: self.path.clone(),
            source,
        }
    }
}
