use std::collections::{BTreeMap, BTreeSet};

use burn::module::Module;
use burn::tensor::Tensor;
use skeleton_data::Layout;

use super::names::{FixedGraph, Names, kind};
use super::parameters::{assign, collect, shapes};
use super::{Mismatch, Misshapen, WeightsError};
use crate::{AnyEncoder, Partition, with_encoder};

/// Shapes of tensors by name.
pub type Shapes = BTreeMap<String, Vec<usize>>;

/// Modules beside an encoder's own layers that classify or project what it gives.
const HEADS: [&str; 7] = [
    "classifier",
    "fc",
    "fcn",
    "head",
    "predictor",
    "projection",
    "projector",
];
/// What a queue of negatives is called at the root of a method.
const QUEUE: &str = "queue";

/// A tensor under its published name.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedTensor {
    /// The name.
    pub name: String,
    /// The shape, empty for a scalar.
    pub shape: Vec<usize>,
    /// The numbers, row-major.
    pub numbers: Numbers,
}

/// The numbers of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Weights, running statistics and graphs.
    Floats(Vec<f32>),
    /// Counts of batches.
    Integers(Vec<i64>),
}

/// `encoder` with the published weights of which `found` has names and shapes; `read` gives the numbers of a tensor, and is
/// asked for those alone that are needed. `prefix` is what the network's names begin with, as
/// [`find_network`](super::find_network) gives it, and `layout` the encoder's skeleton.
///
/// Also returned are the names that were left out: heads (`fc`, `projector`, ...) and queues, and whatever has another
/// prefix.
///
/// # Errors
/// All of [`WeightsError`] but those of `find_network`; the encoder is then dropped.
pub fn load(
    encoder: AnyEncoder,
    layout: &Layout,
    prefix: &str,
    found: &Shapes,
    mut read: impl FnMut(&str) -> Result<Vec<f32>, String>,
) -> Result<(AnyEncoder, Vec<String>), WeightsError> {
    let names = Names::of(&encoder)?;
    let ours = with_encoder!(&encoder, network => shapes(network));
    let left_out = check(&names, &ours, prefix, found, kind(&encoder))?;
    let mut numbers = |name: &str| {
        let name = format!("{prefix}{name}");
        let values = read(&name).map_err(|problem| WeightsError::Unreadable {
            name: name.clone(),
            problem,
        })?;
        let count: usize = found.get(&name).map_or(0, |shape| shape.iter().product());
        if values.len() != count {
            return Err(WeightsError::Unreadable {
                problem: format!("it has {} numbers, its shape says {count}", values.len()),
                name,
            });
        }
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(values),
            false => Err(WeightsError::NotFinite { name }),
        }
    };
    for graph in &names.graphs {
        if found.contains_key(&format!("{prefix}{}", graph.name)) {
            compare(graph, layout, prefix, &numbers(&graph.name)?)?;
        }
    }
    let mut values = BTreeMap::new();
    for entry in &names.entries {
        let parts: Result<Vec<_>, _> = entry.theirs.iter().map(|name| numbers(name)).collect();
        let joined = entry.join(&ours[&entry.ours], &parts?);
        values.insert(entry.ours.clone(), joined);
    }
    let encoder = match encoder {
        AnyEncoder::StGcn(network) => AnyEncoder::StGcn(assign(network, values)),
        AnyEncoder::Agcn(network) => AnyEncoder::Agcn(assign(network, values)),
        AnyEncoder::CtrGcn(network) => AnyEncoder::CtrGcn(assign(network, values)),
        // They have no names, and were refused above.
        other @ (AnyEncoder::AsGcn(_) | AnyEncoder::StGcnPlusPlus(_) | AnyEncoder::BiGru(_)) => {
            other
        }
    };
    Ok((encoder, left_out))
}

/// The tensors of `encoder` under their published names, in the order of its layers: those that PyTorch's
/// `load_state_dict` wants of the published network without its classifier.
///
/// # Errors
/// [`WeightsError::NoPublishedNames`].
pub fn export(encoder: &AnyEncoder) -> Result<Vec<PublishedTensor>, WeightsError> {
    // Running statistics of a step just done reach their module with this, and a visitor only then.
    let encoder = encoder.valid();
    let names = Names::of(&encoder)?;
    let ours = with_encoder!(&encoder, network => collect(network));
    let mut tensors = Vec::new();
    for graph in names.graphs.iter().filter(|graph| graph.released) {
        tensors.push(PublishedTensor {
            name: graph.name.clone(),
            shape: graph.ours.dims().to_vec(),
            numbers: Numbers::Floats(floats(&graph.ours)),
        });
    }
    for entry in &names.entries {
        let (shape, values) = &ours[&entry.ours];
        let split = entry.split(shape, values);
        for (name, values) in entry.theirs.iter().zip(split) {
            tensors.push(PublishedTensor {
                name: name.clone(),
                shape: entry.part_shape(shape),
                numbers: Numbers::Floats(values),
            });
        }
    }
    tensors.extend(names.counters.iter().map(|name| PublishedTensor {
        name: name.clone(),
        shape: Vec::new(),
        numbers: Numbers::Integers(vec![0]),
    }));
    Ok(tensors)
}

/// The names in `found` that are left out.
fn check(
    names: &Names,
    ours: &Shapes,
    prefix: &str,
    found: &Shapes,
    encoder: &'static str,
) -> Result<Vec<String>, WeightsError> {
    let mut expected = BTreeMap::new();
    for entry in &names.entries {
        let shape = entry.part_shape(&ours[&entry.ours]);
        for name in &entry.theirs {
            expected.insert(format!("{prefix}{name}"), shape.clone());
        }
    }
    let graphs = names.graphs.iter();
    let graphs: Shapes = graphs
        .map(|graph| {
            (
                format!("{prefix}{}", graph.name),
                graph.ours.dims().to_vec(),
            )
        })
        .collect();
    let counters = names.counters.iter();
    let counters: BTreeSet<String> = counters.map(|name| format!("{prefix}{name}")).collect();

    let mut mismatch = Mismatch {
        encoder,
        ..Mismatch::default()
    };
    let mut left_out = Vec::new();
    for (name, shape) in found {
        match expected.remove(name).or_else(|| graphs.get(name).cloned()) {
            Some(expected) if &expected == shape => {}
            Some(expected) => mismatch.misshapen.push(Misshapen {
                name: name.clone(),
                expected,
                found: shape.clone(),
            }),
            None if counters.contains(name) => {}
            None => match name.strip_prefix(prefix) {
                Some(own) if !is_beside(own) => {
                    mismatch.unexpected.push((name.clone(), shape.clone()));
                }
                _ => left_out.push(name.clone()),
            },
        }
    }
    mismatch.missing = expected.into_iter().collect();
    let Mismatch {
        missing,
        unexpected,
        misshapen,
        ..
    } = &mismatch;
    match missing.is_empty() && unexpected.is_empty() && misshapen.is_empty() {
        true => Ok(left_out),
        false => Err(WeightsError::Mismatch(mismatch)),
    }
}

/// Whether a name is of a head or a queue.
fn is_beside(name: &str) -> bool {
    let module = name.split('.').next().unwrap_or_default();
    HEADS.contains(&module) || module.starts_with(QUEUE)
}

fn compare(
    graph: &FixedGraph,
    layout: &Layout,
    prefix: &str,
    found: &[f32],
) -> Result<(), WeightsError> {
    let ours = floats(&graph.ours);
    let mut differences = ours.iter().zip(found).map(|(ours, found)| ours - found);
    match differences.all(|difference| difference.abs() <= Partition::TOLERANCE) {
        true => Ok(()),
        false => Err(WeightsError::Graph {
            name: format!("{prefix}{}", graph.name),
            expected: Partition::of_graph(layout, &ours),
            found: Partition::of_graph(layout, found),
        }),
    }
}

fn floats(graph: &Tensor<3>) -> Vec<f32> {
    let data = graph.to_data().convert::<f32>();
    data.try_to_vec().expect("the data was converted to f32")
}
