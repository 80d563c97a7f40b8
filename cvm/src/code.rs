//! Contract code prepared for execution.

use crate::translation::Translation;
use alloc::{boxed::Box, vec, vec::Vec};
use primitive_types::H160;

/// Zero bytes (STOP) kept behind the code, so that the longest PUSH at the very end reads immediates and then stops.
const PADDING: usize = 33;

/// The prefix of a delegation to another account's code (EIP-7702).
const DELEGATION_PREFIX: [u8; 3] = [0xef, 0x01, 0x00];

/// Code with everything that is computed once for it.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The code and [`PADDING`].
    padded: Box<[u8]>,
    /// One bit for each byte of the code; found when first needed.
    jump_destinations: Option<Box<[u64]>>,
    /// Whose code runs instead (EIP-7702).
    delegate: Option<H160>,
    /// The same program for the fast loop, once it proved worth the effort.
    pub(crate) translation: Option<Box<Translation>>,
}

impl Program {
    /// Prepares code; jump destinations are found later, by [`Self::analyse`].
    pub(crate) fn new(code: &[u8]) -> Self {
        let mut padded = Vec::with_capacity(code.len() + PADDING);
        padded.extend_from_slice(code);
        padded.resize(code.len() + PADDING, 0);
        let padded = padded.into_boxed_slice();
        Self { padded, jump_destinations: None, delegate: delegate(code), translation: None }
    }

    /// The code, without padding.
    #[inline]
    pub(crate) fn code(&self) -> &[u8] {
        &self.padded[..self.padded.len() - PADDING]
    }

    /// The code with at least 33 zero bytes behind it.
    #[inline]
    pub(crate) fn padded(&self) -> &[u8] {
        &self.padded
    }

    /// The account whose code runs instead, if the code is a delegation (EIP-7702).
    #[inline]
    pub(crate) const fn delegate(&self) -> Option<H160> {
        self.delegate
    }

    /// Whether the jump destinations are known.
    #[inline]
    pub(crate) const fn is_analysed(&self) -> bool {
        self.jump_destinations.is_some()
    }

    /// Finds the jump destinations, if that was not done before.
    pub(crate) fn analyse(&mut self) {
        if self.jump_destinations.is_none() {
            self.jump_destinations = Some(jump_destinations(self.code()));
        }
    }

    /// Whether `pc` is a JUMPDEST that is not part of a PUSH; false for everything before analysis.
    #[inline]
    pub(crate) fn is_jump_destination(&self, pc: u64) -> bool {
        let Some(bits) = &self.jump_destinations else { return false };
        // The index fits: a pc beyond the code finds no word.
        let word = usize::try_from(pc / 64).ok().and_then(|index| bits.get(index));
        word.is_some_and(|word| word >> (pc % 64) & 1 == 1)
    }

    /// Memory held, for the cache's limit.
    pub(crate) fn size_bytes(&self) -> usize {
        let translation =
            self.translation.as_ref().map_or(0, |translation| translation.size_bytes());
        self.padded.len() + self.padded.len() / 8 + translation + size_of::<Self>()
    }
}

/// One bit for each byte of the code, set where a JUMPDEST is an instruction (YP 9.4.3, function D).
fn jump_destinations(code: &[u8]) -> Box<[u64]> {
    const JUMPDEST: u8 = 0x5b;
    const PUSH1: u8 = 0x60;
    let mut bits = vec![0u64; code.len().div_ceil(64)];
    let mut pc = 0;
    while pc < code.len() {
        // Eight bytes at a time while none of them can be a JUMPDEST or a PUSH.
        while let Some(chunk) = code.get(pc..pc + 8) {
            if has_candidate(u64::from_le_bytes(chunk.try_into().unwrap_or_default())) {
                break;
            }
            pc += 8;
        }
        let end = (pc + 8).min(code.len());
        while pc < end {
            let byte = code[pc];
            if byte == JUMPDEST {
                bits[pc / 64] |= 1 << (pc % 64);
            }
            // PUSH1 ... PUSH32 are 0x60 ... 0x7f.
            pc += if byte & 0xe0 == PUSH1 { usize::from(byte - PUSH1) + 2 } else { 1 };
        }
    }
    bits.into_boxed_slice()
}

/// Whether a byte of the eight lies in 0x40 ... 0x7f: bit 6 set and bit 7 clear.
#[inline]
const fn has_candidate(eight: u64) -> bool {
    eight & !(eight >> 1) & 0x4040_4040_4040_4040 != 0
}

/// The account whose code runs instead, if the code is a delegation (EIP-7702).
fn delegate(code: &[u8]) -> Option<H160> {
    let address = code.strip_prefix(&DELEGATION_PREFIX)?;
    (address.len() == 20).then(|| H160::from_slice(address))
}

/// The code that delegates to `address` (EIP-7702).
pub(crate) fn delegation_to(address: &H160) -> [u8; 23] {
    let mut code = [0; 23];
    code[..3].copy_from_slice(&DELEGATION_PREFIX);
    code[3..].copy_from_slice(address.as_bytes());
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte by byte, after the Yellow Paper.
    fn plain(code: &[u8]) -> Vec<bool> {
        let mut found = vec![false; code.len()];
        let mut pc = 0;
        while pc < code.len() {
            found[pc] = code[pc] == 0x5b;
            pc += if (0x60..=0x7f).contains(&code[pc]) { usize::from(code[pc]) - 0x5e } else { 1 };
        }
        found
    }

    #[test]
    fn destinations_inside_pushes_do_not_count() {
        let codes: [&[u8]; 6] = [
            &[],
            &[0x5b],
            &[0x60, 0x5b, 0x5b],
            &[0x7f, 0x5b],
            &[0x00, 0x01, 0x02, 0x80, 0x81, 0x90, 0xf3, 0x5b, 0x5b, 0x61, 0x5b, 0x5b, 0x5b],
            &[0x80; 100],
        ];
        for code in codes {
            let mut program = Program::new(code);
            program.analyse();
            for (pc, expected) in plain(code).into_iter().enumerate() {
                assert_eq!(program.is_jump_destination(pc as u64), expected, "{code:?} at {pc}");
            }
            assert!(!program.is_jump_destination(code.len() as u64));
            assert!(!program.is_jump_destination(u64::MAX));
        }
    }

    proptest::proptest! {
        #[test]
        fn analysis_equals_the_plain_scan(code: Vec<u8>) {
            let mut program = Program::new(&code);
            program.analyse();
            for (pc, expected) in plain(&code).into_iter().enumerate() {
                proptest::prop_assert_eq!(program.is_jump_destination(pc as u64), expected);
            }
        }
    }

    #[test]
    fn a_delegation_names_its_delegate() {
        let address = H160::repeat_byte(7);
        assert_eq!(delegate(&delegation_to(&address)), Some(address));
        assert_eq!(delegate(&[0xef, 0x01, 0x00]), None);
        assert_eq!(delegate(&[0; 23]), None);
    }
}
