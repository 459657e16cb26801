//! What recordings are called after their files.

use std::path::Path;

/// A file's name without folder and extension.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// A file's path below `root` with `/` and without extension (`walk/a`), or its name when it is all that was opened.
pub(super) fn name_of(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let below = match below.as_os_str().is_empty() {
        true => path.file_name().map(Path::new).unwrap_or(path),
        false => below,
    };
    without_extension(&slashed(below)).to_owned()
}

/// A path with `/` between its parts.
pub(super) fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// The path without what follows the last dot of its file's name.
pub(super) fn without_extension(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[name..].rfind('.') {
        None | Some(0) => path,
        Some(dot) => &path[..name + dot],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths_below_the_root_without_the_last_extension() {
        let cases = [
            ("data", "data/walk/a.b.bvh", "walk/a.b"),
            ("data.zip", "data.zip/in/.hidden", "in/.hidden"),
            ("data/a.csv", "data/a.csv", "a"),
        ];
        for (root, path, name) in cases {
            assert_eq!(name_of(Path::new(root), Path::new(path)), name);
        }
        assert_eq!(stem(Path::new("data/walk/a.b.bvh")), "a.b");
    }
}
