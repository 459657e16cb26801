//! `inspect`: what a data set, a file or a store holds.

use std::path::Path;

use clap::Args;
use skeleton_data::formats::Source;
use skeleton_data::ingest::{Histogram, Totals, survey};
use skeleton_data::store::Store;

use crate::Failure;
use crate::bar::Bar;
use crate::input::{Input, is_store};
use crate::table;

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    input: Input,
    /// Read every shard of a store and compare its checksum.
    #[arg(long)]
    verify: bool,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
}

impl Inspect {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let path = &self.input.input;
        if is_store(path) {
            return self.store(path);
        }
        let source = self.input.open()?;
        self.source(&*source)
    }

    fn store(&self, path: &Path) -> Result<(), Failure> {
        let store = Store::open(path)?;
        let spec = store.spec();
        say!(
            "store of {} clips from {}, layout {} with {} joints, preprocessing {}, {}",
            store.len(),
            spec.format,
            spec.layout.name(),
            spec.layout.joint_count(),
            spec.preprocess.name,
            spec.dtype
        );
        let mut totals = Totals::new(spec.classes.len(), spec.splits.len());
        let (mut persons, mut channels) = (0, 0);
        for clip in 0..store.len() {
            let (meta, shape) = (store.meta(clip)?, store.shape(clip)?);
            (persons, channels) = (shape.persons, shape.channels);
            totals.ok += 1;
            totals.lengths.add(shape.frames);
            match meta.label.and_then(|label| totals.classes.get_mut(label)) {
                Some(count) => *count += 1,
                None => totals.unlabelled += 1,
            }
            for (counts, split) in totals.splits.iter_mut().zip(&spec.splits) {
                counts.add(store.side(clip, split)?);
            }
            let sequence = store.sequence(clip)?;
            let frames = sequence.validity().chunks_exact(shape.persons);
            totals.empty_frames += frames
                .clone()
                .filter(|frame| !frame.contains(&true))
                .count();
            let seen = |person: &usize| frames.clone().any(|frame| frame[*person]);
            totals.bodies.add((0..shape.persons).filter(seen).count());
        }
        say!(
            "clips are [T, {persons}, {}, {channels}], T {}\n",
            spec.layout.joint_count(),
            range(&totals.lengths)
        );
        say!("{}", table::totals(&totals, &spec.classes, &spec.splits));
        if self.verify {
            store.verify()?;
            say!("all checksums agree");
        }
        Ok(())
    }

    fn source(&self, source: &dyn Source) -> Result<(), Failure> {
        say!(
            "{} items of format {}, layout {} with {} joints, {} classes",
            source.len(),
            source.format(),
            source.layout().name(),
            source.layout().joint_count(),
            source.classes().len()
        );
        let bar = Bar::new(source, self.quiet);
        let survey = survey(source, &self.input.input, &bar);
        bar.finish();
        say!(
            "\n{}",
            table::totals(&survey.totals, source.classes(), source.splits())
        );
        for (channel, (low, high)) in survey.extent.iter().enumerate() {
            let name = ["x", "y", "z"]
                .get(channel)
                .copied()
                .unwrap_or("further channel");
            say!("{name} from {low:.3} to {high:.3}");
        }
        if !survey.refused.is_empty() {
            say!("\nthe first refusals:");
        }
        for record in &survey.refused {
            say!("  {}: {}", record.path, record.outcome);
        }
        Ok(())
    }
}

/// Least and largest value.
fn range(histogram: &Histogram) -> String {
    match (histogram.min(), histogram.max()) {
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        _ => "unknown".into(),
    }
}
