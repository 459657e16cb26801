//! `convert`: a data set or a store as a file that other repositories read.

use std::path::{Path, PathBuf};

use clap::Args;
use skeleton_data::export::{Clips, PysklForm, write_npy, write_npz, write_pyskl};
use skeleton_data::formats::{Side, Source};
use skeleton_data::ingest::{IngestOptions, ingest};
use skeleton_data::preprocess::{BodyOrder, ChooseBodies};
use skeleton_data::store::Store;
use skeleton_data::{DataError, Preprocess, SkeletonSequence, Step};

use crate::Failure;
use crate::bar::Bar;
use crate::input::{Input, is_store, preset};
use crate::table;

/// Arguments of `convert`.
#[derive(Debug, Args)]
pub(crate) struct Convert {
    #[command(flatten)]
    input: Input,
    /// The file: .npz (CTR-GCN), .npy (2s-AGCN, with its labels beside it), .pkl (PYSKL).
    #[arg(long, short)]
    out: PathBuf,
    /// Preprocessing of raw data: a preset's name or a JSON file. Without it recordings are written as they are, with as
    /// many bodies as --persons says.
    #[arg(long)]
    preset: Option<String>,
    /// Bodies of each recording that are written where there is no --preset: those that appear first.
    #[arg(long, default_value_t = 2)]
    persons: usize,
    /// Name of the split that divides training from test; the first unless given.
    #[arg(long)]
    split: Option<String>,
    /// No progress bar, no report on the terminal.
    #[arg(long, short)]
    quiet: bool,
}

impl Convert {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let kind = self.kind()?;
        if is_store(&self.input.input) {
            return self.write(Store::open(&self.input.input)?, kind);
        }
        let source = self.input.open()?;
        let preprocess = match &self.preset {
            Some(name) => preset(Some(name), &*source)?,
            None => as_they_are(self.persons),
        };
        // By way of a store, so that neither memory nor a bad file is in the way.
        let beside = self
            .out
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = tempfile::tempdir_in(beside.unwrap_or(Path::new(".")))?;
        self.pack(&*source, preprocess, folder.path())?;
        self.write(Store::open(folder.path())?, kind)
    }

    fn pack(
        &self,
        source: &dyn Source,
        preprocess: Preprocess,
        folder: &Path,
    ) -> Result<(), Failure> {
        let bar = Bar::new(source, self.quiet);
        let result = ingest(
            source,
            &self.input.input,
            folder,
            &IngestOptions::new(preprocess),
            &bar,
        );
        bar.finish();
        let report = result?;
        if !self.quiet {
            say!("{}", table::report(&report));
        }
        Ok(())
    }

    /// What the name asked for stands for.
    fn kind(&self) -> Result<Kind, Failure> {
        let extension = self
            .out
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        match extension.as_str() {
            "npz" => Ok(Kind::Npz),
            "npy" => Ok(Kind::Npy),
            "pkl" | "pickle" => Ok(Kind::Pyskl),
            _ => Err(format!(
                "{}: expected a name that ends in .npz, .npy or .pkl",
                self.out.display()
            )
            .into()),
        }
    }

    fn write(&self, store: Store, kind: Kind) -> Result<(), Failure> {
        let split = match &self.split {
            Some(name) if !store.splits().contains(name) => {
                let known = store.splits().join(", ");
                return Err(format!("there is no split `{name}`: the data have {known}").into());
            }
            Some(name) => Some(name.clone()),
            None => store.splits().first().cloned(),
        };
        let clips = Stored { store, split };
        match kind {
            Kind::Npz => write_npz(&clips, &self.out)?,
            Kind::Npy => write_npy(&clips, &self.out)?,
            Kind::Pyskl => write_pyskl(&clips, &self.out, &clips.pyskl_form())?,
        }
        if !self.quiet {
            let by = clips
                .split
                .map_or(String::new(), |split| format!(", divided by {split}"));
            say!("{}: {} clips{by}", self.out.display(), clips.store.len());
        }
        Ok(())
    }
}

/// A format that is written.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Npz,
    Npy,
    Pyskl,
}

fn as_they_are(persons: usize) -> Preprocess {
    let choose = ChooseBodies {
        count: persons,
        order: BodyOrder::Tracked,
    };
    Preprocess::new("as_they_are", [Step::ChooseBodies(choose)])
}

/// The clips of a store, divided by one of its splits.
struct Stored {
    store: Store,
    split: Option<String>,
}

impl Stored {
    /// PYSKL names splits without the data set, and stores the scores of key points in images apart.
    fn pyskl_form(&self) -> PysklForm {
        let images = ["openpose18", "coco17"].contains(&self.store.layout().name());
        let short = |split: &String| split.rsplit('-').next().unwrap_or_default().to_owned();
        PysklForm {
            split: self
                .split
                .as_ref()
                .map(short)
                .filter(|name| name != "given"),
            half: false,
            scores: images && self.store.channels() == 3,
        }
    }
}

impl Clips for Stored {
    fn len(&self) -> usize {
        self.store.len()
    }

    fn get(&self, index: usize) -> Result<(SkeletonSequence, Option<Side>), DataError> {
        let side = match &self.split {
            Some(split) => self.store.side(index, split)?,
            None => None,
        };
        Ok((self.store.sequence(index)?, side))
    }

    fn classes(&self) -> usize {
        self.store.classes().len()
    }
}
