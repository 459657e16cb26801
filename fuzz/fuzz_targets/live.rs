//! Lines of a stream, of a body of two joints and of two such bodies with times, and the windows that are cut from them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::live::{FrameFormat, FrameLines, Line, SlidingWindow};
use skeleton_ssl_fuzz::check_shape;

fuzz_target!(|bytes: &[u8]| {
    for (persons, timed) in [(1, false), (2, true)] {
        let format = FrameFormat {
            persons,
            joints: 2,
            channels: 3,
            timed,
        };
        let mut windows = SlidingWindow::new(format, 3, 2);
        let mut full = Vec::new();
        let mut last_line = 0;
        for line in FrameLines::new(bytes, format) {
            match line {
                Ok(Line::Frame(frame)) => {
                    assert_eq!(frame.time().is_some(), timed);
                    assert_eq!(frame.present().len(), persons);
                    full.extend(windows.push(frame));
                }
                Ok(Line::End) => full.extend(windows.finish()),
                Err(error) => {
                    assert!(error.line > last_line, "a line is refused once");
                    last_line = error.line;
                    windows.skip();
                }
            }
        }
        full.extend(windows.finish());
        for window in full {
            assert!(window.first <= window.last);
            assert!((1..=3).contains(&window.clip.shape().frames));
            check_shape(&window.clip, persons, 2, 3);
        }
    }
});
