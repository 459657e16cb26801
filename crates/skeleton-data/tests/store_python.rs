//! A packed store read by Python's safetensors and NumPy. Skipped where `python3` has not both.

use std::process::Command;

use skeleton_data::store::{Dtype, StoreSpec, StoreWriter};
use skeleton_data::synthetic::SyntheticConfig;
use skeleton_data::{Layout, Preprocess};

/// Reads the shard as the module's documentation says, and prints what it found.
const SCRIPT: &str = r#"
import json, sys
from safetensors import safe_open
from safetensors.numpy import load_file
shard = load_file(sys.argv[1])
clips = shard["frames"].reshape(len(shard["lengths"]), -1, *shard["frames"].shape[1:])
ends = shard["name_ends"].astype(int)
names = shard["names"].tobytes()
with safe_open(sys.argv[1], "np") as file:
    layout = json.loads(file.metadata()["layout"])
print(json.dumps({
    "shape": list(clips.shape),
    "dtype": str(clips.dtype),
    "sums": [float(clip.astype("f8").sum()) for clip in clips],
    "labels": shard["labels"].tolist(),
    "names": [names[a:b].decode() for a, b in zip([0, *ends[:-1]], ends)],
    "joints": len(layout["joints"]),
}))
"#;

fn python() -> Command {
    Command::new("python3")
}

#[test]
fn python_reshapes_a_shard_into_its_clips() {
    let check = python()
        .args(["-c", "import numpy, safetensors.numpy"])
        .output();
    if !check.is_ok_and(|check| check.status.success()) {
        println!("skipped: python3 with numpy and safetensors is not installed");
        return;
    }
    let figures = SyntheticConfig {
        clips_per_action: 1,
        ..SyntheticConfig::new(Layout::ntu25())
    };
    let clips = figures.generate().expect("clips");
    for (dtype, numpy) in [(Dtype::F32, "float32"), (Dtype::F16, "float16")] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let spec = StoreSpec {
            format: "synthetic".into(),
            layout: figures.layout.clone(),
            classes: figures.class_names(),
            preprocess: Preprocess::new("none", []),
            splits: vec![],
            dtype,
        };
        let mut writer = StoreWriter::create(folder.path(), spec, 1 << 30).expect("a folder");
        for clip in &clips {
            writer.push(clip, &[]).expect("a clip that fits");
        }
        let store = writer.finish().expect("a store");
        let output = python()
            .args(["-c", SCRIPT])
            .arg(folder.path().join("shard-00000.safetensors"))
            .output()
            .expect("python3 runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        let read: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("the script prints JSON");

        let shape = store.shape(0).expect("a clip");
        let expected = [
            clips.len(),
            shape.frames,
            shape.persons,
            shape.joints,
            shape.channels,
        ];
        assert_eq!(read["shape"], serde_json::json!(expected));
        assert_eq!(read["dtype"], numpy);
        assert_eq!(read["joints"], 25);
        for (i, clip) in clips.iter().enumerate() {
            let stored = store.clip(i).expect("a clip");
            let sum: f64 = stored.frames.iter().map(|&value| f64::from(value)).sum();
            let found = read["sums"][i].as_f64().expect("a number");
            // The two add in another order.
            assert!(
                (found - sum).abs() < 1e-9 * shape.len() as f64,
                "{found} {sum}"
            );
            assert_eq!(read["labels"][i], serde_json::json!(clip.meta().label));
            assert_eq!(read["names"][i], clip.meta().source.as_str());
        }
    }
}
