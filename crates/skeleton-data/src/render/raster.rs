//! Frames as pixels.

use tiny_skia::{
    Color, FillRule, LineCap, Paint, PathBuilder, Pixmap, PixmapPaint, Stroke, Transform,
};

use super::scene::{Form, Scene};
use super::style::Colour;
use super::{RenderError, digits};

/// Paints one frame, which must be there.
pub(super) fn paint(scene: &Scene, frame: usize) -> Result<Pixmap, RenderError> {
    let style = scene.style;
    let mut canvas = blank(style.width, style.height, style.backdrop())?;
    let thin = (style.bone_width() / 3.0).max(1.0);
    lines(&mut canvas, &scene.ground(), thin, style.ground_colour());
    for mark in scene.marks(frame) {
        let colour = scene.colour(&mark);
        match mark.form {
            Form::Bone(line) => lines(&mut canvas, &[line], style.bone_width(), colour),
            Form::Joint(at) => dot(&mut canvas, at, style.joint_radius(), colour),
        }
    }
    if style.labels {
        let height = style.label_height();
        let number = digits::lines(frame, [height * 0.75; 2], height);
        lines(&mut canvas, &number, height / 8.0, style.label_colour());
    }
    Ok(canvas)
}

/// Paints frames side by side.
pub(super) fn paint_strip(scene: &Scene, frames: &[usize]) -> Result<Pixmap, RenderError> {
    let style = scene.style;
    // At most 64 frames of at most 4096 pixels.
    let width = style.width * frames.len() as u32;
    let mut strip = blank(width, style.height, style.backdrop())?;
    for (place, &frame) in frames.iter().enumerate() {
        strip.draw_pixmap(
            (style.width * place as u32) as i32,
            0,
            paint(scene, frame)?.as_ref(),
            &PixmapPaint::default(),
            Transform::identity(),
            None,
        );
    }
    Ok(strip)
}

/// The picture as a PNG file.
pub(super) fn png(picture: &Pixmap) -> Result<Vec<u8>, RenderError> {
    picture.encode_png().map_err(|error| RenderError::Encode {
        format: "PNG",
        message: error.to_string(),
    })
}

fn blank(width: u32, height: u32, colour: Colour) -> Result<Pixmap, RenderError> {
    let mut canvas = Pixmap::new(width, height).ok_or_else(|| RenderError::Encode {
        format: "pixels",
        message: format!("{width} x {height} pixels cannot be held"),
    })?;
    canvas.fill(Color::from_rgba8(colour.0, colour.1, colour.2, 0xff));
    Ok(canvas)
}

fn paint_of(colour: Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(colour.0, colour.1, colour.2, 0xff);
    paint
}

fn lines(canvas: &mut Pixmap, lines: &[[[f32; 2]; 2]], width: f32, colour: Colour) {
    let mut path = PathBuilder::new();
    for &[from, to] in lines {
        path.move_to(from[0], from[1]);
        path.line_to(to[0], to[1]);
    }
    let stroke = Stroke {
        width,
        line_cap: LineCap::Round,
        ..Stroke::default()
    };
    // No path comes of no lines.
    if let Some(path) = path.finish() {
        canvas.stroke_path(
            &path,
            &paint_of(colour),
            &stroke,
            Transform::identity(),
            None,
        );
    }
}

fn dot(canvas: &mut Pixmap, at: [f32; 2], radius: f32, colour: Colour) {
    if let Some(circle) = PathBuilder::from_circle(at[0], at[1], radius) {
        let (paint, here) = (paint_of(colour), Transform::identity());
        canvas.fill_path(&circle, &paint, FillRule::Winding, here, None);
    }
}
