use serde::Serialize;

use super::figure::{Figure, LineChart, Series};
use crate::Error;
use crate::experiment::{CrrlPart, MethodConfig, RunFolder};
use crate::pretrain::EpochRecord;

/// One of a run's trainings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Its folder within the run's; empty for the run's own.
    pub folder: String,
    /// What it is, in words.
    pub title: String,
    /// What each epoch ended with.
    pub history: Vec<EpochRecord>,
}

impl Stage {
    /// All trainings of a run of `method`, in the order in which they were made.
    ///
    /// # Errors
    /// [`Error::RunFile`] where a history is missing or damaged.
    pub(super) fn all(run: &RunFolder, method: &MethodConfig) -> Result<Vec<Self>, Error> {
        let own = ("", "Pre-training");
        let stages = match method {
            MethodConfig::Mcc(_) => vec![
                own,
                ("scratch", "With labels, from scratch"),
                ("finetuned", "With labels, fine-tuned"),
            ],
            MethodConfig::Crrl(crrl) => match crrl.only {
                Some(CrrlPart::Cml) => vec![("", "Motion learner (CML)")],
                Some(CrrlPart::Ser) => vec![("", "Sequence reconstructor (SER)")],
                None => vec![
                    ("cml", "Motion learner (CML)"),
                    ("ser", "Sequence reconstructor (SER)"),
                    ("", "Student of both (CRRL)"),
                ],
            },
            MethodConfig::Skt(_)
            | MethodConfig::SkeletonClr(_)
            | MethodConfig::Byol(_)
            | MethodConfig::SimSiam(_)
            | MethodConfig::VicReg(_)
            | MethodConfig::BarlowTwins(_) => vec![own],
            MethodConfig::Imported(_) => vec![],
        };
        let read = |(folder, title): (&str, &str)| {
            let file = match folder {
                "" => "history.json".to_owned(),
                folder => format!("{folder}/history.json"),
            };
            Ok(Self {
                folder: folder.to_owned(),
                title: title.to_owned(),
                history: run.read(&file)?,
            })
        };
        stages.into_iter().map(read).collect()
    }

    /// Loss, learning rate, and a chart for each other quantity of the history.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let first = ["Loss", "Learning Rate", "Embedding std", "Effective rank"];
        let known = |name: &&str| {
            let mut sides = self
                .history
                .iter()
                .flat_map(|record| [&record.train, &record.monitor]);
            sides.any(|side| side.contains_key(*name))
        };
        let mut names: Vec<String> = first.into_iter().filter(known).map(str::to_owned).collect();
        for record in &self.history {
            for name in record.monitor.keys().chain(record.train.keys()) {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
        names.iter().map(|name| self.chart(name).figure()).collect()
    }

    fn chart(&self, name: &str) -> LineChart {
        let sides = [("train", false), ("monitor", true)];
        let series = sides.into_iter().map(|(side, dashed)| Series {
            name: match side {
                "train" => "training steps, mean of the epoch".to_owned(),
                _ => "monitor clips".to_owned(),
            },
            colour: usize::from(dashed),
            dashed,
            points: self.values(name, side),
        });
        let (title, meaning) = explained(name);
        LineChart {
            prefix: match self.folder.as_str() {
                "" => "training".to_owned(),
                folder => folder.to_owned(),
            },
            title: title.to_owned(),
            description: format!("{}: {meaning}, over epochs", self.title),
            series: series.filter(|series| !series.points.is_empty()).collect(),
            ..LineChart::default()
        }
    }

    /// A quantity over the epochs that have it; `side` is `train` or `monitor`.
    pub(super) fn values(&self, name: &str, side: &str) -> Vec<(usize, f64)> {
        let value = |record: &EpochRecord| {
            let side = match side {
                "train" => &record.train,
                _ => &record.monitor,
            };
            side.get(name).map(|&value| (record.epoch, value))
        };
        self.history.iter().filter_map(value).collect()
    }
}

/// A quantity's name as a title, and what it is.
fn explained(name: &str) -> (&str, &str) {
    match name {
        "Learning Rate" => ("Learning rate", "the optimiser's rate"),
        "Embedding std" => (
            "Embedding standard deviation",
            "mean deviation of the normalised embedding's dimensions, near 0 where it collapses",
        ),
        "Effective rank" => (
            "Effective rank",
            "dimensions that the embedding makes use of, near 1 where it collapses",
        ),
        other => (other, "a quantity of the method"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_quantity_of_the_history_has_a_chart() {
        let values = |names: &[&str]| -> BTreeMap<String, f64> {
            names.iter().map(|name| ((*name).to_owned(), 0.5)).collect()
        };
        let record = |epoch| EpochRecord {
            epoch,
            train: values(&["Loss", "Learning Rate", "Barlow loss"]),
            monitor: values(&["Loss", "Effective rank", "Embedding std"]),
        };
        let stage = Stage {
            folder: "cml".to_owned(),
            title: "A part".to_owned(),
            history: vec![record(1), record(2)],
        };
        let ids: Vec<String> = stage
            .figures()
            .into_iter()
            .map(|figure| figure.id)
            .collect();
        assert_eq!(
            ids,
            [
                "cml-loss",
                "cml-learning-rate",
                "cml-embedding-standard-deviation",
                "cml-effective-rank",
                "cml-barlow-loss"
            ]
        );
        assert_eq!(stage.values("Loss", "monitor"), [(1, 0.5), (2, 0.5)]);
    }
}
