use super::*;

fn message(bytes: &[u8]) -> String {
    parse(bytes).unwrap_err().to_string()
}

fn integer(bytes: &[u8]) -> Option<i64> {
    parse(bytes).unwrap().root(bytes).integer()
}

#[test]
fn numbers_of_every_instruction_are_read() {
    let cases: [(&[u8], Option<i64>); 12] = [
        (b"I-12\n.", Some(-12)),
        (b"I01\n.", Some(1)),
        (b"L123L\n.", Some(123)),
        (b"L123456789012345678901L\n.", None),
        (b"J\xff\xff\xff\xff.", Some(-1)),
        (b"K\xff.", Some(255)),
        (b"M\xff\xff.", Some(65535)),
        (b"\x8a\x02\x00\xff.", Some(-256)),
        (b"\x8a\x00.", Some(0)),
        (b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", None),
        (b"\x88.", Some(1)),
        (b"F1.5\n.", None),
    ];
    for (bytes, expected) in cases {
        assert_eq!(integer(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn containers_and_references_are_kept_as_python_keeps_them() {
    // {'a': [1, 2], 'b': the same list, then {3, 4} and (5,) appended to it}
    let bytes = b"\x80\x04}\x94(\x8c\x01a]\x94(K\x01K\x02e\x8c\x01bh\x01uh\x01(\x8f(K\x03K\x04\x90K\x05\x85e0.";
    let tree = parse(bytes).unwrap();
    let root = tree.root(bytes);
    for key in ["a", "b"] {
        let items: Vec<_> = root.get(key).unwrap().items().unwrap().collect();
        assert_eq!(items.len(), 4);
        assert_eq!(items[1].integer(), Some(2));
        assert_eq!(items[2].items().unwrap().len(), 2);
        assert_eq!(items[3].kind(), "a tuple of 1");
    }
    // The last of two values of a key counts.
    let bytes = b"(dVa\nI1\nsVa\nI2\ns.";
    let tree = parse(bytes).unwrap();
    assert_eq!(tree.root(bytes).get("a").unwrap().integer(), Some(2));
    let bytes = b"ccollections\nOrderedDict\n((l(lVa\naI1\naatR.";
    let tree = parse(bytes).unwrap();
    assert_eq!(tree.root(bytes).get("a").unwrap().integer(), Some(1));
    let bytes = b"c__builtin__\nset\n((lI1\natR.";
    assert_eq!(parse(bytes).unwrap().root(bytes).items().unwrap().len(), 1);
}

#[test]
fn a_call_of_the_system_is_refused_by_name_and_without_effect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("touched");
    let command = format!("touch {}", path.display());
    let mut framed = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c".to_vec();
    framed.push(command.len() as u8);
    framed.extend(command.as_bytes());
    framed.extend(b"\x85R.");
    let pickles: [(Vec<u8>, &str); 6] = [
        (
            format!("cos\nsystem\n(S'{command}'\ntR.").into_bytes(),
            "`os.system`",
        ),
        (framed, "`posix.system`"),
        (
            format!("(S'{command}'\nios\nsystem\n.").into_bytes(),
            "`os.system`",
        ),
        (
            format!("(cos\nsystem\nS'{command}'\no.").into_bytes(),
            "`os.system`",
        ),
        (b"csubprocess\nPopen\n(tR.".to_vec(), "`subprocess.Popen`"),
        (
            b"\x80\x02cbuiltins\neval\n)\x81.".to_vec(),
            "`builtins.eval`",
        ),
    ];
    for (pickle, name) in pickles {
        let message = message(&pickle);
        assert!(message.contains(name), "{message}");
        assert!(message.ends_with("(nothing was executed)"), "{message}");
    }
    assert!(!path.exists());
}

#[test]
fn a_class_that_calls_for_its_state_is_refused() {
    let error = message(b"\x80\x02}}b.");
    assert!(
        error.contains("a call of `__setstate__` of a dictionary of 0"),
        "{error}"
    );
    let error = message(b"cnumpy.core.multiarray\n_reconstruct\n(cmy\nArray\n(I0\ntVb\ntR.");
    assert!(error.contains("the name `my.Array`"), "{error}");
}

#[test]
fn cut_off_and_damaged_pickles_say_where() {
    let cases: [(&[u8], &str); 17] = [
        (b"", "is empty"),
        (
            b"\x80\x09.",
            "byte 0 of the pickle is protocol 9, expected 0 to 5",
        ),
        (
            b"X\xff\xff\xff\xffab",
            "is cut off: 2 bytes are left, expected 4294967295 bytes of a text",
        ),
        (
            b"\x8e\xff\xff\xff\xff\xff\xff\xff\xffab",
            "expected 18446744073709551615 bytes of data",
        ),
        (
            b"\x8b\xff\xff\xff\x7f",
            "expected 2147483647 bytes of a whole number",
        ),
        (b"I12", "is cut off in a line, expected its end"),
        (b"Ix\n.", "is `x`, expected a whole number"),
        (
            b"0",
            "is an instruction without its values, expected a value before it",
        ),
        (b"(0N.", ""),
        (
            b"t",
            "is the end of a list that was not begun, expected its begin",
        ),
        (b"N(\x85.", "is an instruction without its values"),
        (
            b"N(NNNd.",
            "is a key without a value, expected pairs of both",
        ),
        (b"NNa.", "is None, expected a list or a set to add to"),
        (b"NNNs.", "is None, expected a dictionary to add to"),
        (
            b"h\x07.",
            "is a reference to value 7, expected one that was remembered before",
        ),
        (
            b"Pid\n.",
            "is a reference to outside the file, expected data",
        ),
        (
            b"\xff",
            "is no instruction: it begins with `.`, expected a pickle of protocols 0 to 5",
        ),
    ];
    for (bytes, expected) in cases {
        match parse(bytes) {
            Ok(_) => assert_eq!(expected, "", "{bytes:?}"),
            Err(error) => assert!(error.to_string().contains(expected), "{error} | {expected}"),
        }
    }
}

#[test]
fn no_prefix_of_a_pickle_and_no_changed_byte_panics() {
    let path = crate::formats::array::tests::fixture("pixels_5.pkl");
    let bytes = std::fs::read(path).unwrap();
    for end in 0..bytes.len() {
        assert!(parse(&bytes[..end]).is_err());
    }
    let options = crate::formats::OpenOptions::default();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let _ = super::super::parse(&damaged, &options);
        }
    }
}

#[test]
fn nesting_without_end_costs_its_bytes_only() {
    // A million tuples in each other, and lists of twice the list before.
    let mut deep = b")".to_vec();
    deep.extend(b"\x85".repeat(1_000_000));
    deep.push(b'.');
    let tree = parse(&deep).unwrap();
    assert_eq!(tree.nodes.len(), 1_000_001);
    assert!(format!("{tree:?}").len() > 1_000_000);
    drop(tree);
    let mut laughs = b"\x80\x04]\x94".to_vec();
    for list in 0..250 {
        laughs.extend(b"]\x94(");
        laughs.extend([b'h', list].repeat(10));
        laughs.push(b'e');
    }
    laughs.push(b'.');
    assert!(parse(&laughs).unwrap().nodes.len() < 300);
    let mut marks = b"(".repeat(5_000_000);
    marks.push(b'.');
    assert!(message(&marks).contains("more than 4194304 open lists"));
}

#[test]
fn one_list_in_many_calls_is_refused() {
    let mut pickle = b"c__builtin__\nset\np0\n0(l".to_vec();
    pickle.extend(b"Na".repeat(5000));
    pickle.extend(b"p1\n0");
    pickle.extend(b"g0\n(g1\ntR".repeat(5000));
    pickle.push(b'.');
    assert!(message(&pickle).contains("one long list in many calls"));
}

proptest::proptest! {
    #[test]
    fn no_sequence_of_instructions_panics(
        pieces in proptest::collection::vec(proptest::sample::select(pieces()), 0..60),
        noise in proptest::collection::vec(proptest::num::u8::ANY, 0..8),
    ) {
        let mut pickle = pieces.concat();
        pickle.extend(noise);
        pickle.push(b'.');
        let _ = super::super::parse(&pickle, &crate::formats::OpenOptions::default());
        let _ = crate::formats::agcn::parse_labels(&pickle, 1);
    }
}

/// Instructions with what follows them, some of which make up recordings.
fn pieces() -> Vec<&'static [u8]> {
    vec![
        b"(",
        b"]",
        b")",
        b"}",
        b"\x8f",
        b"l",
        b"t",
        b"\x85",
        b"\x86",
        b"\x87",
        b"d",
        b"\x91",
        b"a",
        b"e",
        b"s",
        b"u",
        b"\x90",
        b"0",
        b"1",
        b"2",
        b"N",
        b"\x88",
        b"\x89",
        b"K\x02",
        b"K\x00",
        b"I7\n",
        b"I-1\n",
        b"V<\n",
        b"Vf4\n",
        b"Vlatin1\n",
        b"Vkeypoint\n",
        b"Vframe_dir\n",
        b"Vannotations\n",
        b"Vsplit\n",
        b"Vtrain\n",
        b"C\x04abcd",
        b"\x94",
        b"h\x00",
        b"h\x01",
        b"q\x00",
        b"R",
        b"b",
        b"\x81",
        b"o",
        b"\x93",
        b"cnumpy\nndarray\n",
        b"cnumpy\ndtype\n",
        b"c_codecs\nencode\n",
        b"cnumpy.core.multiarray\n_reconstruct\n",
        b"cnumpy._core.multiarray\nscalar\n",
        b"cnumpy.core.numeric\n_frombuffer\n",
        b"ccollections\nOrderedDict\n",
    ]
}
