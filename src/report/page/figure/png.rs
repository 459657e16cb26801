use std::sync::{Arc, OnceLock};

use resvg::{tiny_skia, usvg};

/// SVG as a PNG file, `scale` pixels for each of its units.
///
/// Letters are those of the font that is compiled in, so that the same figure gives the same bytes on a machine without fonts.
pub(super) fn png(svg: &str, scale: f32) -> Result<Vec<u8>, String> {
    if !(0.1..=8.0).contains(&scale) {
        return Err(format!("a scale of {scale}, expected 0.1 to 8"));
    }
    let options = usvg::Options {
        fontdb: fonts(),
        font_family: FAMILY.to_owned(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = tree.size();
    let pixels = |length: f32| (length * scale).ceil() as u32;
    let (width, height) = (pixels(size.width()), pixels(size.height()));
    let mut canvas = tiny_skia::Pixmap::new(width, height)
        .ok_or_else(|| format!("{width} x {height} pixels cannot be held"))?;
    let scale = tiny_skia::Transform::from_scale(scale, scale);
    resvg::render(&tree, scale, &mut canvas.as_mut());
    canvas.encode_png().map_err(|error| error.to_string())
}

const FAMILY: &str = "Ubuntu";

fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
        fonts.set_sans_serif_family(FAMILY);
        Arc::new(fonts)
    });
    fonts.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ink(svg: &str) -> usize {
        let png = png(svg, 1.0).unwrap();
        let picture = tiny_skia::Pixmap::decode_png(&png).unwrap();
        let pixels = picture.pixels().iter();
        pixels.filter(|pixel| pixel.alpha() > 0).count()
    }

    #[test]
    fn letters_are_drawn_without_the_machines_fonts() {
        let svg = |text: &str| {
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"20\">\
                 <text font-family=\"Ubuntu,sans-serif\" font-size=\"13\" x=\"2\" y=\"15\">{text}</text></svg>"
            )
        };
        assert_eq!(ink(&svg("")), 0);
        let found = ["Loss", "±·−…"].map(|text| ink(&svg(text)));
        assert!(found.iter().all(|&ink| ink > 20), "{found:?}");
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error() {
        assert!(png("<svg", 1.0).is_err());
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>";
        assert!(png(svg, 0.0).is_err());
        assert!(png(svg, f32::NAN).is_err());
    }
}
