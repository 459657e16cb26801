//! The JSON form of a layout: everything by joint name.

use serde::{Deserialize, Serialize};

use super::{Layout, LayoutBuilder, LayoutError};

/// The document as written. Pairs are lists here, so that a pair with one name is reported as an unpaired
/// joint and not as a type error of the parser.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayoutForm {
    name: String,
    joints: Vec<String>,
    #[serde(default)]
    edges: Vec<Vec<String>>,
    centre: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bone_root: Option<String>,
    #[serde(default)]
    mirrored: Vec<Vec<String>>,
    #[serde(default)]
    parts: Vec<PartForm>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartForm {
    name: String,
    joints: Vec<String>,
}

pub(super) fn parse(text: &str) -> Result<Layout, LayoutError> {
    let form: LayoutForm = serde_json::from_str(text).map_err(|error| LayoutError::Json {
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })?;
    form.try_into()
}

pub(super) fn write(layout: &Layout) -> String {
    let form = LayoutForm::from(layout.clone());
    // A struct of strings and lists has no value that serde_json refuses.
    serde_json::to_string_pretty(&form).expect("a layout is plain strings")
}

impl TryFrom<LayoutForm> for Layout {
    type Error = LayoutError;

    fn try_from(form: LayoutForm) -> Result<Self, LayoutError> {
        let mut builder = LayoutBuilder::new(form.name.clone());
        for joint in form.joints {
            builder = builder.joint(joint);
        }
        for (edge, names) in form.edges.into_iter().enumerate() {
            let found = names.len();
            let [joint, neighbour]: [String; 2] =
                names.try_into().map_err(|_| LayoutError::EdgeArity {
                    layout: form.name.clone(),
                    edge,
                    found,
                })?;
            builder = builder.edge(joint, neighbour);
        }
        if let Some(centre) = form.centre {
            builder = builder.centre(centre);
        }
        if let Some(root) = form.bone_root {
            builder = builder.bone_root(root);
        }
        for (pair, names) in form.mirrored.into_iter().enumerate() {
            let [left, right]: [String; 2] =
                names
                    .try_into()
                    .map_err(|names| LayoutError::UnpairedMirror {
                        layout: form.name.clone(),
                        pair,
                        names,
                    })?;
            builder = builder.mirror(left, right);
        }
        for part in form.parts {
            builder = builder.part(part.name, part.joints);
        }
        builder.build()
    }
}

impl From<Layout> for LayoutForm {
    fn from(layout: Layout) -> Self {
        let name = |joint: usize| layout.joints[joint].clone();
        let pairs = |pairs: &[(usize, usize)]| {
            pairs
                .iter()
                .map(|&(a, b)| vec![name(a), name(b)])
                .collect::<Vec<_>>()
        };
        Self {
            edges: pairs(&layout.edges),
            centre: Some(name(layout.centre)),
            bone_root: (layout.bone_root != layout.centre).then(|| name(layout.bone_root)),
            mirrored: pairs(&layout.mirrored),
            parts: layout
                .parts
                .iter()
                .map(|(part, joints)| PartForm {
                    name: part.clone(),
                    joints: joints.iter().map(|&joint| name(joint)).collect(),
                })
                .collect(),
            name: layout.name,
            joints: layout.joints,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_survives_a_round_trip() {
        for layout in Layout::PRESETS.map(|name| Layout::preset(name).unwrap()) {
            assert_eq!(Layout::from_json(&layout.to_json()), Ok(layout.clone()));
            let value = serde_json::to_string(&layout).unwrap();
            assert_eq!(serde_json::from_str::<Layout>(&value).unwrap(), layout);
        }
    }

    #[test]
    fn optional_fields_may_be_left_out() {
        let layout = Layout::from_json(r#"{"name":"dot","joints":["a"],"centre":"a"}"#).unwrap();
        assert_eq!(layout.joint_count(), 1);
        assert_eq!(layout.bones(), [(0, 0)]);
    }

    #[test]
    fn broken_documents_are_named_errors() {
        let cases = [
            ("{\n\"name\": 3}", "line 2"),
            ("", "line 1"),
            (r#"{"name":"x","joints":["a"],"center":"a"}"#, "center"),
            (r#"{"name":"x","joints":["a"]}"#, "no centre joint"),
            (
                r#"{"name":"x","joints":["a","b"],"edges":[["a"]],"centre":"a"}"#,
                "edge 0 holds 1 names",
            ),
            (
                r#"{"name":"x","joints":["a","b"],"edges":[["a","b"]],"centre":"a","mirrored":[["a"]]}"#,
                r#"pair 0 holds ["a"]"#,
            ),
        ];
        for (text, expected) in cases {
            let message = Layout::from_json(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn deserialising_validates() {
        let error =
            serde_json::from_str::<Layout>(r#"{"name":"x","joints":["a","a"],"centre":"a"}"#)
                .unwrap_err();
        assert!(error.to_string().contains("declared twice"), "{error}");
    }
}
