//! Making a snapshot of a height, beside the running chain.

use std::{
    num::NonZeroUsize,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use primitive_types::{H256, U256};

use super::{
    CHUNK_BYTES, ChunkEntry, ChunkId, ChunkKind, Manifest, Progress, SnapshotError,
    chunk::{AccountEntry, after, encode_accounts, encode_codes, encode_names, encode_storage},
};
use crate::{
    account::Account,
    disk::{Disk, replace_file},
    disk_error::DiskError,
    fingerprint::Fingerprint,
    keccak::EMPTY_TRIE_ROOT,
    open::trie_options,
    options::Options,
    read_view::ReadView,
    schema::{CODE, LOOKUP, METADATA, STATE_COLUMNS, column_bounds},
    state::State,
    state_trie::StateTrie,
};

pub(crate) const MANIFEST: &str = "manifest";

pub(crate) fn chunk_path(folder: &Path, id: &ChunkId) -> PathBuf {
    let mut name = String::with_capacity(70);
    for byte in id {
        name.push_str(&format!("{byte:02x}"));
    }
    name.push_str(".chunk");
    folder.join(name)
}

impl State {
    /// Writes the snapshot of a height into a folder. Commits go on meanwhile.
    ///
    /// # Errors
    ///
    /// When the height cannot be read or the folder not be written. Chunks written so far are used by the next attempt.
    pub fn create_snapshot(
        &self,
        height: u64,
        folder: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Manifest, SnapshotError> {
        let view = self.at(height)?;
        let block = self.block(height);
        let certificate = block.as_ref().map(|block| block.certificate.clone()).unwrap_or_default();
        let (block_hash, state_root) = match (block, self.tip()) {
            (Ok(block), _) => (block.hash, block.state_root),
            // The block itself may be lost while its state is not.
            (Err(_), Some(tip)) if tip.height == height => (tip.hash, tip.state_root),
            (Err(error), _) => return Err(error.into()),
        };
        let mut manifest = Manifest {
            chain_id: self.options.chain_id,
            height,
            block_hash,
            state_root,
            fingerprint: fingerprint_of(&view)?,
            chunks: Vec::new(),
            certificate,
        };
        let disk = self.options.disk.as_ref();
        disk.create_folder(folder).map_err(DiskError::on("create", folder))?;
        let mut maker = Maker { disk, folder, view: &view, manifest: &mut manifest, progress };
        maker.accounts(&self.options)?;
        maker.codes()?;
        maker.names()?;
        disk.sync_folder(folder).map_err(DiskError::on("sync", folder))?;
        let path = folder.join(MANIFEST);
        replace_file(disk, &path, &manifest.encode()).map_err(DiskError::on("write", &path))?;
        Ok(manifest)
    }
}

fn fingerprint_of(view: &ReadView) -> Result<Fingerprint, SnapshotError> {
    let mut sum = Fingerprint::default();
    for column in STATE_COLUMNS {
        let (start, end) = column_bounds(column);
        view.entries((&start, &end), &mut |key, payload| {
            sum.add(key, payload);
            ControlFlow::Continue(())
        })?;
    }
    Ok(sum)
}

/// The accounts of one chunk.
struct Group {
    accounts: Vec<AccountEntry>,
    /// The last account, when its storage needs chunks of its own.
    large: Option<H256>,
}

struct Maker<'a> {
    disk: &'a dyn Disk,
    folder: &'a Path,
    view: &'a ReadView,
    manifest: &'a mut Manifest,
    progress: &'a mut dyn FnMut(Progress),
}

impl Maker<'_> {
    fn write(&mut self, kind: ChunkKind, bytes: &[u8]) -> Result<(), SnapshotError> {
        let id = *blake3::hash(bytes).as_bytes();
        let size_bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let path = chunk_path(self.folder, &id);
        let present = self.disk.length(&path).map_err(DiskError::on("inspect", &path))?;
        if present != Some(bytes.len() as u64) {
            replace_file(self.disk, &path, bytes).map_err(DiskError::on("write", &path))?;
        }
        self.manifest.chunks.push(ChunkEntry { kind, id, size_bytes });
        (self.progress)(Progress { done: self.manifest.chunks.len() as u64, total: 0 });
        Ok(())
    }

    fn accounts(&mut self, options: &Options) -> Result<(), SnapshotError> {
        let mut accounts: Vec<(H256, Account)> = Vec::new();
        self.view.accounts_from(H256::zero(), &mut |key, account| {
            accounts.push((key, account));
            ControlFlow::Continue(())
        })?;
        let mut trie = StateTrie::from_accounts(trie_options(options), accounts.iter().copied());
        if trie.root() != self.manifest.state_root {
            return Err(SnapshotError::Root {
                found: trie.root(),
                trusted: self.manifest.state_root,
            });
        }
        let mut origin = Some(H256::zero());
        let mut rest = accounts.as_slice();
        while let Some(first) = origin {
            let Group { accounts: group, large } = self.next_group(rest)?;
            let count = NonZeroUsize::new(group.len()).unwrap_or(NonZeroUsize::MIN);
            let proof = trie.prove_account_range(first, count);
            debug_assert!(group.is_empty() || proof.leaves.len() == group.len());
            self.write(ChunkKind::Accounts, &encode_accounts(&proof, &group))?;
            if let Some(account) = large {
                self.large_storage(&mut trie, account)?;
            }
            rest = rest.get(group.len()..).unwrap_or_default();
            origin = group
                .last()
                .filter(|_| !rest.is_empty())
                .and_then(|entry| after(entry.hashed_address));
        }
        Ok(())
    }

    /// Takes accounts until a chunk is full, or until one whose storage needs chunks of its own.
    fn next_group(&self, accounts: &[(H256, Account)]) -> Result<Group, SnapshotError> {
        let mut group = Vec::new();
        let mut bytes = 0;
        for (hashed_address, account) in accounts {
            let mut slots: Option<Vec<(H256, U256)>> = Some(Vec::new());
            let mut slot_bytes = 0;
            if account.storage_root != EMPTY_TRIE_ROOT {
                self.view.storage_of(*hashed_address, &mut |key, value| {
                    slot_bytes += 66;
                    if slot_bytes > CHUNK_BYTES {
                        slots = None;
                        return ControlFlow::Break(());
                    }
                    slots.get_or_insert_default().push((key, value));
                    ControlFlow::Continue(())
                })?;
            }
            let is_large = slots.is_none();
            bytes += 144 + if is_large { 0 } else { slot_bytes };
            group.push(AccountEntry { hashed_address: *hashed_address, slots });
            if is_large {
                return Ok(Group { accounts: group, large: Some(*hashed_address) });
            }
            if bytes >= CHUNK_BYTES {
                break;
            }
        }
        Ok(Group { accounts: group, large: None })
    }

    fn large_storage(&mut self, trie: &mut StateTrie, account: H256) -> Result<(), SnapshotError> {
        let account_proof = trie.prove_account_range(account, NonZeroUsize::MIN);
        let slots_max = NonZeroUsize::new(CHUNK_BYTES / 66).unwrap_or(NonZeroUsize::MIN);
        let mut origin = Some(H256::zero());
        while let Some(first) = origin {
            let slots = trie.prove_storage_range(account, first, slots_max, self.view)?;
            self.write(ChunkKind::Storage, &encode_storage(&account_proof, &slots))?;
            let is_full = slots.leaves.len() == slots_max.get();
            origin = slots.leaves.last().filter(|_| is_full).and_then(|(key, _)| after(*key));
        }
        Ok(())
    }

    fn codes(&mut self) -> Result<(), SnapshotError> {
        let (start, end) = column_bounds(CODE);
        let mut codes: Vec<(H256, Vec<u8>)> = Vec::new();
        self.view.entries((&start, &end), &mut |key, payload| {
            let code_hash = key.get(1..33).map_or_else(H256::zero, H256::from_slice);
            match codes.last_mut() {
                Some((last, code)) if *last == code_hash => code.extend_from_slice(payload),
                _ => codes.push((code_hash, payload.to_vec())),
            }
            ControlFlow::Continue(())
        })?;
        let codes: Vec<(H256, Bytes)> =
            codes.into_iter().map(|(hash, code)| (hash, code.into())).collect();
        for group in groups(&codes, |(_, code)| code.len() + 36) {
            self.write(ChunkKind::Codes, &encode_codes(group))?;
        }
        Ok(())
    }

    fn names(&mut self) -> Result<(), SnapshotError> {
        let mut names: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for column in [METADATA, LOOKUP] {
            let (start, end) = column_bounds(column);
            self.view.entries((&start, &end), &mut |key, payload| {
                names.push((key.to_vec(), payload.to_vec()));
                ControlFlow::Continue(())
            })?;
        }
        for group in groups(&names, |(key, value)| key.len() + value.len() + 6) {
            self.write(ChunkKind::Names, &encode_names(group))?;
        }
        Ok(())
    }
}

/// Cuts a list where the sizes reach a chunk.
fn groups<T>(items: &[T], size: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut groups = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, item) in items.iter().enumerate() {
        bytes += size(item);
        if bytes >= CHUNK_BYTES || index + 1 == items.len() {
            groups.push(items.get(start..=index).unwrap_or_default());
            (start, bytes) = (index + 1, 0);
        }
    }
    groups
}
