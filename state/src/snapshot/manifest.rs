//! The table of contents of a snapshot.

use bytes::Bytes;
use primitive_types::H256;

use crate::{
    byte_reader::{ByteReader, Malformed, put_long},
    fingerprint::Fingerprint,
    schema::SCHEMA_VERSION,
};

const MAGIC: [u8; 4] = *b"CMSM";

/// The BLAKE3 hash of a chunk's bytes.
pub type ChunkId = [u8; 32];

/// What a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkKind {
    /// Accounts with their storage, but for those with more than fits.
    Accounts,
    /// A part of the storage of one account.
    Storage,
    /// Contract code.
    Codes,
    /// Lookups and metadata. The state root says nothing about them: the manifest's id vouches for them.
    Names,
}

/// A chunk in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkEntry {
    /// What it holds.
    pub kind: ChunkKind,
    /// Its name.
    pub id: ChunkId,
    /// Its length.
    pub size_bytes: u32,
}

/// What a snapshot holds, and of which state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The chain.
    pub chain_id: H256,
    /// The height.
    pub height: u64,
    /// The hash of the block at the height.
    pub block_hash: H256,
    /// The state root after the block.
    pub state_root: H256,
    pub(crate) fingerprint: Fingerprint,
    /// The chunks, in order of their keys.
    pub chunks: Vec<ChunkEntry>,
    /// What proves that the block was decided; opaque, and not part of the id.
    pub certificate: Bytes,
}

/// A manifest cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// There is none.
    #[error("missing")]
    Missing,
    /// Its checksum is wrong.
    #[error("damaged")]
    Damaged,
    /// Its form is wrong.
    #[error(transparent)]
    Form(#[from] Malformed),
    /// It was written by another version of this crate.
    #[error("schema version {found}, this program reads {known}")]
    Version {
        /// Version in the file.
        found: u32,
        /// Version of this crate.
        known: u32,
    },
}

impl Manifest {
    /// Returns what names the snapshot: nodes with the same state have the same id, whatever their certificates.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        *blake3::hash(&self.encode_contents()).as_bytes()
    }

    /// Returns the length of all chunks.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.chunks.iter().map(|chunk| u64::from(chunk.size_bytes)).sum()
    }

    fn encode_contents(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&SCHEMA_VERSION.to_le_bytes());
        out.extend_from_slice(self.chain_id.as_bytes());
        out.extend_from_slice(&self.height.to_le_bytes());
        out.extend_from_slice(self.block_hash.as_bytes());
        out.extend_from_slice(self.state_root.as_bytes());
        out.extend_from_slice(&self.fingerprint.to_bytes());
        out.extend_from_slice(&(self.chunks.len() as u64).to_le_bytes());
        for chunk in &self.chunks {
            out.push(match chunk.kind {
                ChunkKind::Accounts => 0,
                ChunkKind::Storage => 1,
                ChunkKind::Codes => 2,
                ChunkKind::Names => 3,
            });
            out.extend_from_slice(&chunk.id);
            out.extend_from_slice(&chunk.size_bytes.to_le_bytes());
        }
        out
    }

    /// Returns the bytes of the manifest file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.encode_contents();
        put_long(&mut out, &self.certificate);
        let hash = blake3::hash(&out);
        out.extend_from_slice(hash.as_bytes());
        out
    }

    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// `ManifestError` when the bytes are not what `encode` makes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ManifestError> {
        let (body, hash) = bytes.split_last_chunk::<32>().ok_or(ManifestError::Damaged)?;
        if blake3::hash(body).as_bytes() != hash {
            return Err(ManifestError::Damaged);
        }
        let mut reader = ByteReader::new(body);
        if reader.array() != Ok(MAGIC) {
            return Err(ManifestError::Damaged);
        }
        let found = reader.u32()?;
        if found != SCHEMA_VERSION {
            return Err(ManifestError::Version { found, known: SCHEMA_VERSION });
        }
        let mut manifest = Self {
            chain_id: H256(reader.array()?),
            height: reader.u64()?,
            block_hash: H256(reader.array()?),
            state_root: H256(reader.array()?),
            fingerprint: Fingerprint::from_bytes(reader.array()?),
            chunks: Vec::new(),
            certificate: Bytes::new(),
        };
        for _ in 0..reader.u64()? {
            let kind = match reader.u8()? {
                0 => ChunkKind::Accounts,
                1 => ChunkKind::Storage,
                2 => ChunkKind::Codes,
                3 => ChunkKind::Names,
                _ => return Err(reader.malformed().into()),
            };
            manifest.chunks.push(ChunkEntry {
                kind,
                id: reader.array()?,
                size_bytes: reader.u32()?,
            });
        }
        manifest.certificate = Bytes::copy_from_slice(reader.long()?);
        reader.finish()?;
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Manifest {
        let chunk = |kind, byte| ChunkEntry { kind, id: [byte; 32], size_bytes: 4 << 20 };
        Manifest {
            chain_id: H256::repeat_byte(1),
            height: 10_000,
            block_hash: H256::repeat_byte(2),
            state_root: H256::repeat_byte(3),
            fingerprint: Fingerprint::default(),
            chunks: vec![
                chunk(ChunkKind::Accounts, 4),
                chunk(ChunkKind::Storage, 5),
                chunk(ChunkKind::Codes, 6),
            ],
            certificate: Bytes::from_static(b"signatures"),
        }
    }

    #[test]
    fn id_does_not_depend_on_the_certificate() {
        let other = Manifest { certificate: Bytes::new(), ..sample() };
        assert_eq!(sample().id(), other.id());
        assert_ne!(sample().id(), Manifest { height: 9_999, ..sample() }.id());
    }

    #[test]
    fn written_layout_stays_as_it_is() {
        let bytes = sample().encode();
        assert_eq!(bytes.len(), 4 + 4 + 32 + 8 + 32 + 32 + 16 + 8 + 3 * 37 + 4 + 10 + 32);
        assert_eq!(bytes[..8], *b"CMSM\x01\0\0\0");
        assert_eq!(Manifest::decode(&bytes), Ok(sample()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300), keep in 0_usize..140) {
            let mut bytes = sample().encode_contents();
            bytes.truncate(keep);
            bytes.extend_from_slice(&body);
            let hash = blake3::hash(&bytes);
            bytes.extend_from_slice(hash.as_bytes());
            if let Ok(manifest) = Manifest::decode(&bytes) {
                prop_assert_eq!(manifest.encode(), bytes);
            }
        }
    }
}
