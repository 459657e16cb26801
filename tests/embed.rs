//! Sequences in, embeddings out: from files, from a stream, by the library and by the example.

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Instant;

use burn::tensor::Device;
use common::{example, fail, succeed};
use skeleton_ssl::embed::{
    EmbedError, EmbedStream, EmbeddedWindow, Embedder, Embeddings, Recordings,
};
use skeleton_ssl::evaluate::extract_features;
use skeleton_ssl::experiment::{DataFormat, Experiment, MethodName, SavedEncoder};
use skeleton_ssl::gcn_encoder::{Encoder, EncoderConfig, EncoderInput};
use skeleton_ssl::skeleton_data::export::write_npy;
use skeleton_ssl::skeleton_data::formats::OpenOptions;
use skeleton_ssl::skeleton_data::live::{FrameLines, Line};
use skeleton_ssl::skeleton_data::store::{Dtype, StoreSpec, StoreWriter};
use skeleton_ssl::skeleton_data::synthetic::SyntheticConfig;
use skeleton_ssl::skeleton_data::{
    ClipShape, Layout, Meta, Preprocess, SkeletonDataset, SkeletonSequence,
};

/// A saved encoder of a synthetic run whose running statistics have moved, as a run's folder has it.
fn saved(name: &str, folder: &Path) -> SavedEncoder {
    let config: EncoderConfig = name.parse().expect("a known encoder");
    let device = Device::flex().autodiff();
    let mut experiment =
        Experiment::new(MethodName::Skt, Some(config), DataFormat::Synthetic, None)
            .expect("an experiment");
    if let Some(figures) = &mut experiment.data.synthetic {
        figures.clips_per_action = 2;
        figures.frames = 16;
    }
    let input = EncoderInput {
        layout: Layout::ntu25(),
        persons: 1,
        channels: 3,
    };
    device.seed(5);
    let encoder = config.init(&input, &device).expect("an encoder");
    let clips = burn::tensor::Tensor::<5>::random(
        [2, 1, 16, 25, 3],
        burn::tensor::Distribution::Normal(0.0, 1.0),
        &device,
    );
    encoder.forward(clips);
    let saved = SavedEncoder {
        encoder,
        input,
        experiment,
    };
    saved
        .save(&folder.join("encoder.safetensors"))
        .expect("a file");
    SavedEncoder::load(folder, &Device::flex()).expect("the encoder")
}

fn figures(saved: &SavedEncoder) -> SyntheticConfig {
    let figures = saved.experiment.data.synthetic.clone();
    figures.expect("a synthetic run")
}

fn recordings(figures: &SyntheticConfig, sequences: Vec<SkeletonSequence>) -> Recordings {
    let layout = figures.layout.clone();
    Recordings::of_sequences("figures", layout, figures.class_names(), sequences)
}

fn embeddings(embedder: &Embedder, recordings: &Recordings) -> Embeddings {
    let embedded = embedder.embed_recordings(recordings, |_| {});
    let embedded = embedded.expect("embeddings");
    assert!(embedded.refused.is_empty(), "{:?}", embedded.refused);
    embedded.embeddings
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// A long recording of one figure: its actions one behind another.
fn long_recording(saved: &SavedEncoder, frames: usize) -> SkeletonSequence {
    let clips = figures(saved).generate().expect("figures");
    let values: Vec<f32> = clips
        .iter()
        .flat_map(SkeletonSequence::frames)
        .copied()
        .collect();
    let shape = ClipShape::new(frames, 1, 25, 3);
    cut(&values, shape, 0, frames)
}

fn cut(values: &[f32], shape: ClipShape, first: usize, frames: usize) -> SkeletonSequence {
    let values = &values[first * shape.frame_len()..(first + frames) * shape.frame_len()];
    let shape = ClipShape { frames, ..shape };
    let meta = Meta {
        source: format!("{first}"),
        ..Meta::default()
    };
    SkeletonSequence::new(values.to_vec(), shape, vec![true; frames], meta).expect("a sequence")
}

/// Lines of a stream.
fn lines(sequence: &SkeletonSequence) -> String {
    let frames = sequence.frames().chunks(sequence.shape().frame_len());
    let line = |frame: &[f32]| {
        let numbers: Vec<String> = frame.iter().map(ToString::to_string).collect();
        numbers.join(",") + "\n"
    };
    frames.map(line).collect()
}

#[test]
fn embeddings_are_the_features_of_evaluation_to_the_bit_whatever_the_batch_and_the_threads() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["stgcn-ssl", "bigru"] {
        let saved = saved(name, folder.path());
        let figures = figures(&saved);
        let sequences = figures.generate().expect("figures");
        let prepare = |sequence: &SkeletonSequence| {
            let preprocess = &saved.experiment.data.preprocess;
            preprocess.apply(sequence.clone(), &figures.layout)
        };
        let clips: Result<Vec<_>, _> = sequences.iter().map(prepare).collect();
        let dataset = SkeletonDataset::new(
            figures.layout.clone(),
            figures.class_names(),
            clips.expect("clips"),
        );
        let stream = saved.experiment.data.stream;
        let device = Device::flex();
        let features = extract_features(
            &saved.encoder,
            &dataset.expect("a data set"),
            stream,
            &device,
        );
        let features = features.expect("features");

        let recordings = recordings(&figures, sequences.clone());
        for batch in [64, 1, 3] {
            let embedder = Embedder::new(&saved, &device).with_batch(batch);
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let found = pool
                    .expect("threads")
                    .install(|| embeddings(&embedder, &recordings));
                let what = format!("{name}, batch {batch}, {threads} threads");
                assert_eq!(bits(found.values()), bits(features.values()), "{what}");
                assert_eq!(found.dim(), embedder.dim());
                for (index, sequence) in sequences.iter().enumerate() {
                    assert_eq!(found.names()[index], sequence.meta().source);
                    let label = sequence.meta().label.expect("a label");
                    let class = &figures.class_names()[label];
                    assert_eq!(found.labels()[index].as_ref(), Some(class));
                }
            }
        }
    }
}

#[test]
fn a_stream_gives_the_embeddings_of_the_windows_cut_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved = saved("stgcn-ssl", folder.path());
    let recording = long_recording(&saved, 61);
    let text = lines(&recording);
    let (window, stride) = (16, 7);
    for (batch, rest) in [(1, false), (4, true)] {
        let embedder = Embedder::new(&saved, &Device::flex()).with_batch(batch);
        assert_eq!(embedder.window().expect("frames of a figure"), window);
        let format = embedder.frame_format(1, false);
        let mut stream = EmbedStream::new(&embedder, format, window, stride);
        let mut found: Vec<EmbeddedWindow> = Vec::new();
        for line in FrameLines::new(text.as_bytes(), format) {
            let Ok(Line::Frame(frame)) = line else {
                panic!("a frame: {line:?}");
            };
            found.extend(stream.push(frame, Instant::now()));
        }
        found.extend(stream.finish(rest));
        let mut starts: Vec<usize> = (0..=61 - window).step_by(stride).collect();
        if rest {
            starts.push(61 - window);
        }
        assert_eq!(found.len(), starts.len());
        for (found, &first) in found.iter().zip(&starts) {
            assert_eq!(
                (found.first, found.last),
                (first as u64, (first + window - 1) as u64)
            );
            let cut = cut(recording.frames(), recording.shape(), first, window);
            let clip = embedder.prepare(cut).expect("a clip");
            let expected = embedder.embed(&[clip]).remove(0).expect("an embedding");
            let row = found.outcome.as_ref().expect("an embedding");
            assert_eq!(bits(row), bits(&expected), "window at {first}");
        }
        let summary = stream.summary();
        assert_eq!(
            (summary.frames, summary.sequences, summary.refused),
            (61, 1, 0)
        );
        assert_eq!(summary.windows, starts.len() as u64);
        assert_eq!(summary.uncovered, if rest { 0 } else { 3 });
        assert!(summary.latency.is_some());
    }
}

#[test]
fn an_empty_window_is_refused_and_the_stream_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut saved = saved("stgcn-ssl", folder.path());
    let steps = r#"{"name": "shown", "steps": [{"step": "crop_to_valid"}, {"step": "resample", "frames": 16}]}"#;
    saved.experiment.data.preprocess = serde_json::from_str(steps).expect("steps");
    let embedder = Embedder::new(&saved, &Device::flex()).with_batch(2);
    let format = embedder.frame_format(1, false);
    let mut stream = EmbedStream::new(&embedder, format, 4, 4);
    let recording = long_recording(&saved, 4);
    let nobody = ["nan,".repeat(74), "nan\n".to_owned()].concat().repeat(4);
    let text = [lines(&recording), nobody, lines(&recording)].concat();
    let mut found = Vec::new();
    for line in FrameLines::new(text.as_bytes(), format) {
        match line.expect("a line") {
            Line::Frame(frame) => found.extend(stream.push(frame, Instant::now())),
            Line::End => panic!("no blank line"),
        }
    }
    found.extend(stream.finish(false));
    let [first, empty, last] = found.as_slice() else {
        panic!("three windows: {found:?}");
    };
    let row = |window: &EmbeddedWindow| bits(window.outcome.as_ref().expect("an embedding"));
    assert_eq!(row(first), row(last));
    let error = empty
        .outcome
        .as_ref()
        .expect_err("nobody is there")
        .to_string();
    assert!(
        error.contains("0:4-7") && error.contains("preprocessing"),
        "{error}"
    );
    assert_eq!((stream.summary().windows, stream.summary().refused), (2, 1));
}

#[test]
fn sequences_of_any_length_without_labels_are_embedded_and_bad_ones_cost_themselves() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved = saved("stgcn-ssl", folder.path());
    let embedder = Embedder::new(&saved, &Device::flex()).with_batch(3);
    let recording = long_recording(&saved, 40);
    let pieces = [(0, 16), (3, 40 - 3), (5, 1), (6, 16), (20, 7)];
    let mut sequences: Vec<SkeletonSequence> = pieces
        .iter()
        .map(|&(first, frames)| cut(recording.frames(), recording.shape(), first, frames))
        .collect();
    // Further away than any sensor sees.
    let mut far = sequences[0].clone();
    far.frames_mut()[7] = 1e6;
    far.meta_mut().source = "far".to_owned();
    sequences.insert(2, far);
    let two = ClipShape::new(2, 2, 25, 3);
    let meta = Meta {
        source: "two".to_owned(),
        ..Meta::default()
    };
    sequences.push(
        SkeletonSequence::new(vec![0.5; two.len()], two, vec![true; 4], meta).expect("a sequence"),
    );
    let all = recordings(&figures(&saved), sequences.clone());
    let embedded = embedder.embed_recordings(&all, |_| {}).expect("embeddings");
    assert_eq!(embedded.embeddings.names(), ["0", "3", "5", "6", "20"]);
    assert!(embedded.embeddings.labels().iter().all(Option::is_none));
    let refused: Vec<String> = embedded.refused.iter().map(ToString::to_string).collect();
    assert!(refused[0].contains("`far`"), "{refused:?}");
    assert!(refused[1].contains("`two` has 2 persons"), "{refused:?}");
    assert_eq!(refused.len(), 2);
    for (index, name) in embedded.embeddings.names().iter().enumerate() {
        let alone = sequences.iter().find(|s| &s.meta().source == name);
        let alone = embedder
            .prepare(alone.expect("a sequence").clone())
            .expect("a clip");
        let alone = embedder
            .embed(&[Arc::clone(&alone)])
            .remove(0)
            .expect("a row");
        assert_eq!(bits(&alone), bits(embedded.embeddings.row(index)), "{name}");
    }

    let none = recordings(&figures(&saved), sequences.split_off(6));
    let error = embedder
        .embed_recordings(&none, |_| {})
        .expect_err("nothing");
    assert!(matches!(error, EmbedError::Empty { .. }), "{error}");
    assert!(error.to_string().contains("all 1 were refused"), "{error}");
    let error = embedder.embed_recordings(&recordings(&figures(&saved), Vec::new()), |_| {});
    let error = error.expect_err("nothing").to_string();
    assert_eq!(error, "there is no clip to embed in figures");
}

#[test]
fn files_and_stores_give_what_memory_gives_and_other_skeletons_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved = saved("stgcn-ssl", folder.path());
    let embedder = Embedder::new(&saved, &Device::flex());
    let figures = figures(&saved);
    let sequences = figures.generate().expect("figures");
    let expected = embeddings(&embedder, &recordings(&figures, sequences.clone()));

    let array = folder.path().join("clips.npy");
    let written: Vec<_> = sequences.iter().map(|clip| (clip.clone(), None)).collect();
    write_npy(&written, &array).expect("a file");
    let opened = embedder.open(&array, None, OpenOptions::default());
    let found = embeddings(&embedder, &opened.expect("an array"));
    assert_eq!(bits(found.values()), bits(expected.values()));
    assert_eq!(found.names()[1], "clips_00001");

    let preprocess = &saved.experiment.data.preprocess;
    let raw = Preprocess::new("none", []);
    let other = Preprocess::new("other", [&preprocess.steps[..], &preprocess.steps].concat());
    for (name, packed_by) in [("prepared", preprocess), ("raw", &raw), ("other", &other)] {
        let spec = StoreSpec {
            format: "synthetic".to_owned(),
            layout: figures.layout.clone(),
            classes: figures.class_names(),
            preprocess: packed_by.clone(),
            splits: Vec::new(),
            dtype: Dtype::F32,
        };
        let store = folder.path().join(name);
        let mut writer = StoreWriter::create(&store, spec, 1 << 20).expect("a store");
        for clip in &sequences {
            let clip = packed_by.apply(clip.clone(), &figures.layout);
            writer.push(&clip.expect("a clip"), &[]).expect("a clip");
        }
        writer.finish().expect("a store");
        match embedder.open(&store, None, OpenOptions::default()) {
            Ok(store) => assert_eq!(embeddings(&embedder, &store), expected, "{name}"),
            Err(error) => {
                assert_eq!(name, "other");
                let error = error.to_string();
                assert!(error.contains("preprocessed by `other`"), "{error}");
            }
        }
    }

    let options = OpenOptions {
        layout: Some(Layout::kinect20()),
        ..OpenOptions::default()
    };
    let twenty = ClipShape::new(3, 1, 20, 3);
    let clip = SkeletonSequence::new(vec![0.5; 180], twenty, vec![true; 3], Meta::default());
    let twenty = folder.path().join("twenty.npy");
    write_npy(&vec![(clip.expect("a clip"), None)], &twenty).expect("a file");
    let error = embedder
        .open(&twenty, None, options)
        .expect_err("20 joints");
    let error = error.to_string();
    assert!(
        error.contains("`kinect20` (20)") && error.contains("`ntu25` (25)"),
        "{error}"
    );
}

/// Runs the example with `input` on its standard input.
fn with_input(mut command: Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that ends at a bad line reads no further.
        let _ = pipe.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("the example ends");
    writer.join().expect("the writer");
    output
}

fn embed(run: &Path, arguments: &[&str]) -> Command {
    let mut command = example("embed");
    command.arg(run).args(arguments);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn the_example_embeds_files_streams_and_finds_neighbours() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved = saved("stgcn-ssl", folder.path());
    let run = folder.path();
    let embedder = Embedder::new(&saved, &Device::flex());
    let figures = figures(&saved);
    let sequences = figures.generate().expect("figures");
    let expected = embeddings(&embedder, &recordings(&figures, sequences.clone()));

    // The run's own clips, in all three forms.
    for name in ["a.safetensors", "a.npy", "a.csv"] {
        let out = run.join(name);
        let path = out.to_str().expect("text");
        let output = succeed(embed(run, &["--out", path, "--batch", "7"]));
        assert!(text(&output.stderr).contains("20 clips embedded"));
        let found = Embeddings::read(&out).expect("embeddings");
        assert_eq!(bits(found.values()), bits(expected.values()), "{name}");
        assert_eq!(found.names(), expected.names());
        assert_eq!(found.labels(), expected.labels());
    }
    let csv = std::fs::read_to_string(run.join("a.csv")).expect("a file");
    assert_eq!(text(&succeed(embed(run, &[])).stdout), csv);

    // Neighbours: of a clip among the others, and of a file among saved ones.
    let name = &expected.names()[3];
    let gallery = run.join("a.npy");
    let gallery = gallery.to_str().expect("text");
    let found = text(&succeed(embed(run, &["--query", name, "--neighbours", "4"])).stdout);
    let nearest = expected.nearest(expected.row(3), 4, Some(3), &Device::flex());
    let nearest = nearest.expect("neighbours");
    assert_eq!(found.lines().count(), 5);
    for (line, neighbour) in found.lines().skip(1).zip(&nearest) {
        assert!(line.contains(&expected.names()[neighbour.index]), "{found}");
        assert!(
            line.contains(&format!("{:.6}", neighbour.cosine)),
            "{found}"
        );
    }
    let again = succeed(embed(
        run,
        &["--gallery", gallery, "--query", name, "--neighbours", "4"],
    ));
    assert_eq!(text(&again.stdout), found);
    let one = run.join("one.npy");
    write_npy(&vec![(sequences[3].clone(), None)], &one).expect("a file");
    let one = one.to_str().expect("text");
    let found = text(&succeed(embed(run, &["--gallery", gallery, "--query", one])).stdout);
    let nearest = found.lines().nth(1).expect("a neighbour");
    assert!(
        nearest.contains(name) && nearest.contains("1.000000"),
        "{found}"
    );
    let of_data = [one, "--gallery", gallery, "--query", "one_00000"];
    assert_eq!(text(&succeed(embed(run, &of_data)).stdout), found);
    let error = fail(embed(run, &["--gallery", gallery, "--query", "figure-x"]));
    assert!(
        error.contains("no clip of 20 is called `figure-x`"),
        "{error}"
    );

    // A stream: both forms of its output, and a file.
    let recording = long_recording(&saved, 40);
    let input = lines(&recording);
    let output = with_input(embed(run, &["--stdin", "--stride", "8"]), &input);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("windows: 4 embedded") && said.contains("median"),
        "{said}"
    );
    let csv = text(&output.stdout);
    let rows: Vec<&str> = csv.lines().collect();
    assert!(
        rows[0].starts_with("sequence,window,first_frame,last_frame,f0,f1,"),
        "{csv}"
    );
    assert_eq!(rows.len(), 5);
    let json = with_input(
        embed(run, &["-", "--stride", "8", "--jsonl", "--batch", "3"]),
        &input,
    );
    for (number, (line, row)) in text(&json.stdout).lines().zip(&rows[1..]).enumerate() {
        let window: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let cut = cut(recording.frames(), recording.shape(), 8 * number, 16);
        let clip = embedder.prepare(cut).expect("a clip");
        let row_expected = embedder.embed(&[clip]).remove(0).expect("a row");
        let numbers = window["embedding"].as_array().expect("numbers").iter();
        let found: Vec<f32> = numbers
            .map(|v| v.as_f64().expect("a number") as f32)
            .collect();
        assert_eq!(bits(&found), bits(&row_expected));
        let expected: Vec<String> = row_expected.iter().map(ToString::to_string).collect();
        let start = format!("0,{number},{},{},", 8 * number, 8 * number + 15);
        assert_eq!(*row, start + &expected.join(","));
        assert_eq!(window["last_frame"], 8 * number + 15);
    }
    let out = run.join("windows.csv");
    let path = out.to_str().expect("text");
    let parted = format!("{input}\n# the second\n{input}");
    let output = with_input(embed(run, &["--stdin", "--flush", "--out", path]), &parted);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let names = Embeddings::read(&out).expect("embeddings");
    let expected = [
        "0:0-15", "0:16-31", "0:24-39", "1:0-15", "1:16-31", "1:24-39",
    ];
    assert_eq!(names.names(), expected);
}

#[test]
fn bad_lines_and_bad_options_are_said_where_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved = saved("stgcn-ssl", folder.path());
    let run = folder.path();
    let good = lines(&long_recording(&saved, 16));
    let stream = |arguments: &[&str], input: &str| {
        let output = with_input(embed(run, &[&["--stdin"], arguments].concat()), input);
        let said = text(&output.stderr);
        assert!(!said.contains("panicked"), "{said}");
        (output.status.success(), text(&output.stdout), said)
    };
    for (bad, words) in [
        ("1,2,3", "line 17: 3 numbers, expected 75"),
        (&"0,".repeat(75), "line 17: 76 numbers, expected 75"),
        (
            &("x".to_owned() + &",0".repeat(74)),
            "line 17: number 1 of 75 is `x`",
        ),
        (
            &("inf".to_owned() + &",0".repeat(74)),
            "line 17: number 1 of 75 is `inf`",
        ),
        ("[1, 2", "line 17: EOF while parsing"),
        (
            "[[1, 2, 3]]",
            "line 17: a person of 1 joints, expected [1][25][3] or 75 numbers",
        ),
    ] {
        let input = format!("{good}{bad}\n{good}");
        let (success, out, said) = stream(&[], &input);
        assert!(!success && said.contains(words), "{said}");
        // The window before it is there.
        assert_eq!(out.lines().count(), 2);
        let (success, out, said) = stream(&["--skip-bad"], &input);
        assert!(
            success && said.contains("bad lines passed over: 1"),
            "{said}"
        );
        assert!(said.contains(words), "{said}");
        assert_eq!(out.lines().count(), 3);
        assert!(
            out.lines()
                .last()
                .expect("a window")
                .starts_with("0,1,17,32,")
        );
    }
    for (input, words) in [
        (
            "",
            "no clip to embed in standard input: it has 0 frames, a window 16",
        ),
        (
            good.lines().next().expect("a line"),
            "it has 1 frames, a window 16",
        ),
    ] {
        let (success, out, said) = stream(&[], input);
        assert!(!success && said.contains(words), "{said}");
        assert!(out.is_empty());
    }
    let nowhere = run.join("nowhere");
    let nowhere = nowhere.to_str().expect("text");
    for (arguments, words) in [
        (&[nowhere][..], "nowhere"),
        (
            &["--out", "x.txt"],
            "ends in none of .safetensors, .npy and .csv",
        ),
        (&["--batch", "0"], "above 0"),
        (&["--gallery", "x.csv"], "--query"),
        (&["--gallery", nowhere, "--query", "x"], "nowhere"),
    ] {
        let error = fail(embed(run, arguments));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn cosines_with_another_encoders_embeddings_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [first, second] = ["stgcn-ssl", "stgcnpp-ssl"].map(|name| {
        let run = folder.path().join(name);
        std::fs::create_dir(&run).expect("a folder");
        let saved = saved(name, &run);
        let embedder = Embedder::new(&saved, &Device::flex());
        let clips = figures(&saved).generate().expect("figures");
        embeddings(
            &embedder,
            &recordings(&figures(&saved), clips[..2].to_vec()),
        )
    });
    assert!(first.check_comparable(&first).is_ok());
    let error = first
        .check_comparable(&second)
        .expect_err("another encoder");
    assert!(error.to_string().contains("stgcn"), "{error}");
}

/// The files that `make_embeddings.py` makes with NumPy, safetensors and Python's csv module.
#[test]
fn files_of_python_are_read_and_written_alike() {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/embeddings");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut expected = Embeddings::new(2, None);
    for (name, label, row) in [
        ("plain", Some("walk"), [1.0 / 3.0, -2.5]),
        ("comma, and \"quotes\"", None, [0.0, 1e-42]),
        ("line\nfeed", Some("run, fast"), [-1.0 / 7.0, f32::MAX]),
        ("m\u{fc}ller", Some("m\u{fc}de"), [1e7, -0.0]),
    ] {
        expected.push(name.to_owned(), label.map(str::to_owned), &row);
    }
    for name in ["python.npy", "python.safetensors", "python.csv"] {
        let read = Embeddings::read(&fixtures.join(name)).expect("embeddings");
        assert_eq!(read, expected, "{name}");
        assert_eq!(bits(read.values()), bits(expected.values()), "{name}");
        expected.write(&folder.path().join(name)).expect("a file");
    }
    for name in ["python.npy", "python_names.json", "python.csv"] {
        let bytes = |folder: &Path| std::fs::read(folder.join(name)).expect("a file");
        assert_eq!(bytes(folder.path()), bytes(&fixtures), "{name}");
    }
    // An array as the format defines it, without any reader of ours.
    let bytes = std::fs::read(folder.path().join("python.npy")).expect("a file");
    assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + length]).expect("text");
    assert_eq!(
        header.trim_end(),
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }"
    );
    let numbers = bytes[10 + length..].chunks(4);
    let numbers = numbers.map(|b| u32::from_le_bytes(b.try_into().expect("4 bytes")));
    assert_eq!(numbers.collect::<Vec<_>>(), bits(expected.values()));
}
