//! What to watch while an objective trains: burn-train metrics, a collapse check and a guard against losses that are
//! not numbers.
//!
//! The collapse statistics follow what users of Barlow Twins ask for: a raw sum of the loss says little, so it is
//! shown per dimension; mean diagonal and mean absolute off-diagonal show which of its two terms moves; and a
//! spread and a rank of the embeddings show a collapse that the loss may hide.

mod collapse;
mod embedding;
mod finite;
mod term;

pub use collapse::{CollapseConfig, CollapseMonitor, CollapseWarning, EmbeddingHealth};
pub use embedding::{
    EffectiveRank, EffectiveRankMetric, EmbeddingInput, EmbeddingMetric, EmbeddingStatistic,
    EmbeddingStd, EmbeddingStdMetric, MAX_SAMPLES,
};
pub use finite::{FiniteGuard, FiniteInput};
pub use term::{Term, TermMetric, TermValues};
