//! Damaged files for tests.

use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes that mean something to the text formats, and one that is no text.
const BYTES: &[u8] = b"0123456789.-+eENaninul,:;[]{}\"_xyz \t\r\n\xff";

/// The text with up to eight bytes overwritten, put in or taken out, and sometimes cut short.
pub(super) fn damaged(text: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let bytes = text.as_bytes().to_vec();
    let edit = (
        any::<prop::sample::Index>(),
        0..3u8,
        prop::sample::select(BYTES),
    );
    (
        vec(edit, 1..8),
        prop::option::weighted(0.2, any::<prop::sample::Index>()),
    )
        .prop_map(move |(edits, cut)| {
            let mut bytes = bytes.clone();
            for (index, kind, byte) in edits {
                let at = index.index(bytes.len().max(1));
                match kind {
                    _ if bytes.is_empty() => bytes.push(byte),
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    _ => {
                        bytes.remove(at);
                    }
                }
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len() + 1));
            }
            bytes
        })
}
