//! The form in which blob transactions travel between nodes: with their blobs.

use alloc::vec::Vec;

use bytes::Bytes;
use primitive_types::H256;
use sha2::{Digest, Sha256};

use super::{
    DecodeError, Envelope, RlpError, RlpReader, RlpWriter, in_field, split_type,
    validity::BLOB_HASH_VERSION,
};
use crate::{envelope::UnsignedTransaction, transaction::TransactionKind};

/// Bytes in a blob: 4096 field elements of 32 bytes (EIP-4844).
pub const BLOB_SIZE: usize = 131_072;

/// Proofs for one blob of a version 1 sidecar (EIP-7594 `CELLS_PER_EXT_BLOB`).
const CELLS_PER_BLOB: usize = 128;

/// What the proofs of a sidecar prove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum SidecarVersion {
    /// One proof for each blob (EIP-4844).
    #[default]
    BlobProofs,
    /// One proof for each cell of each extended blob (EIP-7594).
    CellProofs,
}

/// Blobs, their KZG commitments and the proofs, as decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BlobSidecar {
    /// What the proofs prove.
    pub version: SidecarVersion,
    /// The blobs, [`BLOB_SIZE`] bytes each.
    pub blobs: Vec<Bytes>,
    /// One commitment for each blob.
    pub commitments: Vec<[u8; 48]>,
    /// One proof for each blob, or 128.
    pub proofs: Vec<[u8; 48]>,
}

/// Why a sidecar does not belong to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SidecarError {
    /// There is not one blob for each versioned hash.
    #[error("{found} blobs for {expected} versioned hashes")]
    BlobCount {
        /// Versioned hashes of the transaction.
        expected: usize,
        /// Blobs of the sidecar.
        found: usize,
    },
    /// There is not one commitment for each blob.
    #[error("{found} commitments for {expected} blobs")]
    CommitmentCount {
        /// Blobs of the sidecar.
        expected: usize,
        /// Commitments of the sidecar.
        found: usize,
    },
    /// There are too few or too many proofs for the blobs.
    #[error("{found} proofs, expected {expected}")]
    ProofCount {
        /// What the version asks for.
        expected: usize,
        /// Proofs of the sidecar.
        found: usize,
    },
    /// A blob has another size.
    #[error("blob {index} has {found} bytes, expected 131072")]
    BlobSize {
        /// Its place.
        index: usize,
        /// Its size.
        found: usize,
    },
    /// A commitment does not hash to the transaction's versioned hash.
    #[error("commitment {index} hashes to {found:?}, expected {expected:?}")]
    BlobHash {
        /// Its place.
        index: usize,
        /// The transaction's versioned hash.
        expected: H256,
        /// The hash of the commitment.
        found: H256,
    },
}

impl BlobSidecar {
    /// Checks counts, sizes and versioned hashes; the KZG proofs are left to who has the trusted setup.
    ///
    /// # Errors
    /// When the sidecar cannot belong to a transaction with these hashes.
    pub fn check(&self, blob_hashes: &[H256]) -> Result<(), SidecarError> {
        let expected = blob_hashes.len();
        if self.blobs.len() != expected {
            return Err(SidecarError::BlobCount { expected, found: self.blobs.len() });
        }
        if self.commitments.len() != expected {
            return Err(SidecarError::CommitmentCount { expected, found: self.commitments.len() });
        }
        let proof_count = match self.version {
            SidecarVersion::BlobProofs => expected,
            SidecarVersion::CellProofs => expected * CELLS_PER_BLOB,
        };
        if self.proofs.len() != proof_count {
            return Err(SidecarError::ProofCount {
                expected: proof_count,
                found: self.proofs.len(),
            });
        }
        for (index, blob) in self.blobs.iter().enumerate() {
            if blob.len() != BLOB_SIZE {
                return Err(SidecarError::BlobSize { index, found: blob.len() });
            }
        }
        for (index, (commitment, expected)) in self.commitments.iter().zip(blob_hashes).enumerate()
        {
            let found = Self::versioned_hash(commitment);
            if found != *expected {
                return Err(SidecarError::BlobHash { index, expected: *expected, found });
            }
        }
        Ok(())
    }

    /// Returns the versioned hash of a commitment: SHA-256 with the first byte replaced (EIP-4844).
    #[must_use]
    pub fn versioned_hash(commitment: &[u8; 48]) -> H256 {
        let mut hash = H256(Sha256::digest(commitment).into());
        hash.0[0] = BLOB_HASH_VERSION;
        hash
    }

    fn read(fields: &mut RlpReader<'_>) -> Result<Self, DecodeError> {
        let version = if fields.is_list_next() {
            SidecarVersion::BlobProofs
        } else {
            match fields.read_u64().map_err(in_field("wrapperVersion"))? {
                1 => SidecarVersion::CellProofs,
                found => return Err(DecodeError::SidecarVersion { found }),
            }
        };
        Ok(Self {
            version,
            blobs: read_blobs(fields).map_err(in_field("blobs"))?,
            commitments: read_points(fields).map_err(in_field("commitments"))?,
            proofs: read_points(fields).map_err(in_field("proofs"))?,
        })
    }

    fn write(&self, list: &mut RlpWriter) {
        match self.version {
            SidecarVersion::BlobProofs => {}
            SidecarVersion::CellProofs => list.write_u64(1),
        }
        list.write_list(|list| self.blobs.iter().for_each(|blob| list.write_bytes(blob)));
        list.write_list(|list| self.commitments.iter().for_each(|point| list.write_bytes(point)));
        list.write_list(|list| self.proofs.iter().for_each(|point| list.write_bytes(point)));
    }
}

fn read_blobs(fields: &mut RlpReader<'_>) -> Result<Vec<Bytes>, RlpError> {
    let mut list = fields.read_list()?;
    let mut blobs = Vec::new();
    while !list.is_empty() {
        let blob = list.read_bytes()?;
        if blob.len() != BLOB_SIZE {
            return Err(RlpError::WrongLength { expected: BLOB_SIZE, found: blob.len() });
        }
        blobs.push(Bytes::copy_from_slice(blob));
    }
    Ok(blobs)
}

fn read_points(fields: &mut RlpReader<'_>) -> Result<Vec<[u8; 48]>, RlpError> {
    let mut list = fields.read_list()?;
    let mut points = Vec::new();
    while !list.is_empty() {
        points.push(list.read_array()?);
    }
    Ok(points)
}

/// A transaction as nodes gossip it: a blob transaction brings its sidecar, every other type is as in a block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NetworkEnvelope {
    /// The transaction.
    pub envelope: Envelope,
    /// Its blobs; `None` for other types, and for a blob transaction in canonical form.
    pub sidecar: Option<BlobSidecar>,
}

impl NetworkEnvelope {
    /// Decodes a transaction with or without a sidecar, of either version.
    ///
    /// # Errors
    /// When `bytes` are anything but the canonical encoding of one transaction.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (kind, mut document) = split_type(bytes)?;
        let mut outer = document.read_list().map_err(in_field("transaction"))?;
        document.finish().map_err(in_field("transaction"))?;
        if kind != TransactionKind::Blob || !outer.is_list_next() {
            return Ok(Self { envelope: Envelope::read(kind, outer)?, sidecar: None });
        }
        let fields = outer.read_list().map_err(in_field("transaction"))?;
        let envelope = Envelope::read(kind, fields)?;
        let sidecar = BlobSidecar::read(&mut outer)?;
        outer.finish().map_err(in_field("transaction"))?;
        Ok(Self { envelope, sidecar: Some(sidecar) })
    }

    /// Encodes with the sidecar; a sidecar of another type than blob is not written.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match (&self.sidecar, &self.envelope.unsigned) {
            (Some(sidecar), UnsignedTransaction::Blob(_)) => {
                let mut writer = self.envelope.unsigned.writer();
                writer.write_list(|outer| {
                    outer.write_list(|list| self.envelope.write(list));
                    sidecar.write(outer);
                });
                writer.into_bytes()
            }
            _ => self.envelope.encode(),
        }
    }
}
