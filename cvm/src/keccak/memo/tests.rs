use alloc::{vec, vec::Vec};

use super::{KeccakMemo, keccak256};

fn bytes(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|index| (index as u8).wrapping_mul(31).wrapping_add(seed)).collect()
}

#[test]
fn memo_returns_what_keccak_returns() {
    let mut memo = KeccakMemo::new();
    for round in 0..3 {
        for length in [0, 1, 19, 20, 21, 24, 31, 32, 33, 63, 64, 65, 136] {
            for seed in 0..=255 {
                let input = bytes(length, seed);
                assert_eq!(memo.keccak256(&input), keccak256(&input), "round {round}");
            }
        }
    }
}

/// Inputs of different lengths with the same leading words must not answer for one another.
#[test]
fn memo_tells_lengths_apart() {
    let mut memo = KeccakMemo::new();
    for byte in [0, 1, 0xff] {
        for _ in 0..2 {
            for length in [64, 20, 32, 24] {
                let input = vec![byte; length];
                assert_eq!(memo.keccak256(&input), keccak256(&input));
            }
        }
    }
}

/// More inputs than entries: places are displaced, answers stay right.
#[test]
fn memo_survives_displacement() {
    let mut memo = KeccakMemo::with_entry_count(1);
    assert_eq!(memo.entry_count, KeccakMemo::ENTRY_COUNT_MIN);
    let input = |number: u32| {
        let mut input = [0; 64];
        input[28..32].copy_from_slice(&number.to_be_bytes());
        input
    };
    for _ in 0..2 {
        for number in 0..10_000 {
            assert_eq!(memo.keccak256(&input(number)), keccak256(&input(number)));
        }
    }
    // It grew when as many inputs were displaced as it had places.
    assert_eq!(memo.entries.len(), KeccakMemo::ENTRY_COUNT_MAX);
}

#[test]
fn memo_keeps_what_was_hashed() {
    let mut memo = KeccakMemo::new();
    let hash = memo.keccak256(&[9; 32]);
    let kept = memo.entries.iter().filter(|entry| entry.word_count != 0).collect::<Vec<_>>();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].hash, hash.0);
    // A wrong hash planted in its place comes back, so the memo was read.
    for entry in &mut memo.entries {
        entry.hash = [1; 32];
    }
    assert_eq!(memo.keccak256(&[9; 32]).0, [1; 32]);
    assert_ne!(memo.keccak256(&[8; 32]).0, [1; 32]);
}

/// Counters in any one word of the input reach at least half of the places that as many random inputs would.
#[test]
fn every_word_of_the_input_spreads() {
    for word in 0..8 {
        let mut memo = KeccakMemo::new();
        for number in 0..4096_u64 {
            let mut input = [0; 64];
            input[8 * word..][..8].copy_from_slice(&number.to_be_bytes());
            memo.keccak256(&input);
        }
        let used = memo.entries.iter().filter(|entry| entry.word_count != 0).count();
        assert!(used > 1300, "word {word} reaches {used} places");
    }
}

#[test]
fn entry_count_is_a_power_of_two_within_bounds() {
    let check =
        |wanted, expected| assert_eq!(KeccakMemo::with_entry_count(wanted).entry_count, expected);
    check(0, 4096);
    check(4096, 4096);
    check(4097, 8192);
    check(32768, 32768);
    check(usize::MAX, 32768);
}
