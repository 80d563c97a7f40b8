//! Replays the seeds of the fuzz target `opcodes`, and random programs over the opcodes that chains add.

#[path = "../fuzz/opcodes.rs"]
mod opcodes;

use proptest::{collection::vec, prelude::*, sample::select};
use std::fs;

#[test]
fn seeds_of_the_fuzz_target_break_no_law() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/opcodes");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        opcodes::run(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 18, "only {count} seeds in {folder}");
}

/// Opcodes of Lity, and of Ethereum those that feed them.
const OPCODES: [u8; 40] = [
    0x01, 0x02, 0x03, 0x0c, 0x0d, 0x0e, 0x2a, 0x2b, 0x2c, 0x2d, 0xf5, 0xf5, 0xf5, 0xf6, 0xf7, 0xf8,
    0xf9, 0xf9, 0x1b, 0x1c, 0x1d, 0x30, 0x33, 0x51, 0x52, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x59,
    0x5a, 0x5b, 0x80, 0x81, 0x90, 0xf1, 0xfa, 0xf3,
];

/// A PUSH of a word that sits at some limit, or names a function or contract.
fn push() -> impl Strategy<Value = Vec<u8>> {
    let named = |name: &[u8]| [&[0x7f], name, &vec![0; 32 - name.len()][..]].concat();
    let words = vec![
        vec![0x60, 0x00],
        vec![0x60, 0x01],
        vec![0x60, 0x20],
        vec![0x60, 0x40],
        vec![0x60, 0x4d],
        vec![0x60, 0x9b],
        vec![0x61, 0xcc, 0x01],
        vec![0x61, 0xcc, 0x03],
        vec![0x63, 0xb5, 0x3a, 0xd8, 0x0f],
        [&[0x7f][..], &[0xff; 32]].concat(),
        [&[0x7f, 0x80][..], &[0; 31]].concat(),
        named(&[4]),
        named(&[4, 4, 9, 9, 9]),
        named(&[7, 8]),
        named(b"reverse"),
        named(b"scrypt"),
        named(b"json"),
        named(b"rsa_decrypt"),
        named(b"nothing"),
    ];
    select(words)
}

fn program() -> impl Strategy<Value = Vec<u8>> {
    let piece =
        prop_oneof![3 => push(), 2 => select(OPCODES.to_vec()).prop_map(|opcode| vec![opcode])];
    (any::<u8>(), vec(piece, 1..80))
        .prop_map(|(rules, pieces)| [vec![rules], pieces.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn random_programs_break_no_law(program in program()) {
        opcodes::run(&program);
    }
}
