//! SVG text, taken apart.

use super::*;

/// Checks that tags are balanced, attributes quoted and `&` only begins an entity; gives the names of all elements.
pub(super) fn elements(svg: &str) -> Vec<String> {
    let (mut open, mut names) = (Vec::new(), Vec::new());
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        assert!(!text.contains('>'), "{text}");
        let length = rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..at + length];
        rest = &rest[at + length + 1..];
        assert!(
            !tag.contains('<') && tag.matches('"').count().is_multiple_of(2),
            "{tag}"
        );
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let name = tag.trim_end_matches('/').split(' ').next().unwrap();
        names.push(name.to_owned());
        if !tag.ends_with('/') {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.is_empty(), "{open:?} {rest}");
    for (at, _) in svg.match_indices('&') {
        let entity = &svg[at..svg[at..].find(';').unwrap() + at + 1];
        assert!(["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].contains(&entity));
    }
    names
}

#[test]
fn a_moving_svg_has_a_group_for_every_frame_and_is_well_formed() {
    let (clip, layout) = figure(8, 2);
    let text = svg(&clip, &layout, 10.0, &Style::default()).unwrap();
    let names = elements(&text);
    assert_eq!(names.iter().filter(|name| *name == "animate").count(), 8);
    assert_eq!(names.iter().filter(|name| *name == "text").count(), 8);
    // Two persons of three sides, each with bones and joints, and the ground.
    assert_eq!(
        names.iter().filter(|name| *name == "path").count(),
        8 * 12 + 1
    );
    assert!(!names.contains(&"script".to_owned()));
    assert_eq!(text.matches("dur=\"0.800s\"").count(), 8);
    assert!(text.contains("values=\"inline;none\" keyTimes=\"0;0.12500\""));
    assert!(text.contains("values=\"none;inline;none\" keyTimes=\"0;0.12500;0.25000\""));
    assert!(text.contains("values=\"none;inline\" keyTimes=\"0;0.87500\""));
    // Of two bodies with 25 joints each.
    assert!(text.len() < 8 * 4000, "{}", text.len());
}

#[test]
fn a_single_frame_stands_still() {
    let (clip, layout) = figure(1, 1);
    let text = svg(&clip, &layout, 10.0, &Style::default()).unwrap();
    let names = elements(&text);
    assert!(!names.contains(&"animate".to_owned()) && !text.contains("display"));
}

#[test]
fn a_strip_as_svg_cuts_each_frame_off_at_its_edges() {
    let (clip, layout) = figure(8, 1);
    let names = elements(&film_strip_svg(&clip, &layout, 3, &Style::default()).unwrap());
    assert_eq!(names.iter().filter(|name| *name == "svg").count(), 4);
}

#[test]
fn names_are_escaped() {
    let (mut clip, layout) = figure(2, 1);
    clip.meta_mut().source = "</title><script>alert('\"&\u{1}')</script>".into();
    for text in [
        svg(&clip, &layout, 5.0, &Style::default()).unwrap(),
        film_strip_svg(&clip, &layout, 2, &Style::default()).unwrap(),
    ] {
        assert!(!elements(&text).contains(&"script".to_owned()));
        assert!(text.contains(
            "<title>&lt;/title&gt;&lt;script&gt;alert(&#39;&quot;&amp;\u{fffd}&#39;)&lt;/script&gt;</title>"
        ));
    }
}
