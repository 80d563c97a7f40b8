//! The rules of files that were filled while a fork was a draft.
//!
//! The files of ethereum/tests were filled by retesteth, which was retired before Prague was final. What they call Prague
//! is Cancun with what the draft of that day added: the first form of the BLS12-381 contracts (EIP-2537 of April 2024), or
//! the EVM object format, which no fork ever had.

use super::{format::StateTest, prepare::revision_of, verdict::Verdict};
use crate::{
    Precompile, PrecompileError, PrecompileOutput, Revision, Rules,
    precompiles::{PrecompileFn, at},
};
use primitive_types::H160 as Address;

/// Which rules a case was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Era {
    /// Those of the fork.
    Final(Revision),
    /// Cancun and the draft of EIP-2537.
    DraftOfPrague,
}

impl Era {
    pub(super) fn rules(self) -> Rules {
        match self {
            Self::Final(revision) => Rules::ethereum(revision),
            Self::DraftOfPrague => draft_of_prague(),
        }
    }
}

impl StateTest {
    /// The rules behind a fork's name in this file, or why the case is skipped.
    pub(super) fn era(&self, fork: &str) -> Result<Era, Verdict> {
        let unknown = || Verdict::Skipped(format!("the rules of {fork} are not implemented"));
        let revision = revision_of(fork).ok_or_else(unknown)?;
        let Some(filler) = self.info.filled_by.as_deref().filter(|_| revision >= Revision::Prague)
        else {
            return Ok(Era::Final(revision));
        };
        if self.pre.codes().any(|code| code.starts_with(&[0xef, 0x00])) {
            let why = format!(
                "filled by {filler} for a draft of {fork} with the EVM object format, which no fork has"
            );
            return Err(Verdict::Skipped(why));
        }
        Ok(Era::DraftOfPrague)
    }
}

/// Cancun with nine BLS12-381 contracts at 0x0b to 0x13, at the prices of the draft.
fn draft_of_prague() -> Rules {
    let rows: [(u8, &'static str, PrecompileFn); 9] = [
        (0x0b, "BLS12_G1ADD", |input, gas| run(G1_ADD, 500, input, gas)),
        (0x0c, "BLS12_G1MUL", |input, gas| run(G1_MSM, 12_000, exact(input, G1_PAIR)?, gas)),
        (0x0d, "BLS12_G1MULTIEXP", |input, gas| {
            run(G1_MSM, multiple(input, G1_PAIR, 12_000), input, gas)
        }),
        (0x0e, "BLS12_G2ADD", |input, gas| run(G2_ADD, 800, input, gas)),
        (0x0f, "BLS12_G2MUL", |input, gas| run(G2_MSM, 45_000, exact(input, G2_PAIR)?, gas)),
        (0x10, "BLS12_G2MULTIEXP", |input, gas| {
            run(G2_MSM, multiple(input, G2_PAIR, 45_000), input, gas)
        }),
        (0x11, "BLS12_PAIRING", |input, gas| {
            run(PAIRING, 65_000 + 43_000 * (input.len() as u64 / 384), input, gas)
        }),
        (0x12, "BLS12_MAP_FP_TO_G1", |input, gas| run(MAP_FP_TO_G1, 5_500, input, gas)),
        (0x13, "BLS12_MAP_FP2_TO_G2", |input, gas| run(MAP_FP2_TO_G2, 75_000, input, gas)),
    ];
    rows.into_iter().fold(Rules::ethereum(Revision::Cancun), |rules, (address, name, run)| {
        rules.with_precompile(Precompile {
            name,
            address: Address::from_low_u64_be(address.into()),
            run,
        })
    })
}

/// Where the final contracts are.
const G1_ADD: u64 = 0x0b;
const G1_MSM: u64 = 0x0c;
const G2_ADD: u64 = 0x0d;
const G2_MSM: u64 = 0x0e;
const PAIRING: u64 = 0x0f;
const MAP_FP_TO_G1: u64 = 0x10;
const MAP_FP2_TO_G2: u64 = 0x11;

/// A point and a scalar, in bytes.
const G1_PAIR: usize = 128 + 32;
const G2_PAIR: usize = 256 + 32;

/// Runs a final contract at the draft's price.
fn run(
    address: u64,
    price: u64,
    input: &[u8],
    gas_limit: u64,
) -> Result<PrecompileOutput, PrecompileError> {
    if price > gas_limit {
        return Err(PrecompileError::OutOfGas);
    }
    let contract =
        at(Revision::Prague, Address::from_low_u64_be(address)).ok_or(PrecompileError::OutOfGas)?;
    let PrecompileOutput { output, .. } = (contract.run)(input, u64::MAX)?;
    Ok(PrecompileOutput { gas_used: price, output })
}

fn exact(input: &[u8], length: usize) -> Result<&[u8], PrecompileError> {
    if input.len() == length {
        Ok(input)
    } else {
        Err(PrecompileError::InputLength { found: input.len() })
    }
}

/// The price of several multiplications at once, with the draft's one table of discounts, in thousandths.
fn multiple(input: &[u8], pair: usize, price_of_one: u64) -> u64 {
    let count = input.len() / pair;
    let discount = DISCOUNTS[count.clamp(1, DISCOUNTS.len()) - 1];
    count as u64 * price_of_one * u64::from(discount) / 1000
}

#[rustfmt::skip]
const DISCOUNTS: [u16; 128] = [
    1200, 888, 764, 641, 594, 547, 500, 453, 438, 423, 408, 394, 379, 364, 349, 334, 330, 326, 322, 318, 314, 310, 306, 302,
    298, 294, 289, 285, 281, 277, 273, 269, 268, 266, 265, 263, 262, 260, 259, 257, 256, 254, 253, 251, 250, 248, 247, 245,
    244, 242, 241, 239, 238, 236, 235, 233, 232, 231, 229, 228, 226, 225, 223, 222, 221, 220, 219, 219, 218, 217, 216, 216,
    215, 214, 213, 213, 212, 211, 211, 210, 209, 208, 208, 207, 206, 205, 205, 204, 203, 202, 202, 201, 200, 199, 199, 198,
    197, 196, 196, 195, 194, 193, 193, 192, 191, 191, 190, 189, 188, 188, 187, 186, 185, 185, 184, 183, 182, 182, 181, 180,
    179, 179, 178, 177, 176, 176, 175, 174,
];
