//! Keccak-256 as Ethereum uses it: one message at a time here, many at a time in [`LaneQueue`].

mod lane_queue;
mod lanes;
mod permutation;

use primitive_types::H256;

pub(crate) use self::{lane_queue::LaneQueue, lanes::Backend};

/// Keccak-256 of no bytes: the code hash of an account without code.
pub const EMPTY_CODE_HASH: H256 = H256([
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70,
]);

/// Root of a trie without leaves: keccak-256 of the empty byte string's RLP.
pub const EMPTY_TRIE_ROOT: H256 = H256([
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
    0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21,
]);

/// Bytes absorbed before each permutation.
pub(crate) const RATE: usize = 136;

/// The keccak-256 of a message.
#[must_use]
pub fn keccak256(message: &[u8]) -> H256 {
    let mut state = [0; 25];
    let mut blocks = message.chunks_exact(RATE);
    for block in &mut blocks {
        permutation::absorb(&mut state, block);
    }
    let rest = blocks.remainder();
    let mut last = [0; RATE];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x01;
    last[RATE - 1] |= 0x80;
    permutation::absorb(&mut state, &last);
    H256(permutation::squeeze(&state))
}

/// The keccak-256 of each message: several at once where the processor can.
#[must_use]
pub fn keccak256_many(messages: &[impl AsRef<[u8]>]) -> Vec<H256> {
    let mut digests = vec![H256::zero(); messages.len()];
    let mut queue = LaneQueue::new(Backend::detect());
    let mut sink = |ticket: u32, digest| digests[ticket as usize] = H256(digest);
    for (ticket, message) in messages.iter().enumerate() {
        queue.push(ticket as u32, message.as_ref(), &mut sink);
    }
    queue.finish(&mut sink);
    digests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_equal_one_by_one() {
        let messages: Vec<Vec<u8>> =
            (0..1500).step_by(7).map(|length| vec![length as u8; length]).collect();
        let expected: Vec<H256> = messages.iter().map(|message| keccak256(message)).collect();
        assert_eq!(keccak256_many(&messages), expected);
    }

    #[test]
    fn hashes_known_messages() {
        assert_eq!(keccak256(&[]), EMPTY_CODE_HASH);
        assert_eq!(keccak256(&[0x80]), EMPTY_TRIE_ROOT);
        // The selector of the ERC-20 `transfer` function is public knowledge.
        assert_eq!(keccak256(b"transfer(address,uint256)").0[..4], [0xa9, 0x05, 0x9c, 0xbb]);
    }
}
