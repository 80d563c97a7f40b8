use alloc::{sync::Arc, vec::Vec};

use super::schedule::Behaviour;
use crate::{
    Driver, DriverConfig, Height, LogEntry, ProposerRotation, Timeouts, ValidatorBits,
    ValidatorIndex, ValueId, VoteGroup, VoteLock, replay, write_frame,
};

/// What all nodes wait for.
pub(super) const TIMEOUTS: Timeouts = Timeouts {
    propose_ms: 600,
    prevote_ms: 300,
    precommit_ms: 300,
    rebroadcast_ms: 1_000,
    growth_ms: 100,
    limit_ms: 3_000,
};

/// A death that has begun: some outputs are still performed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dying {
    pub(super) outputs: u8,
    pub(super) down_us: u64,
    pub(super) torn_bytes: u16,
}

/// A stored block: its commit, when it was decided, and the message that helps others with it.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) commit: VoteGroup,
    pub(super) at_us: u64,
    pub(super) help: Option<u32>,
}

/// A process that holds a validator's key.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) validator: ValidatorIndex,
    pub(super) behaviour: Option<Behaviour>,
    /// The nodes it talks to, by position among the nodes.
    pub(super) peers: ValidatorBits,
    pub(super) driver: Driver,
    pub(super) is_up: bool,
    /// How often it has died: timers of an earlier life mean nothing.
    pub(super) lives: u32,
    /// The part from `synced_count` on is lost in a crash.
    pub(super) log: Vec<LogEntry>,
    pub(super) synced_count: usize,
    pub(super) lock: VoteLock,
    pub(super) chain: Vec<Stored>,
    /// What its application has found valid at this height, in all its lives.
    pub(super) executed: Vec<ValueId>,
    /// Messages for the next height.
    pub(super) early: Vec<u32>,
    pub(super) dying: Option<Dying>,
    /// How many microseconds pass in one of its milliseconds.
    pub(super) clock: u64,
}

impl Node {
    pub(super) fn new(
        validator: ValidatorIndex,
        behaviour: Option<Behaviour>,
        rotation: &Arc<ProposerRotation>,
    ) -> Self {
        let address = rotation.set().members()[validator.as_usize()].address;
        let config = DriverConfig { address: Some(address), timeouts: TIMEOUTS };
        Self {
            validator,
            behaviour,
            peers: ValidatorBits::EMPTY,
            driver: Driver::new(config, Arc::clone(rotation)),
            is_up: true,
            lives: 0,
            log: Vec::new(),
            synced_count: 0,
            lock: VoteLock::new(address),
            chain: Vec::new(),
            executed: Vec::new(),
            early: Vec::new(),
            dying: None,
            clock: 1_000,
        }
    }

    pub(super) fn config(&self) -> DriverConfig {
        DriverConfig { address: Some(self.lock.address()), timeouts: TIMEOUTS }
    }

    /// The height it has to decide next.
    pub(super) fn next_height(&self) -> Height {
        Height::new(self.chain.len() as u64 + 1)
    }

    pub(super) const fn is_honest(&self) -> bool {
        self.behaviour.is_none()
    }

    /// What the disk holds after a crash; none when the log cannot be read.
    pub(super) fn reread_log(&mut self, torn_bytes: u16) -> Option<()> {
        let mut bytes = Vec::new();
        let mut synced_length = 0;
        for (at, entry) in self.log.iter().enumerate() {
            write_frame(at as u64, entry, &mut bytes);
            if at + 1 == self.synced_count {
                synced_length = bytes.len();
            }
        }
        bytes.truncate(synced_length + usize::from(torn_bytes));
        let found = replay(&bytes).ok()?;
        // What was synced is there, whatever the rest.
        let is_whole = found.entries.get(..self.synced_count) == self.log.get(..self.synced_count);
        self.log = found.entries;
        self.synced_count = self.log.len();
        is_whole.then_some(())
    }

    /// Tells whether it can hand out a proposal of this height.
    pub(super) fn has_proposal(&self, proposal: &crate::Proposal) -> bool {
        self.chain.len() as u64 >= proposal.height.as_u64()
            || self.log.iter().any(|entry| match entry {
                LogEntry::Proposal(known) => known.message == *proposal,
                LogEntry::Signed(crate::SignedStatement::Proposal(known)) => {
                    known.message == *proposal
                }
                _ => false,
            })
    }
}
