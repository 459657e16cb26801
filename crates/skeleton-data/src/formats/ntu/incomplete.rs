//! The official lists of NTU RGB+D samples with missing or incomplete skeletons.

use std::sync::LazyLock;

use super::NtuName;

/// The 535 names of NTU RGB+D 120's list, sorted; the first 302 are NTU RGB+D 60's list.
const NAMES: &str = include_str!("incomplete.txt");

static SORTED: LazyLock<Vec<&'static str>> = LazyLock::new(|| NAMES.lines().collect());

/// Whether the data set's authors list this recording among those with missing or incomplete skeletons and
/// ask to leave it out: 302 of NTU RGB+D 60, 535 of NTU RGB+D 120.
///
/// The lists are published with the data set (github.com/shahroudy/NTURGB-D); the smaller is the part of the
/// larger that lies in setups 1 to 17, so one query serves both.
pub fn is_incomplete(name: &NtuName) -> bool {
    SORTED.binary_search(&name.to_string().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_have_the_published_lengths_and_are_found_whole() {
        let names: Vec<NtuName> = NAMES
            .lines()
            .map(|line| NtuName::parse(line).unwrap())
            .collect();
        assert_eq!(names.len(), 535);
        assert!(
            names
                .windows(2)
                .all(|pair| pair[0].to_string() < pair[1].to_string())
        );
        assert!(names.iter().all(is_incomplete));
        assert_eq!(names.iter().filter(|name| name.setup <= 17).count(), 302);
    }

    #[test]
    fn other_names_are_not_on_the_list() {
        for name in [
            "S001C001P001R001A001",
            "S032C003P106R002A120",
            "S001C002P005R002A009",
        ] {
            assert!(!is_incomplete(&NtuName::parse(name).unwrap()), "{name}");
        }
        assert!(is_incomplete(
            &NtuName::parse("S001C002P005R002A008").unwrap()
        ));
    }

    /// The lists as their authors publish them, where the data folder is at hand.
    #[test]
    fn the_built_in_list_equals_the_official_files() {
        let Some(folder) = std::env::var_os("SKELETON_SSL_DATA") else {
            println!("skipped: SKELETON_SSL_DATA is not set");
            return;
        };
        let folder = std::path::Path::new(&folder).join("ntu-rgbd");
        for (file, count) in [
            ("NTU_RGBD_samples_with_missing_skeletons.txt", 302),
            ("NTU_RGBD120_samples_with_missing_skeletons.txt", 535),
        ] {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let mut official: Vec<&str> = text
                .lines()
                .skip(3)
                .filter(|line| !line.is_empty())
                .collect();
            official.sort_unstable();
            let ours: Vec<&str> = NAMES.lines().take(count).collect();
            assert_eq!(ours, official);
        }
    }
}
