use std::path::PathBuf;

use skeleton_data::DataError;
use skeleton_data::live::LineError;

/// Why a sequence has no embedding, or embeddings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// A sequence could not be read or preprocessed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A line of a stream is no frame.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The sequences are of another skeleton.
    #[error(
        "{} has the joints of `{found}` ({found_joints}), the encoder reads those of `{expected}` ({expected_joints}): \
         an encoder embeds the skeleton that it was trained on",
        path.display()
    )]
    Layout {
        /// Where the sequences are.
        path: PathBuf,
        /// Their layout by name.
        found: String,
        /// Number of its joints.
        found_joints: usize,
        /// The encoder's layout by name.
        expected: String,
        /// Number of its joints.
        expected_joints: usize,
    },
    /// A prepared clip has not the persons or channels that the encoder reads.
    #[error(
        "clip `{source_name}` has {found_persons} persons with {found_channels} channels after preprocessing, the encoder \
         reads {persons} with {channels}"
    )]
    Shape {
        /// Name of the clip.
        source_name: String,
        /// Its persons.
        found_persons: usize,
        /// Its channels.
        found_channels: usize,
        /// Persons that the encoder reads.
        persons: usize,
        /// Channels that the encoder reads.
        channels: usize,
    },
    /// The clips of a store were prepared in another way.
    #[error(
        "the clips of {} are preprocessed by `{found}`, the encoder's by `{expected}`{}: prepare the recordings with the \
         preprocessing of the encoder's run, or embed them directly", path.display(),
        if found == expected { " of other steps" } else { "" }
    )]
    StorePreprocess {
        /// The store.
        path: PathBuf,
        /// Its preprocessing.
        found: String,
        /// The encoder's.
        expected: String,
    },
    /// There is nothing to embed.
    #[error("there is no clip to embed in {place}{reason}")]
    Empty {
        /// Where clips were looked for.
        place: String,
        /// Why the first one was refused, if any was.
        reason: String,
    },
    /// The encoder's output holds NaN or infinity.
    #[error("the encoder gives a feature that is not finite for clip `{source_name}`")]
    NonFinite {
        /// Name of the clip.
        source_name: String,
    },
    /// The length of a window does not follow from the preprocessing.
    #[error(
        "clips preprocessed by `{preprocess}` have no common length: say how many frames a window has"
    )]
    WindowNeeded {
        /// The preprocessing.
        preprocess: String,
    },
    /// A file of embeddings cannot be read.
    #[error("cannot read embeddings from {}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The name of a file does not say how embeddings are written.
    #[error("{} ends in none of .safetensors, .npy and .csv: embeddings are written as one of them", path.display())]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// No embedding has this name.
    #[error(
        "no clip of {clips} is called `{name}`, and no file is{}",
        similar.as_ref().map(|similar| format!("; one is called `{similar}`")).unwrap_or_default()
    )]
    UnknownName {
        /// The name.
        name: String,
        /// Number of clips.
        clips: usize,
        /// A name that contains it.
        similar: Option<String>,
    },
    /// Several embeddings have this name.
    #[error("{count} clips are called `{name}`: the query must be one")]
    AmbiguousName {
        /// The name.
        name: String,
        /// How many clips have it.
        count: usize,
    },
    /// Embeddings of another encoder are not comparable.
    #[error(
        "the gallery was made by another encoder ({gallery}) than the query ({query}): cosines between them mean nothing"
    )]
    OtherEncoder {
        /// The gallery's encoder.
        gallery: String,
        /// The query's.
        query: String,
    },
    /// Embeddings of different widths are not comparable.
    #[error("the gallery has {gallery} features, the query {query}: another encoder made it")]
    OtherWidth {
        /// Features of the gallery.
        gallery: usize,
        /// Features of the query.
        query: usize,
    },
}
