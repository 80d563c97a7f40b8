//! The value of RAND (spec section 2.4): known to the proposer and to every contract beforehand, so no secret.

use crate::{Halt, OpcodeContext, Word, keccak256};
use alloc::vec::Vec;
use primitive_types::H256;

/// The longest number in groups of seven bits.
const UVARINT_SIZE_MAX: usize = 10;

/// A value from the block's seed, the sender's nonce, the running contract's code and how often the transaction asked.
pub(super) fn random(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    let (origin, address) = (context.origin(), context.address());
    let nonce = context.nonce(&origin)?;
    let code_hash = context.code_hash(&address)?;
    let count = context.next_random_count();
    let value = random_word(&context.host().random_seed(), nonce, &code_hash, count);
    context.set_result(value);
    Ok(())
}

/// Hashes seed (without leading zero bytes), nonce, code hash and count.
pub(crate) fn random_word(seed: &H256, nonce: u64, code_hash: &H256, count: u64) -> Word {
    let mut preimage = Vec::with_capacity(32 + 32 + 2 * UVARINT_SIZE_MAX);
    preimage.extend(seed.0.iter().skip_while(|byte| **byte == 0));
    push_uvarint(&mut preimage, nonce);
    preimage.extend_from_slice(&code_hash.0);
    push_uvarint(&mut preimage, count);
    Word::from_be_bytes(keccak256(&preimage).0)
}

/// Unsigned LEB128.
fn push_uvarint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_specification() {
        let mut seed = H256::zero();
        seed.0[12..].fill(0x11);
        let code_hash = keccak256(&[0x60, 0x00]);
        let rows = [
            (1, 1, "0xdd9e32dc154f2910ff04175301c619d5cd0b6b7716a948032b59ec62d9940a5a"),
            (1, 2, "0x54436fb724307417635704e79f65541f974858dc03a237117bcd81d7d08c6677"),
            (300, 1, "0x2acc55456eeec2dd0c28ac026fd3b7576198b32d075cb5a8516fd77547670005"),
        ];
        for (nonce, count, value) in rows {
            assert_eq!(
                random_word(&seed, nonce, &code_hash, count).to_string(),
                value,
                "nonce {nonce} count {count}"
            );
        }
    }

    #[test]
    fn numbers_are_seven_bits_a_byte() {
        let rows: [(u64, &[u8]); 4] =
            [(0, &[0]), (127, &[127]), (128, &[0x80, 1]), (300, &[0xac, 2])];
        for (value, expected) in rows {
            let mut bytes = Vec::new();
            push_uvarint(&mut bytes, value);
            assert_eq!(bytes, expected);
        }
        let mut bytes = Vec::new();
        push_uvarint(&mut bytes, u64::MAX);
        assert_eq!(bytes.len(), UVARINT_SIZE_MAX);
    }
}
