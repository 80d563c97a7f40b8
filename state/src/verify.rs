//! Checking a store in use, as far as the caller has time.

use std::ops::ControlFlow;

use primitive_types::{H256, U256};

use crate::{
    account::Account,
    applier::ApplyError,
    checkpoint::{self, Closing},
    disk_error::DiskError,
    journal::scan::{ScanError, ScanMode, scan},
    keccak::EMPTY_TRIE_ROOT,
    open::trie_options,
    read_error::ReadError,
    read_view::ReadView,
    rlp,
    snapshot::{Progress, base, verify_snapshot},
    state::State,
    state_trie::StateTrie,
    trie_root::sorted_trie_root,
};

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyLevel {
    /// The checkpoints, the view's account of itself, and the last block.
    Quick,
    /// Besides, every record in every copy of the journal, the base, and every entry of the view.
    Full,
    /// Besides, the storage root of every account and the state root.
    Root,
}

/// Something that is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A checkpoint file is damaged; the next checkpoint replaces it.
    Checkpoint {
        /// How many.
        count: usize,
    },
    /// Records or headers of the journal are damaged in one copy and intact in another; a repair heals them.
    JournalCopies {
        /// How many.
        count: usize,
    },
    /// Records are damaged in every copy; run a repair.
    JournalRecords {
        /// The first block that cannot be read.
        first: u64,
    },
    /// The journal starts too late to rebuild the view; prune to make a base, or restore a snapshot.
    JournalStart {
        /// The first block in the journal.
        first: u64,
        /// The first block that is needed.
        needed: u64,
    },
    /// The base is damaged; prune to make a new one.
    Base {
        /// What is wrong.
        reason: String,
    },
    /// The entries of the view are not those that were written; reopen to rebuild it.
    View {
        /// What is wrong.
        reason: String,
    },
    /// The storage of an account is not what the account commits to.
    Storage {
        /// Keccak-256 of the address.
        hashed_address: H256,
    },
    /// The accounts have another root than the last block says.
    Root {
        /// The root of the last block.
        expected: H256,
        /// The root of the accounts.
        found: H256,
    },
    /// The last block cannot be read back.
    LastBlock {
        /// What is wrong.
        reason: String,
    },
}

/// A check could not be done.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The view cannot catch up.
    #[error(transparent)]
    View(#[from] ApplyError),
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The journal is of a newer version or of another chain.
    #[error(transparent)]
    Journal(#[from] ScanError),
}

impl State {
    /// Checks the store. Commits wait meanwhile; readers do not.
    ///
    /// # Errors
    ///
    /// When a check cannot be done. What the checks find wrong is in the list returned.
    pub fn verify(
        &self,
        level: VerifyLevel,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Problem>, VerifyError> {
        let Some(tip) = self.tip() else { return Ok(Vec::new()) };
        let mut writer = self.writer();
        writer.applier.checkpoint(Closing::Running)?;
        let mut problems = Vec::new();
        let total = match level {
            VerifyLevel::Quick => 1,
            VerifyLevel::Full => 4,
            VerifyLevel::Root => 5,
        };
        let mut step = |done| progress(Progress { done, total });
        self.verify_last(tip.height, &mut problems)?;
        step(1);
        if level != VerifyLevel::Quick {
            self.verify_journal(&mut problems)?;
            step(2);
            self.verify_base(&mut problems);
            step(3);
            self.verify_view(&mut problems);
            step(4);
        }
        if level == VerifyLevel::Root {
            let view = ReadView::pin(&self.shared, tip.height);
            if let Err(error) = self.verify_roots(&view, tip.state_root, &mut problems) {
                problems.push(Problem::View { reason: error.to_string() });
            }
            step(5);
        }
        Ok(problems)
    }

    fn verify_last(&self, height: u64, problems: &mut Vec<Problem>) -> Result<(), VerifyError> {
        let found = checkpoint::read(
            self.options.disk.as_ref(),
            &self.options.folder,
            self.options.chain_id,
        )?;
        if found.damaged_count > 0 {
            problems.push(Problem::Checkpoint { count: found.damaged_count });
        }
        let has_record = self.shared.recent().at(height).is_some();
        if has_record && let Err(error) = self.block(height) {
            problems.push(Problem::LastBlock { reason: error.to_string() });
        }
        Ok(())
    }

    fn verify_journal(&self, problems: &mut Vec<Problem>) -> Result<(), VerifyError> {
        let found = scan(&self.shared.files, None, ScanMode::LookOnly)?;
        if found.healed_count > 0 {
            problems.push(Problem::JournalCopies { count: found.healed_count });
        }
        let next = self.shared.recent().next_height;
        let base_next = base::newest(&self.options)
            .ok()
            .flatten()
            .map_or(0, |(_, manifest)| manifest.height + 1);
        let first = found
            .segments
            .first()
            .map_or_else(|| next.max(base_next), |segment| segment.first_height);
        if first > base_next {
            problems.push(Problem::JournalStart { first, needed: base_next });
        }
        if !found.segments.is_empty() && found.end.next_height < next {
            problems.push(Problem::JournalRecords { first: found.end.next_height });
        }
        Ok(())
    }

    fn verify_base(&self, problems: &mut Vec<Problem>) {
        let checked =
            base::newest(&self.options).map_err(|error| error.to_string()).and_then(|found| {
                match found {
                    None => Ok(()),
                    Some((folder, _)) => {
                        let threads = self.options.hash_threads;
                        let checked = verify_snapshot(
                            self.options.disk.as_ref(),
                            &folder,
                            None,
                            threads,
                            &|_| (),
                        );
                        checked.map(|_| ()).map_err(|error| error.to_string())
                    }
                }
            });
        if let Err(reason) = checked {
            problems.push(Problem::Base { reason });
        }
    }

    fn verify_view(&self, problems: &mut Vec<Problem>) {
        let view = &self.shared.view;
        let sums = || -> Result<Option<&str>, ReadError> {
            let Some(meta) = view.meta()? else { return Ok(Some("it says nothing about itself")) };
            if view.sum_state(&mut |_, _| ())?.0 != meta.state_fingerprint {
                return Ok(Some("state entries are missing or stale"));
            }
            Ok((view.sum_history()?.0 != meta.history_fingerprint)
                .then_some("history entries are missing or stale"))
        };
        match sums() {
            Ok(None) => {}
            Ok(Some(reason)) => problems.push(Problem::View { reason: reason.to_owned() }),
            Err(error) => problems.push(Problem::View { reason: error.to_string() }),
        }
    }

    fn verify_roots(
        &self,
        view: &ReadView,
        expected: H256,
        problems: &mut Vec<Problem>,
    ) -> Result<(), ReadError> {
        let mut accounts: Vec<(H256, Account)> = Vec::new();
        view.accounts_from(H256::zero(), &mut |key, account| {
            accounts.push((key, account));
            ControlFlow::Continue(())
        })?;
        for (hashed_address, account) in &accounts {
            if storage_root(view, *hashed_address)? != account.storage_root {
                problems.push(Problem::Storage { hashed_address: *hashed_address });
            }
        }
        let found =
            StateTrie::from_accounts(trie_options(&self.options), accounts.into_iter()).root();
        if found != expected {
            problems.push(Problem::Root { expected, found });
        }
        Ok(())
    }
}

fn storage_root(view: &ReadView, hashed_address: H256) -> Result<H256, ReadError> {
    let mut leaves: Vec<(H256, Vec<u8>)> = Vec::new();
    view.storage_of(hashed_address, &mut |key, value: U256| {
        let mut encoded = Vec::with_capacity(33);
        rlp::put_u256(&mut encoded, &value);
        leaves.push((key, encoded));
        ControlFlow::Continue(())
    })?;
    Ok(if leaves.is_empty() { EMPTY_TRIE_ROOT } else { sorted_trie_root(leaves) })
}
