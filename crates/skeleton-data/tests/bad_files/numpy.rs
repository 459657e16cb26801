//! What NumPy and Python write, by hand: `.npy`, `.npz` and pickles.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An `.npy` of version 1.0.
pub(crate) fn npy(descr: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let shape: String = shape.iter().map(|extent| format!("{extent},")).collect();
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), data].concat()
}

/// A zip archive of these members.
pub(crate) fn npz(members: &[(&'static str, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let method = match deflated {
        true => CompressionMethod::Deflated,
        false => CompressionMethod::Stored,
    };
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A whole pickle of protocol 4.
pub(crate) fn pickle(value: &[u8]) -> Vec<u8> {
    [b"\x80\x04", value, b"."].concat()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [
        b"X",
        &(text.len() as u32).to_le_bytes()[..],
        text.as_bytes(),
    ]
    .concat()
}

pub(crate) fn int(number: i32) -> Vec<u8> {
    [b"J", &number.to_le_bytes()[..]].concat()
}

pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [b"](", &items.concat()[..], b"e"].concat()
}

pub(crate) fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(", &items.concat()[..], b"t"].concat()
}

pub(crate) fn dict(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries = entries.iter();
    let entries: Vec<u8> = entries
        .flat_map(|(key, value)| [text(key), value.clone()].concat())
        .collect();
    [b"}(", &entries[..], b"u"].concat()
}

/// An array as NumPy 2 stores it; `>` before the code makes it big-endian.
pub(crate) fn ndarray(code: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let (order, code) = match code.strip_prefix('>') {
        Some(code) => (">", code),
        None => ("<", code),
    };
    let shape: Vec<_> = shape.iter().map(|&extent| int(extent as i32)).collect();
    let data = [b"B", &(data.len() as u32).to_le_bytes()[..], data].concat();
    [
        b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0tR(K\x01".to_vec(),
        tuple(&shape),
        [
            b"cnumpy\ndtype\n(",
            &text(code)[..],
            b"tR(K\x03",
            &text(order),
            b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb",
        ]
        .concat(),
        b"\x89".to_vec(),
        data,
        b"tb".to_vec(),
    ]
    .concat()
}
