use super::*;

fn embeddings() -> Embeddings {
    let note = EncoderNote {
        encoder: "stgcn-ssl".into(),
        method: "skt".into(),
        trained_on: "synthetic".into(),
        epochs: 3,
        seed: 0,
        stream: "joint".into(),
        preprocess: "centred".into(),
        weights: "ab".into(),
    };
    let mut embeddings = Embeddings::new(3, Some(note));
    let names = [
        ("plain", Some("walk")),
        ("comma, and \"quotes\"", Some("run, fast")),
        ("line\nfeed\r\nand \r", None),
        (" blanks ", Some(" \"x\" ")),
        ("", None),
        ("m\u{fc}ller \u{1f57a}", Some("m\u{fc}de")),
    ];
    for (number, (name, label)) in names.into_iter().enumerate() {
        let row = [number as f32 / 3.0, -1e-42, f32::MAX];
        embeddings.push(name.to_owned(), label.map(str::to_owned), &row);
    }
    embeddings
}

fn bits(embeddings: &Embeddings) -> Vec<u32> {
    embeddings.values().iter().map(|v| v.to_bits()).collect()
}

#[test]
fn all_kinds_of_files_come_back_with_names_that_hold_anything() {
    let folder = tempfile::tempdir().unwrap();
    let written = embeddings();
    for name in ["a.safetensors", "a.npy", "a.csv", "b.CSV"] {
        let path = folder.path().join(name);
        // A file that is there is replaced.
        Embeddings::new(1, None).write(&path).unwrap();
        written.write(&path).unwrap();
        let read = Embeddings::read(&path).unwrap();
        assert_eq!(bits(&read), bits(&written), "{name}");
        assert_eq!(read.names(), written.names(), "{name}");
        assert_eq!(read.labels(), written.labels(), "{name}");
        let known = !name.to_lowercase().ends_with("csv");
        assert_eq!(read.encoder(), written.encoder().filter(|_| known));
    }
    let mut left: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(
        left,
        ["a.csv", "a.npy", "a.safetensors", "a_names.json", "b.CSV"]
    );
}

#[test]
fn files_are_the_same_bytes_every_time() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.safetensors", "a.npy", "a.csv"] {
        let path = folder.path().join(name);
        let write = || {
            embeddings().write(&path).unwrap();
            std::fs::read(&path).unwrap()
        };
        assert_eq!(write(), write(), "{name}");
    }
}

#[test]
fn other_files_are_refused_by_what_they_lack() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let text = Embeddings::read(&path).unwrap_err().to_string();
        assert!(text.contains(name), "{text}");
        text
    };
    for (name, text, words) in [
        (
            "a.csv",
            "name,f0\n",
            "the header begins with `name,f0`, expected `name,label,f0`",
        ),
        ("a.csv", "", "the header begins with ``"),
        (
            "a.csv",
            "name,label,f0\nx,,1\ny,,z\n",
            "line 3: f0 is `z`, expected a number",
        ),
        (
            "a.csv",
            "name,label,f0\nx,,inf\n",
            "feature 0 of clip `x` is inf",
        ),
        ("a.csv", "name,label,f0\nx,,1,2\n", "line: 2"),
        ("a.safetensors", "{}", "no safetensors file"),
        ("a.npy", "{}", "names of its rows are not in"),
        ("a.txt", "", "ends in none of"),
    ] {
        let found = refusal(name, text.as_bytes());
        assert!(found.contains(words), "{found}");
    }
    let path = folder.path().join("b.npy");
    embeddings().write(&path).unwrap();
    let wide = skeleton_data::npy::to_bytes(&[7, 3], &[0.0; 21]);
    assert!(refusal("b.npy", &wide).contains("each of 6 names"));
    let missing = Embeddings::read(&folder.path().join("c.csv"));
    assert!(missing.unwrap_err().to_string().contains("c.csv"));
    assert!(Embeddings::check_path(Path::new("x")).is_err());
}

/// Cutting or changing a byte of a file is an error or other embeddings, never a panic.
#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.safetensors", "a.npy", "a.csv"] {
        let path = folder.path().join(name);
        embeddings().write(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            std::fs::write(&path, &bytes[..at]).unwrap();
            let _ = Embeddings::read(&path);
            let mut changed = bytes.clone();
            changed[at] ^= 0x15;
            std::fs::write(&path, changed).unwrap();
            let _ = Embeddings::read(&path);
        }
    }
}
