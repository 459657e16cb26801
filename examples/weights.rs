//! Shows what files of weights hold, imports encoders from PyTorch's files, and exports them for PyTorch.
//!
//!     cargo run --release --example weights -- show checkpoint.pt
//!     cargo run --release --example weights -- import checkpoint.pt --encoder stgcn-ssl --out encoder.safetensors
//!     cargo run --release --example weights -- export runs/ucla --to pytorch --out stgcn.safetensors

#[path = "common/exit.rs"]
mod exit;
#[path = "common/output.rs"]
mod output;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use skeleton_ssl::experiment::{DataFormat, MethodConfig, SavedEncoder, TensorNames};
use skeleton_ssl::gcn_encoder::{EncoderConfig, Partition, trainable_parameters};
use skeleton_ssl::skeleton_data::{Layout, Preprocess, Stream};
use skeleton_ssl::weights::{Checkpoint, Import, Imported};
use skeleton_ssl::{DeviceSpec, Error};

/// Show, import and export weights of encoders, under this library's names and those of published PyTorch code.
#[derive(Parser, Debug)]
#[command(
    max_term_width = 120,
    after_help = "\
Examples:
  weights show checkpoint.pt
  weights import checkpoint.pt --encoder stgcn-ssl --out encoder.safetensors
  weights import crossclr.pt --encoder stgcn-ssl --stream motion --out motion.safetensors
  weights import agcn.pt --encoder agcn-full --layout kinect20 --persons 1 --preprocess nw_ucla_view_invariant --out e.safetensors
  weights export runs/ucla --to pytorch --out stgcn.safetensors
  evaluate encoder.safetensors --data DIR            what was imported is used like an encoder of a run"
)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Say what a file holds: what it says about itself, its networks, and names and shapes of its tensors.
    Show {
        /// Run folder, safetensors file or PyTorch file.
        file: PathBuf,
    },
    /// Make an encoder of a published checkpoint, PyTorch's or safetensors.
    Import(Box<ImportOptions>),
    /// Write the encoder of a run.
    Export {
        /// Run folder, or a saved encoder.
        run: PathBuf,
        /// Whose names the tensors get: ours, or those of published PyTorch code.
        #[arg(long)]
        to: TensorNames,
        /// The safetensors file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(clap::Args, Debug)]
struct ImportOptions {
    /// The checkpoint.
    file: PathBuf,
    /// The encoder by name: stgcn-ssl for CrosSCLR, AimCLR and PSTL, stgcn-full, agcn-full for 2s-AGCN, ctrgcn-full, ...
    #[arg(long)]
    encoder: EncoderConfig,
    /// The skeleton: ntu25, openpose18, kinect20, cmu31, coco17, or a JSON file of an own one.
    #[arg(long, default_value = "ntu25", value_parser = layout)]
    layout: Layout,
    /// Persons of a clip; 1 on kinect20 unless given, else 2.
    #[arg(long)]
    persons: Option<usize>,
    /// Channels of a joint.
    #[arg(long, default_value_t = 3)]
    channels: usize,
    /// What the names of the encoder's tensors begin with, such as encoder_q; found unless given.
    #[arg(long)]
    prefix: Option<String>,
    /// Partition of an ST-GCN's graph; that of the file unless given: uniform, distance, spatial_as_published or
    /// spatial_as_coded.
    #[arg(long)]
    partition: Option<Partition>,
    /// The stream that the encoder sees: joint, bone or motion.
    #[arg(long, default_value_t = Stream::Joint)]
    stream: Stream,
    /// How clips of its training were prepared, by name, or `none`; what is usual for encoder and skeleton unless given.
    #[arg(long, value_name = "NAME", value_parser = preprocess)]
    preprocess: Option<Preprocess>,
    /// The data set that it was trained on, which `evaluate` judges it on; by the skeleton unless given.
    #[arg(long)]
    format: Option<DataFormat>,
    /// The encoder that is written.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn layout(text: &str) -> Result<Layout, String> {
    if Layout::PRESETS.contains(&text) || !Path::new(text).exists() {
        return Layout::preset(text).map_err(|error| error.to_string());
    }
    let json = std::fs::read_to_string(text).map_err(|error| error.to_string())?;
    Layout::from_json(&json).map_err(|error| error.to_string())
}

fn preprocess(text: &str) -> Result<Preprocess, String> {
    match text {
        "none" => Ok(Preprocess::new("none", [])),
        name => name
            .parse()
            .map_err(|error: skeleton_ssl::skeleton_data::DataError| error.to_string()),
    }
}

impl ImportOptions {
    fn run(&self) -> Result<(), Error> {
        let device = DeviceSpec::default().device()?;
        let file = Checkpoint::read(&self.file)?;
        let mut import = Import::usual(self.encoder, self.layout.clone());
        import.partition = self.partition;
        import.prefix.clone_from(&self.prefix);
        import.input.channels = self.channels;
        import.input.persons = self.persons.unwrap_or(import.input.persons);
        import.data.stream = self.stream;
        import.data.format = self.format.unwrap_or(import.data.format);
        if let Some(preprocess) = &self.preprocess {
            import.data.preprocess = preprocess.clone();
        }
        let Imported {
            saved,
            prefix,
            others,
            left_out,
        } = import.read(&file, &device)?;
        saved.save(&self.out)?;
        let mut text = format!("{}: prefix `{prefix}`", self.file.display());
        match others.len() {
            0 => {}
            _ => text.push_str(&format!(", others are {}", quoted(&others))),
        }
        if !left_out.is_empty() {
            text.push_str(&format!("\nleft out: {}", modules(&prefix, &left_out)));
        }
        eprintln!("{text}");
        eprint!("{}", about(&saved));
        eprintln!("encoder: {}", self.out.display());
        Ok(())
    }
}

/// The modules, with the number of their tensors, of which tensors were left out beside and in the network at `prefix`.
fn modules(prefix: &str, left_out: &[String]) -> String {
    let parents = prefix
        .trim_end_matches('.')
        .rfind('.')
        .map_or(0, |dot| dot + 1);
    let mut counts = BTreeMap::<&str, usize>::new();
    for name in left_out {
        let known = match name.strip_prefix(prefix) {
            Some(_) => prefix.len(),
            None if name.starts_with(&prefix[..parents]) => parents,
            None => 0,
        };
        let end = name[known..]
            .find('.')
            .map_or(name.len(), |dot| known + dot);
        *counts.entry(&name[..end]).or_default() += 1;
    }
    let modules: Vec<String> = counts
        .into_iter()
        .map(|(module, count)| match count {
            1 => module.to_owned(),
            count => format!("{module} ({count} tensors)"),
        })
        .collect();
    modules.join(", ")
}

fn quoted(prefixes: &[String]) -> String {
    let quoted: Vec<String> = prefixes
        .iter()
        .map(|prefix| format!("`{prefix}`"))
        .collect();
    quoted.join(", ")
}

/// What is known of an encoder, in lines.
fn about(saved: &SavedEncoder) -> String {
    let (input, experiment) = (&saved.input, &saved.experiment);
    let data = &experiment.data;
    let graph = match experiment.encoder {
        EncoderConfig::StGcn { partition, .. } => format!(", graph {partition}"),
        _ => String::new(),
    };
    let training = match &experiment.method {
        MethodConfig::Imported(from) => format!(
            "imported from {} (SHA-256 {}), prefix `{}`, said to be trained on {}",
            from.file, from.sha256, from.prefix, data.format
        ),
        method => format!(
            "trained by {method} on {}, {} epochs, seed {}",
            data.format, experiment.pretrain.epochs, experiment.pretrain.seed
        ),
    };
    format!(
        "{}, {} parameters{graph}\n\
         reads {} persons of {} joints ({}) with {} channels: {} stream, clips prepared by `{}`\n\
         {training}, by skeleton-ssl {}\n",
        experiment.encoder,
        trainable_parameters(&saved.encoder),
        input.persons,
        input.layout.joint_count(),
        input.layout.name(),
        input.channels,
        data.stream,
        data.preprocess.name,
        experiment.version
    )
}

fn show(path: &Path) -> Result<(), Error> {
    let path = SavedEncoder::file(path);
    let file = Checkpoint::read(&path)?;
    let shapes = file.shapes();
    let numbers: usize = shapes
        .values()
        .map(|shape| shape.iter().product::<usize>())
        .sum();
    let mut text = format!(
        "{}: {}, {} tensors, {numbers} numbers\n",
        path.display(),
        file.kind(),
        shapes.len()
    );
    let said = file.metadata();
    if said.contains_key("experiment") {
        let device = DeviceSpec::default().device()?;
        text.push_str(&about(&SavedEncoder::load(&path, &device)?));
        let version = said.get("format_version").map_or("1", String::as_str);
        let names = said.get("names").map_or("ours", String::as_str);
        text.push_str(&format!("format {version}, names {names}\n"));
    } else {
        for (key, value) in said {
            text.push_str(&format!("{key}: {value}\n"));
        }
    }
    for prefix in file.networks() {
        text.push_str(&format!("network with the prefix `{prefix}`"));
        let layouts = Layout::PRESETS
            .iter()
            .filter_map(|name| Layout::preset(name).ok());
        for layout in layouts {
            if let Some(partition) = file.partition(&prefix, &layout) {
                text.push_str(&format!(", graph {partition} of {}", layout.name()));
            }
        }
        text.push('\n');
    }
    for (name, shape) in shapes {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name} {shape:?}");
    }
    output::print(text.trim_end())
}

fn run(options: &Options) -> Result<(), Error> {
    match &options.command {
        Command::Show { file } => show(file),
        Command::Import(import) => import.run(),
        Command::Export { run, to, out } => {
            let saved = SavedEncoder::load(run, &DeviceSpec::default().device()?)?;
            match to {
                TensorNames::Ours => saved.save(out)?,
                TensorNames::Pytorch => saved.save_for_pytorch(out)?,
            }
            eprint!("{}", about(&saved));
            eprintln!("{}: names {to}", out.display());
            Ok(())
        }
    }
}

fn main() {
    exit::exit(run(&Options::parse()))
}
