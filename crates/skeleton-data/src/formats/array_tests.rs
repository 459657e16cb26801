use super::*;
use crate::mapped::Mapped;

/// An `.npy` of version 1.0.
pub(in crate::formats) fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    with_header(
        &format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}"),
        data,
    )
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16 + 1).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.push(b'\n');
    bytes.extend(data);
    bytes
}

fn array(bytes: &[u8]) -> Result<Array, FileError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    std::fs::write(&path, bytes).unwrap();
    Array::npy(&Span::whole(Mapped::open(&path).unwrap()), "array `a`")
}

#[test]
fn every_element_is_read_as_its_number() {
    let cases: [(&str, &[u8], f32, Option<i64>); 12] = [
        ("<f2", &[0x00, 0xc1], -2.5, None),
        ("<f4", &3.0f32.to_le_bytes(), 3.0, Some(3)),
        ("<f8", &(-7.0f64).to_le_bytes(), -7.0, Some(-7)),
        ("|i1", &[0xff], -1.0, Some(-1)),
        ("|u1", &[0xff], 255.0, Some(255)),
        ("<i2", &[0xfe, 0xff], -2.0, Some(-2)),
        ("<u2", &[0xfe, 0xff], 65534.0, Some(65534)),
        ("<i4", &(-5i32).to_le_bytes(), -5.0, Some(-5)),
        (
            "<u4",
            &u32::MAX.to_le_bytes(),
            4294967300.0,
            Some(4294967295),
        ),
        ("<i8", &(-9i64).to_le_bytes(), -9.0, Some(-9)),
        ("<u8", &9u64.to_le_bytes(), 9.0, Some(9)),
        ("|b1", &[1], 1.0, Some(1)),
    ];
    for (descr, bytes, float, integer) in cases {
        let read = array(&npy(descr, false, "(1,)", bytes)).unwrap();
        assert_eq!(read.item(0), [float], "{descr}");
        assert_eq!(read.integer(0), integer, "{descr}");
        assert_eq!(read.integer(1), None);
    }
}

#[test]
fn fortran_order_gives_the_same_entries_as_c_order() {
    let at = |i: usize, j: usize, k: usize| (100 * i + 10 * j + k) as f32;
    let (mut c, mut f) = (vec![0.0; 24], vec![0.0; 24]);
    for i in 0..2 {
        for j in 0..3 {
            for k in 0..4 {
                c[(i * 3 + j) * 4 + k] = at(i, j, k);
                f[i + 2 * (j + 3 * k)] = at(i, j, k);
            }
        }
    }
    let bytes = |values: &[f32]| {
        values
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<_>>()
    };
    let c_order = array(&npy("<f4", false, "(2, 3, 4)", &bytes(&c))).unwrap();
    let fortran = array(&npy("<f4", true, "(2, 3, 4)", &bytes(&f))).unwrap();
    assert_eq!(fortran.all(), c);
    assert_eq!(c_order.all(), c);
    for item in 0..2 {
        assert_eq!(fortran.item(item), c[item * 12..(item + 1) * 12]);
        assert_eq!(c_order.item(item), fortran.item(item));
    }
}

#[test]
fn headers_of_python_two_and_of_other_key_orders_are_read() {
    for header in [
        "{'shape': (3L, 1L), 'fortran_order': False, 'descr': '<f4'}",
        "{\"descr\": \"<f4\", 'fortran_order':False,'shape':(3,1)}      ",
    ] {
        let read = Header::parse(&with_header(header, &[]), "a").unwrap();
        assert_eq!(read.shape, [3, 1], "{header}");
    }
}

#[test]
fn what_is_no_array_of_numbers_says_what_it_is() {
    let mut version = npy("<f4", false, "(1,)", &[0; 4]);
    version[6] = 9;
    let good = npy("<f4", false, "(2, 2)", &[0; 16]);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "is empty, expected an NPY array"),
        (
            version,
            "is NPY of version 9.0, expected version 1.0, 2.0 or 3.0",
        ),
        (good[..20].to_vec(), "is cut off in its header"),
        (
            good[..good.len() - 3].to_vec(),
            "is 13 bytes of numbers, expected 16 for the shape [2, 2]",
        ),
        (
            [good.as_slice(), b"x"].concat(),
            "is 17 bytes of numbers, expected 16",
        ),
        (
            npy(">f4", false, "(1,)", &[0; 4]),
            "an array of `>f4`, expected little-endian",
        ),
        (npy("|O", false, "(1,)", &[0; 8]), "an array of `|O`"),
        (
            npy("<f4", false, "(4294967296, 4294967296, 4294967296)", &[]),
            "expected more than memory can hold",
        ),
        (
            npy("<f4", false, "(0, 4294967296, 4294967296)", &[]),
            "expected more than memory can hold",
        ),
        (
            npy("<f4", false, "(-1,)", &[]),
            "whose header has no usable `shape`",
        ),
        (
            npy("<f4", false, &"(".repeat(3000), &[]),
            "whose header has no usable `shape`",
        ),
        (
            npy("<f4", false, "(99999999999999999999999,)", &[]),
            "whose header has no usable `shape`",
        ),
        (
            with_header("{'descr': [('a', '<f4')]}", &[]),
            "whose header has no usable `descr`",
        ),
        (
            with_header("{'descr': '<f4'}", &[]),
            "whose header lacks a key",
        ),
        (with_header("3", &[]), "whose header is no dictionary"),
        (
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(),
            "with a header of 4294967295 bytes",
        ),
    ];
    for (bytes, expected) in cases {
        let error = array(&bytes).unwrap_err().to_string();
        assert!(error.starts_with("array `a` is "), "{error}");
        assert!(error.contains(expected), "{error} | {expected}");
    }
}

/// A file that `tests/fixtures/arrays/make.py` wrote.
pub(in crate::formats) fn fixture(name: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("tests/fixtures/arrays").join(name)
}

/// Compares a sequence with the script's recording `n` of `persons` persons; `channels` are those of the coordinates.
pub(in crate::formats) fn assert_recording(
    sequence: &crate::SkeletonSequence,
    n: usize,
    channels: usize,
) {
    let shape = sequence.shape();
    assert_eq!((shape.frames, shape.persons), (3, 2), "{n}");
    let value = |t: usize, m: usize, v: usize, c: usize| match (t, m) {
        (0, 1..) => 0.0,
        _ => ((7 * (n + 1) + 31 * t + 13 * m + 5 * v + 3 * c) % 1021) as f32 / 8.0,
    };
    for t in 0..3 {
        for m in 0..2 {
            assert_eq!(sequence.is_valid(t, m), (t, m) != (0, 1));
            for v in 0..shape.joints {
                let joint = sequence.joint(t, m, v);
                for (c, &found) in joint.iter().enumerate().take(channels) {
                    assert_eq!(found, value(t, m, v, c), "{n} {t} {m} {v} {c}");
                }
                if channels == 2 {
                    assert_eq!(joint[2], value(t, m, v, 0), "score {n} {t} {m} {v}");
                }
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_header_panics(
        text in "[{}()', :0-9LTFa-z_<|4]{0,80}",
        shape in "[0-9, L()]{0,40}",
        noise in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
    ) {
        let _ = Header::parse(&with_header(&text, &noise), "a");
        let bytes = npy("<f4", true, &shape, &noise);
        if let Ok(array) = Array::npy_bytes(&bytes, "a") {
            let _ = array.all();
            for item in 0..array.items().min(3) {
                let _ = array.item(item);
            }
        }
        let _ = Header::parse(&noise, "a");
    }
}
