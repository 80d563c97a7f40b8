//! The rules of CyberMiles mainnet: Byzantium with shifts, checked arithmetic and the opcodes of the Lity language.
//!
//! | since block | added |
//! |---|---|
//! | 0 | ADD, MUL and SUB halt on overflow; SADD, SSUB, SMUL; ENI; ISVALIDATOR |
//! | 1,321,176 | FMUL, SFMUL, FDIV, SFDIV; SCHEDULE; FREEGAS; RAND |
//!
//! **Deviations** from the original (spec sections 2.3, 2.5), all where it crashed, hung or depended on the machine:
//! a division by zero, too short a stack and arguments of ENI outside of memory are halts; a large power of ten is never
//! computed; native functions are part of the program and have no wall-clock limit.

mod arithmetic;
mod chain;
mod eni;
mod random;

pub(crate) use random::random_word;

use crate::{
    EnvelopeRules, ExtensionOpcode, Halt, OpcodeContext, Revision, Rules, native,
    rules::ConsentScope,
};

/// CyberMiles mainnet's chain id.
pub(crate) const CHAIN_ID: u64 = 18;

/// The first block of Travis 0.1.7, which brought fixed point, free gas, scheduled calls and random values.
pub(crate) const FREE_GAS_HEIGHT: u64 = 1_321_176;

/// What an opcode does.
type Run = fn(&mut OpcodeContext<'_, '_>) -> Result<(), Halt>;

/// Byte, name, words in, words out, gas, first block, meaning (spec section 2.3).
#[rustfmt::skip]
const ROWS: &[(u8, &str, u8, u8, u16, u64, Run)] = &[
    (0x0c, "SADD", 2, 1, 3, 0, arithmetic::signed_add),
    (0x0d, "SSUB", 2, 1, 3, 0, arithmetic::signed_sub),
    (0x0e, "SMUL", 2, 1, 3, 0, arithmetic::signed_mul),
    (0x2a, "FMUL", 3, 1, 8, FREE_GAS_HEIGHT, arithmetic::fixed_mul),
    (0x2b, "SFMUL", 3, 1, 8, FREE_GAS_HEIGHT, arithmetic::signed_fixed_mul),
    (0x2c, "FDIV", 3, 1, 8, FREE_GAS_HEIGHT, arithmetic::fixed_div),
    (0x2d, "SFDIV", 3, 1, 8, FREE_GAS_HEIGHT, arithmetic::signed_fixed_div),
    (0xf5, "ENI", 3, 1, 400, 0, eni::call),
    (0xf6, "ISVALIDATOR", 1, 1, 3, 0, chain::is_validator),
    (0xf7, "SCHEDULE", 3, 0, 3, FREE_GAS_HEIGHT, chain::schedule),
    (0xf8, "FREEGAS", 0, 0, 3, FREE_GAS_HEIGHT, chain::free_gas),
    (0xf9, "RAND", 0, 1, 5, FREE_GAS_HEIGHT, random::random),
];

/// The shifts, which go-ethereum 1.8.12 had before their fork (spec section 2.1).
const SHIFTS: [u8; 3] = [0x1b, 0x1c, 0x1d];

impl Rules {
    /// The rules of CyberMiles mainnet in the block at `height` (chain id 18).
    ///
    /// # Examples
    /// ```
    /// use cybermiles_cvm::Rules;
    /// let names = |height| Rules::travis(height).opcodes().iter().map(|row| row.name).collect::<Vec<_>>();
    /// assert!(names(1_321_175).contains(&"ENI"));
    /// assert!(!names(1_321_175).contains(&"FREEGAS"));
    /// assert!(names(1_321_176).contains(&"FREEGAS"));
    /// ```
    #[must_use]
    pub fn travis(height: u64) -> Self {
        let mut rules = Self::ethereum(Revision::Byzantium);
        rules.envelope = EnvelopeRules::ethereum(Revision::Byzantium, CHAIN_ID);
        rules.consent_scope = ConsentScope::Anywhere;
        rules.table.adopt(Revision::Constantinople, &SHIFTS);
        rules.table.check_arithmetic();
        for &(byte, name, inputs, outputs, gas, since_height, run) in ROWS {
            if since_height <= height {
                let row = ExtensionOpcode { byte, name, inputs, outputs, gas, since_height, run };
                rules = rules.with_opcode(row);
            }
        }
        native::HISTORICAL.iter().fold(rules, |rules, function| rules.with_native(*function))
    }

    /// The same rules, but only consent that the called contract gives in its own frame counts, and a call without it
    /// leaves no effects. For a chain that runs Lity contracts and has no history to repeat.
    #[must_use]
    pub const fn with_strict_consent(mut self) -> Self {
        self.consent_scope = ConsentScope::OwnFrame;
        self
    }
}
