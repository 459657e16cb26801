//! GIF files, read again.

use super::*;

/// Delays in hundredths of a second, and entries of the palette, of a GIF whose frames are checked for their size.
fn read_gif(bytes: &[u8], style: &Style) -> (Vec<u16>, usize) {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    let mut decoder = options.read_info(bytes).unwrap();
    assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
    let entries = decoder.global_palette().unwrap().len() / 3;
    let mut delays = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!(
            (u32::from(frame.width), u32::from(frame.height)),
            (style.width, style.height)
        );
        assert!(frame.palette.is_none());
        delays.push(frame.delay);
    }
    (delays, entries)
}

#[test]
fn a_gif_lasts_as_long_as_the_sequence_whatever_the_rate() {
    let (clip, layout) = figure(32, 1);
    let mut style = Style {
        width: 48,
        height: 48,
        ..Style::default()
    };
    let (delays, entries) = read_gif(&gif(&clip, &layout, 30.0, &style).unwrap(), &style);
    assert_eq!(delays.len(), 32);
    assert_eq!(delays[..6], [3, 4, 3, 3, 4, 3]);
    assert_eq!(delays.iter().sum::<u16>(), 107);
    // One person: 5 colours of 8 shades and the background, filled up to a power of two.
    assert_eq!(entries, 64);

    // Motion capture: every third frame, as no viewer shows more than 50 a second.
    let (delays, _) = read_gif(&gif(&clip, &layout, 120.0, &style).unwrap(), &style);
    assert_eq!(delays.len(), 11);
    assert_eq!(delays.iter().sum::<u16>(), 27);
    assert!(delays.iter().all(|&delay| delay >= 2));

    style.max_frames = 10;
    let (delays, _) = read_gif(&gif(&clip, &layout, 30.0, &style).unwrap(), &style);
    assert_eq!(delays.len(), 8);
    assert_eq!(delays.iter().sum::<u16>(), 107);
}

#[test]
fn a_gif_shows_what_the_png_shows() {
    let (clip, layout) = figure(2, 2);
    let style = Style::default();
    let bytes = gif(&clip, &layout, 10.0, &style).unwrap();
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes.as_slice()).unwrap();
    for frame in 0..2 {
        let png = decoded(&frame_png(&clip, &layout, frame, &style).unwrap());
        let frame = decoder.read_next_frame().unwrap().unwrap();
        let differences = frame.buffer.iter().zip(png.data());
        let largest = differences.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        // Edges between two bodies have no shade of their own.
        assert!(largest < 90, "{largest}");
        let wrong = frame.buffer.iter().zip(png.data());
        let wrong = wrong.filter(|(a, b)| a.abs_diff(**b) > 16).count();
        assert!(wrong * 100 < png.data().len(), "{wrong}");
    }
}
