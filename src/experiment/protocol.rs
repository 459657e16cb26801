use std::fmt;
use std::str::FromStr;

use super::finetune::FinetuneRecipe;
use crate::Error;
use crate::evaluate::{EpochChoice, FrozenProtocol, LabelledShare};

/// A protocol that judges an encoder.
///
/// Written as a [`FrozenProtocol`] is, or `finetune-RECIPE`, or `semi-PERCENT-RECIPE` and `semi-PERCENT-balanced-RECIPE`, with
/// a [`FinetuneRecipe`] (f1, f2, f3, isc, cmd); behind what is trained with an [`EpochChoice`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Protocol {
    /// On frozen features.
    Frozen(FrozenProtocol),
    /// Encoder and classifier trained with all labels.
    Finetune {
        /// The training.
        recipe: FinetuneRecipe,
        /// Which of its epochs counts.
        epoch: EpochChoice,
    },
    /// Encoder and classifier trained with a share of the labels, over several draws of it.
    Semi {
        /// The share.
        share: LabelledShare,
        /// The training.
        recipe: FinetuneRecipe,
        /// Which of its epochs counts.
        epoch: EpochChoice,
    },
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frozen(protocol) => protocol.fmt(f),
            Self::Finetune { recipe, epoch } => write!(f, "finetune-{recipe}{epoch}"),
            Self::Semi {
                share,
                recipe,
                epoch,
            } => write!(f, "semi-{share}-{recipe}{epoch}"),
        }
    }
}

impl FromStr for Protocol {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.to_ascii_lowercase();
        let (trained, epoch) = EpochChoice::strip(&name);
        let parts: Vec<&str> = trained.split('-').collect();
        let share = |percent: &str, balanced| -> Result<LabelledShare, Error> {
            let percent = percent.parse().map_err(|_| {
                Error::Source(format!(
                    "`{text}`: expected a share in percent, found `{percent}`"
                ))
            })?;
            Ok(LabelledShare::new(percent, balanced)?)
        };
        match parts[..] {
            ["finetune", recipe] => Ok(Self::Finetune {
                recipe: recipe.parse()?,
                epoch,
            }),
            ["semi", percent, recipe] => Ok(Self::Semi {
                share: share(percent, false)?,
                recipe: recipe.parse()?,
                epoch,
            }),
            ["semi", percent, "balanced", recipe] => Ok(Self::Semi {
                share: share(percent, true)?,
                recipe: recipe.parse()?,
                epoch,
            }),
            _ => name.parse().map(Self::Frozen).map_err(|_| {
                Error::Source(format!(
                    "unknown protocol `{text}`: expected one of linear-e1 to linear-e6, knn, knn-K, knn-K-TEMPERATURE, \
                     retrieval, clustering, finetune-RECIPE, semi-PERCENT-RECIPE, semi-PERCENT-balanced-RECIPE; behind \
                     those that train, -best-on-validation or -best-on-test"
                ))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_refused() {
        for name in [
            "linear-e1",
            "knn-20-0.1",
            "finetune-f1",
            "semi-10-isc",
            "semi-0.5-balanced-cmd",
            "linear-e2-best-on-test",
            "finetune-f1-best-on-validation",
            "semi-10-balanced-isc-best-on-test",
        ] {
            assert_eq!(name.parse::<Protocol>().unwrap().to_string(), name);
        }
        for (name, problem) in [
            ("best", "unknown protocol `best`"),
            ("best-on-test", "unknown protocol `best-on-test`"),
            ("knn-best-on-test", "unknown protocol `knn-best-on-test`"),
            ("finetune", "unknown protocol `finetune`"),
            ("finetune-f9", "unknown recipe `f9`"),
            ("semi-x-isc", "expected a share in percent"),
            ("semi-0-isc", "more than 0"),
            ("semi-10-balanced", "unknown recipe `balanced`"),
        ] {
            let error = name.parse::<Protocol>().unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
