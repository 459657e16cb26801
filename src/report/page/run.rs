use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use serde::Serialize;

use super::figure::{Figure, LineChart, Matrix, Scatter, Series};
use super::gallery::{Confused, Retrieval, confusions, retrievals};
use super::map::EmbeddingMap;
use super::motion::{Motion, Skeleton, upwards};
use super::stage::Stage;
use crate::Error;
use crate::evaluate::{ConfusionMatrix, EvaluateError, Judged, Scores};
use crate::experiment::{Experiment, PreparedData, RunFolder, SavedEncoder};
use crate::report::{Accuracy, Environment, Metrics, write_atomically};

/// What is said of a clip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clip {
    /// Name of the recording.
    pub name: String,
    /// Its class.
    pub label: usize,
    /// What the linear classifier and kNN take it for; `None` for a training clip.
    pub guesses: Option<[usize; 2]>,
}

/// A finished run, as its page shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReport {
    /// Name of the run's folder.
    pub name: String,
    /// Its `config.json`.
    pub experiment: Experiment,
    /// Its `metrics.json`.
    pub metrics: Metrics,
    /// Its `environment.json`; empty where there is none.
    pub environments: Vec<Environment>,
    /// Its trainings.
    pub stages: Vec<Stage>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Accuracies of the encoder as judged for this report. On another machine rounding may make them differ from the run's.
    pub measured: Accuracy,
    /// The linear classifier's mistakes on the test side.
    pub linear: ConfusionMatrix,
    /// The nearest neighbours' mistakes on the test side.
    pub knn: ConfusionMatrix,
    /// A map of the test side; `None` where there are too few clips.
    pub map: Option<EmbeddingMap>,
    /// Some test clips and the training clips nearest to them.
    pub retrievals: Vec<Retrieval>,
    /// The most frequent confusions.
    pub confusions: Vec<Confused>,
    /// The test clips that the report names, by their number.
    pub test: BTreeMap<usize, Clip>,
    /// The training clips that the report names, by their number.
    pub train: BTreeMap<usize, Clip>,
    /// The bones of the moving pictures.
    pub skeleton: Skeleton,
    /// Moving pictures of test clips.
    pub test_motions: BTreeMap<usize, Motion>,
    /// Moving pictures of training clips.
    pub train_motions: BTreeMap<usize, Motion>,
}

impl RunReport {
    /// The report of the run in the folder `run`, whose saved encoder is judged on `data` as the run's configuration says.
    ///
    /// # Errors
    /// [`Error::RunFile`] where a file of the run is missing or damaged (a run that has not ended has no `metrics.json`),
    /// [`Error::SavedEncoder`], [`Error::Source`] where the clips are not the run's, [`Error::Evaluate`].
    pub fn gather(run: &Path, data: &PreparedData, device: &Device) -> Result<Self, Error> {
        // Before the encoder is loaded: of a run that has not ended this says more.
        metrics(&RunFolder::at(run))?;
        let SavedEncoder {
            encoder,
            input,
            experiment,
        } = SavedEncoder::load(run, device)?;
        if data.input() != input {
            return Err(Error::Source(format!(
                "the clips of {} are not what the encoder of {} reads: give the data set of the run",
                data.dataset,
                run.display()
            )));
        }
        let judged = Judged::new(
            &encoder,
            &data.train,
            &data.test,
            experiment.data.stream,
            experiment.judgement,
            device,
        )?;
        Self::of(run, data, &judged, device)
    }

    /// The report of the run in the folder `run`, whose encoder has been judged on `data`.
    ///
    /// # Errors
    /// As [`gather`](Self::gather).
    pub fn of(
        run: &Path,
        data: &PreparedData,
        judged: &Judged,
        device: &Device,
    ) -> Result<Self, Error> {
        let folder = RunFolder::at(run);
        let metrics = metrics(&folder)?;
        let experiment: Experiment = folder.read("config.json")?;
        let found = [data.train.len(), data.test.len()];
        let expected = [metrics.train_sequences, metrics.test_sequences];
        if found != expected {
            return Err(Error::Source(format!(
                "{} was judged on {} clips after training on {}, found are {} and {}: give the data set of the run",
                run.display(),
                expected[1],
                expected[0],
                found[1],
                found[0]
            )));
        }
        let map = EmbeddingMap::of(&judged.features.test, device);
        let retrievals = retrievals(judged, device);
        let confusions = confusions(judged, device);
        let up = upwards(&data.train)?;

        let mut report = Self {
            name: name(run),
            stages: Stage::all(&folder, &experiment.method)?,
            environments: folder.environments()?,
            experiment,
            metrics,
            classes: data.test.classes().to_vec(),
            measured: judged.accuracy(),
            linear: judged.linear.confusion(),
            knn: judged.knn.confusion(),
            test: BTreeMap::new(),
            train: BTreeMap::new(),
            skeleton: Skeleton::of(data.test.layout()),
            test_motions: BTreeMap::new(),
            train_motions: BTreeMap::new(),
            map,
            retrievals,
            confusions,
        };
        let mut played = Vec::new();
        for found in &report.retrievals {
            played.push((true, found.query));
            played.extend(found.near.iter().map(|near| (false, near.clip)));
        }
        for confused in &report.confusions {
            played.push((true, confused.example));
            played.extend(confused.other.iter().map(|near| (true, near.clip)));
        }
        for (test, clip) in played {
            let (side, motions) = match test {
                true => (&data.test, &mut report.test_motions),
                false => (&data.train, &mut report.train_motions),
            };
            if let std::collections::btree_map::Entry::Vacant(empty) = motions.entry(clip) {
                let sequence = side.clip(clip).map_err(EvaluateError::from)?;
                empty.insert(Motion::of(&sequence, up)?);
            }
        }
        let mapped = report.map.iter().flat_map(|map| &map.clips).copied();
        let (linear, knn) = (judged.linear.guesses(), judged.knn.guesses());
        let named = mapped.chain(report.test_motions.keys().copied());
        report.test = named
            .map(|clip| {
                let guesses = Some([linear[clip], knn[clip]]);
                (clip, about(&data.test, &judged.linear, clip, guesses))
            })
            .collect();
        let labels = &judged.features.train.labels();
        let clip = |&clip: &usize| {
            let about = Clip {
                name: data.train.meta(clip).source.clone(),
                label: labels[clip],
                guesses: None,
            };
            (clip, about)
        };
        report.train = report.train_motions.keys().map(clip).collect();
        Ok(report)
    }

    /// Writes the page, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write_page(path, &self.html())
    }

    /// Every figure of the page.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures: Vec<Figure> = self.stages.iter().flat_map(Stage::figures).collect();
        figures.extend(self.curve());
        figures.push(self.matrix("confusion-linear", "Linear classifier", &self.linear));
        figures.push(self.matrix("confusion-knn", "Nearest neighbours", &self.knn));
        figures.extend(self.scatter());
        figures
    }

    /// Accuracy over epochs, where the run was asked for it; the untrained encoder is epoch 0.
    pub(super) fn curve(&self) -> Option<Figure> {
        let metrics = &self.metrics;
        let points = |value: fn(&Accuracy) -> f64| {
            let curve = metrics
                .curve
                .iter()
                .map(|point| (point.epoch, value(&point.accuracy)));
            std::iter::once((0, value(&metrics.random_encoder)))
                .chain(curve)
                .collect()
        };
        let chart = LineChart {
            title: "Accuracy on the test side".to_owned(),
            unit: "%".to_owned(),
            description: "Linear and nearest-neighbour accuracy of the frozen encoder at some epochs, untrained at 0; for looking \
                          at, not for choosing an epoch"
                .to_owned(),
            series: vec![
                Series {
                    name: format!("linear {}", metrics.linear_protocol.to_uppercase()),
                    points: points(|accuracy| accuracy.linear_top1),
                    ..Series::default()
                },
                Series {
                    name: format!("kNN k={}", metrics.knn_k),
                    colour: 1,
                    dashed: true,
                    points: points(|accuracy| accuracy.knn_top1),
                },
            ],
            ..LineChart::default()
        };
        (!metrics.curve.is_empty()).then(|| chart.figure())
    }

    pub(super) fn matrix(&self, id: &str, title: &str, confusion: &ConfusionMatrix) -> Figure {
        let classes = 0..confusion.classes();
        let correct: usize = classes
            .clone()
            .map(|class| confusion.count(class, class))
            .sum();
        let all: usize = classes.clone().map(|class| confusion.clips(class)).sum();
        let matrix = Matrix {
            id: id.to_owned(),
            title: title.to_owned(),
            description: format!(
                "Confusion matrix: per cent of each class's test clips by what they were taken for; {correct} of {all} clips are on the diagonal"
            ),
            confusion,
            names: classes.map(|class| self.class(class)).collect(),
        };
        matrix.figure()
    }

    pub(super) fn scatter(&self) -> Option<Figure> {
        let map = self.map.as_ref()?;
        let clips: Vec<&Clip> = map
            .clips
            .iter()
            .filter_map(|clip| self.test.get(clip))
            .collect();
        let right = |clip: &&Clip| clip.guesses.is_some_and(|guesses| guesses[0] == clip.label);
        let scatter = Scatter {
            id: "map".to_owned(),
            title: "Test clips by t-SNE of their features".to_owned(),
            description: format!(
                "{} test clips as points; those with similar features lie together",
                map.clips.len()
            ),
            points: &map.points,
            labels: clips.iter().map(|clip| clip.label).collect(),
            filled: clips.iter().map(right).collect(),
            names: (0..self.linear.classes().max(self.classes.len()))
                .map(|class| self.class(class))
                .collect(),
        };
        Some(scatter.figure())
    }

    /// Name of a class.
    pub(super) fn class(&self, class: usize) -> String {
        let name = self.classes.get(class).cloned();
        name.unwrap_or_else(|| format!("class {class}"))
    }
}

/// What became of a test clip.
fn about(
    clips: &skeleton_data::SkeletonDataset,
    scores: &Scores,
    clip: usize,
    guesses: Option<[usize; 2]>,
) -> Clip {
    Clip {
        name: clips.meta(clip).source.clone(),
        label: scores.labels()[clip],
        guesses,
    }
}

/// The metrics of a run that has ended.
fn metrics(folder: &RunFolder) -> Result<Metrics, Error> {
    let path = folder.file("metrics.json");
    match path.exists() {
        true => folder.read("metrics.json"),
        false => Err(Error::RunFile {
            path,
            problem: "it is not there: no run has ended in this folder; a stopped one goes on with --resume".to_owned(),
        }),
    }
}

/// The last part of a folder's path.
fn name(run: &Path) -> String {
    let whole = run.canonicalize().unwrap_or_else(|_| run.to_owned());
    let name = whole.file_name().unwrap_or(whole.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Writes a page, whole or not at all, and makes its folder if need be.
pub(super) fn write_page(path: &Path, html: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).map_err(|source| Error::Unwritable {
        path: folder.to_owned(),
        source,
    })?;
    write_atomically(path, html.as_bytes()).map_err(|source| Error::Unwritable {
        path: path.to_owned(),
        source,
    })
}
