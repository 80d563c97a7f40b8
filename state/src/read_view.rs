//! The state at one height, for as long as the reader keeps it.

use std::{ops::ControlFlow, sync::Arc};

use primitive_types::{H160, H256, U256};

use crate::{
    account::Account,
    keccak::{EMPTY_CODE_HASH, keccak256},
    key_value::Visitor,
    read_error::{FormError, ReadError},
    schema::{
        ACCOUNT, CODE_PIECE_BYTES, account_key, code_key, column_bounds, lookup_key, metadata_key,
        storage_bounds, storage_key,
    },
    shared::Shared,
    state_trie::{StorageReader, StorageReaderError},
};

/// Reads the state at one height; commits go on beside it and are not seen.
///
/// # Invariants
///
/// The height is not pruned while the view lives.
#[derive(Debug)]
pub struct ReadView {
    shared: Arc<Shared>,
    height: u64,
}

impl ReadView {
    /// Pins a height. `u64::MAX` stands for the state before the first block, and for nothing else.
    pub(crate) fn pin(shared: &Arc<Shared>, height: u64) -> Self {
        shared.pin(height);
        Self { shared: Arc::clone(shared), height }
    }

    /// Returns the height.
    #[must_use]
    pub const fn height(&self) -> u64 {
        self.height
    }

    pub(crate) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.shared.value_at(key, self.height)
    }

    /// Returns an account, `None` when it does not exist.
    ///
    /// # Errors
    ///
    /// When the stored account cannot be read.
    pub fn account(&self, address: H160) -> Result<Option<Account>, ReadError> {
        let key = account_key(&keccak256(address.as_bytes()));
        self.value(&key)?.map(|value| decode_account(&key, &value)).transpose()
    }

    /// Returns the value of a storage slot, zero when it was never written.
    ///
    /// # Errors
    ///
    /// When the stored value cannot be read.
    pub fn storage(&self, address: H160, slot: H256) -> Result<U256, ReadError> {
        let key = storage_key(&keccak256(address.as_bytes()), &keccak256(slot.as_bytes()));
        self.value(&key)?.map_or(Ok(U256::zero()), |value| decode_slot(&key, &value))
    }

    /// Returns the code with this hash, `None` when no account ever had it.
    ///
    /// # Errors
    ///
    /// When the stored code cannot be read.
    pub fn code(&self, code_hash: H256) -> Result<Option<Vec<u8>>, ReadError> {
        if code_hash == EMPTY_CODE_HASH {
            return Ok(Some(Vec::new()));
        }
        let mut code = Vec::new();
        for piece in 0..=u16::MAX {
            match self.value(&code_key(&code_hash, piece))? {
                None if piece == 0 => return Ok(None),
                None => break,
                Some(bytes) => {
                    code.extend_from_slice(&bytes);
                    if bytes.len() < CODE_PIECE_BYTES {
                        break;
                    }
                }
            }
        }
        Ok(Some(code))
    }

    /// Returns an entry of an index.
    ///
    /// # Errors
    ///
    /// When the stored entry cannot be read.
    pub fn lookup(&self, name: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.value(&lookup_key(name))
    }

    /// Returns a named value.
    ///
    /// # Errors
    ///
    /// When the stored value cannot be read.
    pub fn metadata(&self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.value(&metadata_key(name))
    }

    /// Visits the accounts from a hashed address on, in order of hashed address.
    ///
    /// # Errors
    ///
    /// When an entry cannot be read.
    pub fn accounts_from(
        &self,
        hashed_origin: H256,
        visit: &mut dyn FnMut(H256, Account) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let mut trouble = None;
        let (_, end) = column_bounds(ACCOUNT);
        self.shared.scan_at(
            (&account_key(&hashed_origin), &end),
            self.height,
            &mut |key, value| match decode_account(key, value) {
                Ok(account) => visit(last_hash(key), account),
                Err(error) => {
                    trouble = Some(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        trouble.map_or(Ok(()), Err)
    }

    /// Visits the storage of an account, in order of hashed slot; zero slots do not exist.
    ///
    /// # Errors
    ///
    /// When an entry cannot be read.
    pub fn storage_of(
        &self,
        hashed_address: H256,
        visit: &mut dyn FnMut(H256, U256) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let mut trouble = None;
        let (start, end) = storage_bounds(&hashed_address);
        self.shared.scan_at((&start, &end), self.height, &mut |key, value| match decode_slot(
            key, value,
        ) {
            Ok(value) => visit(last_hash(key), value),
            Err(error) => {
                trouble = Some(error);
                ControlFlow::Break(())
            }
        })?;
        trouble.map_or(Ok(()), Err)
    }

    /// Visits raw entries of the view: for exports, which keep keys as they are.
    pub(crate) fn entries(
        &self,
        bounds: (&[u8], &[u8]),
        visit: &mut Visitor<'_>,
    ) -> Result<(), ReadError> {
        self.shared.scan_at(bounds, self.height, visit)
    }
}

impl Drop for ReadView {
    fn drop(&mut self) {
        self.shared.unpin(self.height);
    }
}

impl StorageReader for ReadView {
    fn storage_leaves(
        &self,
        hashed_address: H256,
        visit: &mut dyn FnMut(H256, U256),
    ) -> Result<(), StorageReaderError> {
        self.storage_of(hashed_address, &mut |key, value| {
            visit(key, value);
            ControlFlow::Continue(())
        })
        .map_err(Into::into)
    }
}

/// The hash at the end of an account's or a slot's key.
pub(crate) fn last_hash(key: &[u8]) -> H256 {
    key.last_chunk::<32>().map_or_else(H256::zero, |hash| H256(*hash))
}

pub(crate) fn decode_account(key: &[u8], value: &[u8]) -> Result<Account, ReadError> {
    Account::from_rlp(value)
        .map_err(|source| ReadError::Form { key: key.to_vec(), source: FormError::Rlp(source) })
}

/// A slot is stored as its value without leading zero bytes.
pub(crate) fn decode_slot(key: &[u8], value: &[u8]) -> Result<U256, ReadError> {
    if value.len() > 32 {
        let source = FormError::Field(crate::byte_reader::Malformed { at: 32 });
        return Err(ReadError::Form { key: key.to_vec(), source });
    }
    Ok(U256::from_big_endian(value))
}

pub(crate) fn encode_slot(value: &U256) -> Vec<u8> {
    let bytes = value.to_big_endian();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default().to_vec()
}
