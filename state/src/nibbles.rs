//! Half-bytes of keys, and the compact form of paths in leaf and extension nodes (YP appendix C).

use primitive_types::H256;

/// Nibbles in a 32-byte key.
pub(crate) const KEY_NIBBLES: usize = 64;

/// The nibble of a key at a depth, the most significant first.
#[inline]
pub(crate) fn nibble(key: &[u8], depth: usize) -> usize {
    let byte = key[depth / 2];
    usize::from(if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 })
}

/// The number of leading nibbles that two keys share.
#[inline]
pub(crate) fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    let bytes = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    match (left.get(bytes), right.get(bytes)) {
        (Some(a), Some(b)) if a >> 4 == b >> 4 => bytes * 2 + 1,
        _ => bytes * 2,
    }
}

/// What a compact path ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathKind {
    Extension,
    Leaf,
}

/// Appends the compact form of the nibbles `from..to` of a key.
#[inline]
pub(crate) fn put_compact(out: &mut Vec<u8>, key: &[u8], from: usize, to: usize, kind: PathKind) {
    let flag = match kind {
        PathKind::Extension => 0x00,
        PathKind::Leaf => 0x20,
    };
    if (to - from).is_multiple_of(2) {
        out.push(flag);
    } else {
        out.push(flag | 0x10 | nibble(key, from) as u8);
    }
    let first = from + (to - from) % 2;
    if first.is_multiple_of(2) {
        out.extend_from_slice(&key[first / 2..to / 2]);
    } else {
        out.extend(
            (first..to).step_by(2).map(|at| (nibble(key, at) << 4 | nibble(key, at + 1)) as u8),
        );
    }
}

/// Bytes in the compact form of so many nibbles.
pub(crate) const fn compact_length(nibbles: usize) -> usize {
    nibbles / 2 + 1
}

/// A path in compact form, as found in a proof.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompactPath<'a> {
    bytes: &'a [u8],
    pub(crate) kind: PathKind,
}

impl<'a> CompactPath<'a> {
    /// `None` unless the flags and the padding are canonical.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let kind = if first & 0x20 == 0 { PathKind::Extension } else { PathKind::Leaf };
        let is_odd = first & 0x10 != 0;
        let is_canonical = first < 0x40 && (is_odd || first & 15 == 0);
        is_canonical.then_some(Self { bytes, kind })
    }

    pub(crate) const fn len(&self) -> usize {
        self.bytes.len() * 2 - if self.is_odd() { 1 } else { 2 }
    }

    pub(crate) fn nibble(&self, index: usize) -> usize {
        nibble(self.bytes, index + if self.is_odd() { 1 } else { 2 })
    }

    /// True when the key has these nibbles at a depth.
    pub(crate) fn is_part_of(&self, key: &[u8], depth: usize) -> bool {
        let end = depth + self.len();
        end <= key.len() * 2 && (depth..end).all(|at| nibble(key, at) == self.nibble(at - depth))
    }

    const fn is_odd(&self) -> bool {
        self.bytes[0] & 0x10 != 0
    }
}

/// The part of the key space under one node: all keys that begin with `depth` nibbles of `key`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prefix {
    pub(crate) key: H256,
    pub(crate) depth: usize,
}

impl Prefix {
    /// The whole key space.
    pub(crate) const ROOT: Self = Self { key: H256::zero(), depth: 0 };

    /// The prefix that is one nibble longer.
    pub(crate) fn child(mut self, nibble: usize) -> Self {
        let byte = &mut self.key.0[self.depth / 2];
        *byte |= (if self.depth.is_multiple_of(2) { nibble << 4 } else { nibble }) as u8;
        self.depth += 1;
        self
    }

    /// The lowest key under the node.
    pub(crate) const fn first_key(&self) -> H256 {
        self.key
    }

    /// The highest key under the node.
    pub(crate) fn last_key(&self) -> H256 {
        let mut key = self.key;
        let mut depth = self.depth;
        if !depth.is_multiple_of(2) {
            key.0[depth / 2] |= 15;
            depth += 1;
        }
        key.0[depth / 2..].fill(0xff);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_paths_return_their_nibbles() {
        let key: Vec<u8> = (0..32_u8).map(|i| i.wrapping_mul(37) ^ 11).collect();
        for from in 0..=64 {
            for to in from..=64 {
                for kind in [PathKind::Leaf, PathKind::Extension] {
                    let mut out = Vec::new();
                    put_compact(&mut out, &key, from, to, kind);
                    assert_eq!(out.len(), compact_length(to - from));
                    let path = CompactPath::parse(&out).unwrap();
                    assert_eq!((path.kind, path.len()), (kind, to - from));
                    assert!((from..to).all(|at| path.nibble(at - from) == nibble(&key, at)));
                }
            }
        }
    }

    #[test]
    fn refuses_paths_that_are_not_canonical() {
        for bytes in [&[][..], &[0x40], &[0x01], &[0x2f, 0], &[0x80]] {
            assert!(CompactPath::parse(bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn counts_common_nibbles() {
        for (left, right, expected) in [
            ("12", "12", 2),
            ("12", "13", 1),
            ("12", "22", 0),
            ("1234", "1239", 3),
            ("12", "1234", 2),
        ] {
            let (left, right) = (hex::decode(left).unwrap(), hex::decode(right).unwrap());
            assert_eq!(common_prefix(&left, &right), expected);
        }
    }

    #[test]
    fn prefixes_bound_their_keys() {
        let prefix = Prefix::ROOT.child(0xa).child(0xb).child(0xc);
        assert_eq!(prefix.first_key().0[..3], [0xab, 0xc0, 0]);
        assert_eq!(prefix.last_key().0[..3], [0xab, 0xcf, 0xff]);
        assert_eq!(Prefix::ROOT.last_key(), H256::repeat_byte(0xff));
    }
}
