//! Frames as SVG: text that scales, and moves without scripts (SMIL).

use std::fmt::Write;

use super::RenderError;
use super::scene::{Form, Mark, Scene, Timing};
use super::style::Side;

/// Frames side by side.
pub(super) fn strip(scene: &Scene, frames: &[usize]) -> String {
    let style = scene.style;
    let mut svg = open(scene, u64::from(style.width) * frames.len() as u64);
    for (place, &frame) in frames.iter().enumerate() {
        let left = u64::from(style.width) * place as u64;
        let (width, height) = (style.width, style.height);
        // A picture in the picture cuts off what lies outside of it.
        put(
            &mut svg,
            format_args!("<svg x=\"{left}\" width=\"{width}\" height=\"{height}\">"),
        );
        ground(&mut svg, scene);
        bodies(&mut svg, scene, frame);
        svg.push_str("</svg>");
    }
    close(svg)
}

/// All frames, or as many as the style allows, in turn for ever.
pub(super) fn animated(scene: &Scene, fps: f64) -> Result<String, RenderError> {
    // Screens show no more than their own rate; the limit is the option's.
    let shown = Timing::new(scene.frames(), fps, scene.style, f64::INFINITY)?.shown();
    let mut svg = open(scene, u64::from(scene.style.width));
    ground(&mut svg, scene);
    let duration = shown.last().map_or(0.0, |&(_, _, until)| until);
    for &(frame, from, until) in &shown {
        svg.push_str("<g");
        if shown.len() > 1 {
            put(&mut svg, format_args!(" display=\"none\">"));
            show(&mut svg, from / duration, until / duration, duration);
        } else {
            svg.push('>');
        }
        bodies(&mut svg, scene, frame);
        svg.push_str("</g>");
    }
    Ok(close(svg))
}

/// Shows the group around it from one share of the duration to another.
fn show(svg: &mut String, from: f64, until: f64, duration: f64) {
    let (values, times) = if from <= 0.0 {
        ("inline;none", format!("0;{until:.5}"))
    } else if until >= 1.0 {
        ("none;inline", format!("0;{from:.5}"))
    } else {
        ("none;inline;none", format!("0;{from:.5};{until:.5}"))
    };
    put(
        svg,
        format_args!(
            "<animate attributeName=\"display\" calcMode=\"discrete\" values=\"{values}\" keyTimes=\"{times}\" \
             dur=\"{duration:.3}s\" repeatCount=\"indefinite\"/>"
        ),
    );
}

fn open(scene: &Scene, width: u64) -> String {
    let style = scene.style;
    let height = style.height;
    let title = escaped(&scene.sequence.meta().source);
    let mut svg = String::new();
    put(
        &mut svg,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\"><title>{title}</title>\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\
             <g fill=\"none\" stroke-linecap=\"round\" stroke-width=\"{:.1}\">",
            style.backdrop(),
            style.bone_width(),
        ),
    );
    svg
}

fn close(mut svg: String) -> String {
    svg.push_str("</g></svg>");
    svg
}

fn ground(svg: &mut String, scene: &Scene) {
    let style = scene.style;
    let lines = scene.ground();
    if lines.is_empty() {
        return;
    }
    let (colour, width) = (style.ground_colour(), (style.bone_width() / 3.0).max(1.0));
    put(
        svg,
        format_args!("<path stroke=\"{colour}\" stroke-width=\"{width:.1}\" d=\""),
    );
    lines.iter().for_each(|&line| line_to(svg, line));
    svg.push_str("\"/>");
}

/// The bodies of a frame and its number. The sides of the bodies are painted as wholes, far ones first: marks sorted one
/// by one, as pixels have them, would cost three times the text.
fn bodies(svg: &mut String, scene: &Scene, frame: usize) {
    let style = scene.style;
    let marks = scene.marks(frame);
    let mut groups = Vec::new();
    for person in 0..scene.sequence.shape().persons {
        for side in Side::ALL {
            let group: Vec<&Mark> = marks
                .iter()
                .filter(|mark| mark.person == person && mark.side == side)
                .collect();
            if !group.is_empty() {
                let depth = group.iter().map(|mark| mark.depth).sum::<f64>() / group.len() as f64;
                groups.push((depth, style.colour(person, side), group));
            }
        }
    }
    groups.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, colour, group) in groups {
        let bones = group.iter().filter_map(|mark| match mark.form {
            Form::Bone(line) => Some(line),
            Form::Joint(_) => None,
        });
        let joints = group.iter().filter_map(|mark| match mark.form {
            Form::Joint(at) => Some(at),
            Form::Bone(_) => None,
        });
        let mut path = String::new();
        bones.for_each(|line| line_to(&mut path, line));
        if !path.is_empty() {
            put(
                svg,
                format_args!("<path stroke=\"{colour}\" d=\"{path}\"/>"),
            );
        }
        path.clear();
        // A line of no length with round ends is a dot.
        joints.for_each(|[x, y]| put(&mut path, format_args!("M{x:.1} {y:.1}h0")));
        if !path.is_empty() {
            let width = style.joint_radius() * 2.0;
            put(
                svg,
                format_args!(
                    "<path stroke=\"{colour}\" stroke-width=\"{width:.1}\" d=\"{path}\"/>"
                ),
            );
        }
    }
    if style.labels {
        let (size, colour) = (style.label_height() * 1.4, style.label_colour());
        let (x, y) = (size * 0.5, size * 1.2);
        put(
            svg,
            format_args!(
                "<text x=\"{x:.1}\" y=\"{y:.1}\" font-family=\"sans-serif\" font-size=\"{size:.1}\" \
                 fill=\"{colour}\">{frame}</text>"
            ),
        );
    }
}

fn line_to(path: &mut String, [[x1, y1], [x2, y2]]: [[f32; 2]; 2]) {
    put(path, format_args!("M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}"));
}

fn put(text: &mut String, arguments: std::fmt::Arguments) {
    // Writing into a string cannot fail.
    let _ = text.write_fmt(arguments);
}

/// Text that stands in SVG or HTML, between tags or in an attribute, as itself: special characters as entities, and what XML
/// cannot hold, not even as entities, as U+FFFD. Names come from files of strangers.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
