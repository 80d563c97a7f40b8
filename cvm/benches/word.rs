//! The operations of a word beside those of ruint.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use cybermiles_cvm::Word;
use ruint::aliases::U256;

/// How many operand triples each measurement runs through.
const COUNT: usize = 256;

/// Words of the given lengths in bits, the same in every run.
fn words(bits: u32, mut seed: u64) -> Vec<Word> {
    let mut limb = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed ^ (seed >> 29)
    };
    (0..COUNT)
        .map(|_| {
            let word = Word::from_limbs([limb(), limb(), limb(), limb()]);
            (word | Word::ONE.shl_small(255)).shr_small(256 - bits)
        })
        .collect()
}

struct Operands {
    ours: Vec<[Word; 3]>,
    theirs: Vec<[U256; 3]>,
}

fn operands(bits: [u32; 3]) -> Operands {
    let columns = [words(bits[0], 1), words(bits[1], 2), words(bits[2], 3)];
    let ours: Vec<[Word; 3]> =
        (0..COUNT).map(|row| [0, 1, 2].map(|column| columns[column][row])).collect();
    let theirs = ours.iter().map(|row| row.map(|word| U256::from_limbs(word.limbs()))).collect();
    Operands { ours, theirs }
}

fn compare(
    criterion: &mut Criterion,
    name: &str,
    bits: [u32; 3],
    ours: impl Fn([Word; 3]) -> Word,
    theirs: impl Fn([U256; 3]) -> U256,
) {
    let operands = operands(bits);
    let mut group = criterion.benchmark_group(format!("word::{name}"));
    group.throughput(criterion::Throughput::Elements(COUNT as u64));
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            for row in &operands.ours {
                black_box(ours(*black_box(row)));
            }
        });
    });
    group.bench_function("ruint", |bencher| {
        bencher.iter(|| {
            for row in &operands.theirs {
                black_box(theirs(*black_box(row)));
            }
        });
    });
    group.finish();
}

fn arithmetic(c: &mut Criterion) {
    compare(c, "add", [256; 3], |[a, b, _]| a.wrapping_add(b), |[a, b, _]| a.wrapping_add(b));
    compare(c, "sub", [256; 3], |[a, b, _]| a.wrapping_sub(b), |[a, b, _]| a.wrapping_sub(b));
    compare(c, "mul", [256; 3], |[a, b, _]| a.wrapping_mul(b), |[a, b, _]| a.wrapping_mul(b));
    compare(
        c,
        "checked_mul",
        [120, 130, 1],
        |[a, b, _]| a.checked_mul(b).unwrap_or(Word::ZERO),
        |[a, b, _]| a.checked_mul(b).unwrap_or(U256::ZERO),
    );
    compare(
        c,
        "exp/exponent=64",
        [256, 64, 1],
        |[a, b, _]| a.exp(b),
        |[a, b, _]| a.wrapping_pow(b),
    );
    compare(
        c,
        "lt",
        [256; 3],
        |[a, b, _]| Word::from(a < b),
        |[a, b, _]| U256::from_limbs([u64::from(a < b), 0, 0, 0]),
    );
}

fn division(c: &mut Criterion) {
    for (numerator, divisor) in [
        (60, 32),
        (128, 60),
        (256, 32),
        (256, 64),
        (128, 100),
        (256, 128),
        (256, 190),
        (256, 250),
        (256, 256),
    ] {
        let name = format!("div/bits={numerator}:{divisor}");
        compare(
            c,
            &name,
            [numerator, divisor, 1],
            |[a, b, _]| a.div(b),
            |[a, b, _]| a.wrapping_div(b),
        );
        let name = format!("rem/bits={numerator}:{divisor}");
        compare(
            c,
            &name,
            [numerator, divisor, 1],
            |[a, b, _]| a.rem(b),
            |[a, b, _]| a.wrapping_rem(b),
        );
    }
    for bits in [
        [256, 256, 64],
        [256, 256, 128],
        [256, 256, 192],
        [256, 256, 256],
        [250, 250, 256],
        [100, 100, 250],
    ] {
        let [a, b, m] = bits;
        let name = format!("mulmod/bits={a}:{b}:{m}");
        compare(c, &name, bits, |[a, b, m]| a.mulmod(b, m), |[a, b, m]| a.mul_mod(b, m));
        let name = format!("addmod/bits={a}:{b}:{m}");
        compare(c, &name, bits, |[a, b, m]| a.addmod(b, m), |[a, b, m]| a.add_mod(b, m));
    }
}

fn bits(c: &mut Criterion) {
    let amount = |word: U256| word.as_limbs()[0] as usize;
    compare(c, "shl", [256, 8, 1], |[a, b, _]| a.shl(b), |[a, b, _]| a.wrapping_shl(amount(b)));
    compare(c, "shr", [256, 8, 1], |[a, b, _]| a.shr(b), |[a, b, _]| a.wrapping_shr(amount(b)));
    compare(c, "sar", [256, 8, 1], |[a, b, _]| a.sar(b), |[a, b, _]| a.arithmetic_shr(amount(b)));
    compare(
        c,
        "be_bytes",
        [256; 3],
        |[a, _, _]| Word::from_be_bytes(black_box(a.to_be_bytes())),
        |[a, _, _]| U256::from_be_bytes(black_box(a.to_be_bytes::<32>())),
    );
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(100))
        .measurement_time(std::time::Duration::from_millis(200));
    targets = arithmetic, division, bits
}
criterion_main!(benches);
