use std::fmt;

use crate::Partition;

/// Why weights cannot be read, by the names of their file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WeightsError {
    /// No description of published names.
    #[error("{encoder} has no published names here; an ST-GCN, a 2s-AGCN and a CTR-GCN have")]
    NoPublishedNames {
        /// The encoder with its article.
        encoder: &'static str,
    },
    /// Nothing that looks like one of the described networks.
    #[error(
        "there is no `{first}`, with which a network begins{}",
        listed("; those that are there have the prefixes", found)
    )]
    NoNetwork {
        /// The name that was looked for.
        first: String,
        /// The prefixes of the networks that are there.
        found: Vec<String>,
    },
    /// Several networks, none of which is known to be the wanted one.
    #[error(
        "there are several networks, name the prefix of one{}",
        listed(":", found)
    )]
    SeveralNetworks {
        /// Their prefixes.
        found: Vec<String>,
    },
    /// Other tensors than the encoder has.
    #[error("{0}")]
    Mismatch(Mismatch),
    /// The graph is another one.
    #[error("`{name}` is {}, the encoder's is {}", graph(*found), graph(*expected))]
    Graph {
        /// Name of the graph's tensor.
        name: String,
        /// The encoder's partition; `None` where it is none of the known ones.
        expected: Option<Partition>,
        /// The partition that the tensor is of the encoder's skeleton; `None` where it is none.
        found: Option<Partition>,
    },
    /// A weight that is infinite or no number.
    #[error("`{name}` holds numbers that are not finite")]
    NotFinite {
        /// Name of the tensor.
        name: String,
    },
    /// The numbers of a tensor cannot be read.
    #[error("cannot read `{name}`: {problem}")]
    Unreadable {
        /// Name of the tensor.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// The tensors of a file that are not those of an encoder; at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// The encoder with its article.
    pub encoder: &'static str,
    /// Names and shapes that the encoder needs and the file lacks.
    pub missing: Vec<(String, Vec<usize>)>,
    /// Names and shapes that the file has and the encoder has no place for.
    pub unexpected: Vec<(String, Vec<usize>)>,
    /// Those of another shape.
    pub misshapen: Vec<Misshapen>,
}

/// A tensor of another shape than the encoder's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misshapen {
    /// Its name.
    pub name: String,
    /// The shape that the encoder needs.
    pub expected: Vec<usize>,
    /// The shape in the file.
    pub found: Vec<usize>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it does not hold {} of this configuration: {} tensors are missing, {} unexpected, {} of another shape",
            self.encoder,
            self.missing.len(),
            self.unexpected.len(),
            self.misshapen.len()
        )?;
        for (name, shape) in &self.missing {
            write!(f, "\n  missing    {name} {shape:?}")?;
        }
        for (name, shape) in &self.unexpected {
            write!(f, "\n  unexpected {name} {shape:?}")?;
        }
        for Misshapen {
            name,
            expected,
            found,
        } in &self.misshapen
        {
            write!(f, "\n  misshapen  {name} {found:?}, expected {expected:?}")?;
        }
        Ok(())
    }
}

fn listed(before: &str, prefixes: &[String]) -> String {
    let quoted: Vec<String> = prefixes
        .iter()
        .map(|prefix| format!("`{prefix}`"))
        .collect();
    match prefixes {
        [] => String::new(),
        [..] => format!("{before} {}", quoted.join(", ")),
    }
}

fn graph(partition: Option<Partition>) -> String {
    match partition {
        Some(partition) => format!("the graph of the partition {partition}"),
        None => "the graph of no known partition of this skeleton".to_owned(),
    }
}
