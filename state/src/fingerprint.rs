//! A sum over all entries of a store that does not depend on their order, so that a batch updates it in passing.
//!
//! It finds accidents: entries lost, doubled or stale. Against an adversary the state root is the check.

/// The sum, modulo 2^128, of a 128-bit hash of each entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint(u128);

impl Fingerprint {
    fn of(key: &[u8], payload: &[u8]) -> u128 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&u64::try_from(key.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(key);
        hasher.update(payload);
        let hash = hasher.finalize();
        let mut half = [0; 16];
        half.copy_from_slice(
            hash.as_bytes().first_chunk::<16>().expect("a BLAKE3 hash has 32 bytes"),
        );
        u128::from_le_bytes(half)
    }

    pub(crate) fn add(&mut self, key: &[u8], payload: &[u8]) {
        self.0 = self.0.wrapping_add(Self::of(key, payload));
    }

    pub(crate) fn subtract(&mut self, key: &[u8], payload: &[u8]) {
        self.0 = self.0.wrapping_sub(Self::of(key, payload));
    }

    pub(crate) const fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }
}
