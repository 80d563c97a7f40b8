//! What executes: opcodes, prices, limits and precompiled contracts, as one value.

use crate::{
    EnvelopeRules, ExtensionOpcode, NativeFunction, Opcode, Precompile, Revision, SystemContract,
    gas::Schedule, native::NativeTable, opcode::OpcodeTable, precompile_table::PrecompileTable,
    precompiles,
};

/// The rules of a chain at one height.
///
/// Rules are tables: an Ethereum [`Revision`] to start from, and rows that a chain adds or replaces.
///
/// # Examples
/// ```
/// use cybermiles_cvm::{Revision, Rules};
/// let rules = Rules::ethereum(Revision::Osaka).with_chain_id(18);
/// assert_eq!(rules.opcode(0x5f).unwrap().name, "PUSH0");
/// ```
#[derive(Clone, Debug)]
pub struct Rules {
    pub(crate) revision: Revision,
    pub(crate) envelope: EnvelopeRules,
    pub(crate) table: OpcodeTable,
    pub(crate) schedule: Schedule,
    pub(crate) precompiles: PrecompileTable,
    pub(crate) checks: Checks,
    pub(crate) consent_scope: ConsentScope,
    pub(crate) natives: NativeTable,
}

/// Which consent of the paying contract counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentScope {
    /// Given by the transaction's own frame, and not reverted.
    OwnFrame,
    /// Given by any frame, reverted or not (spec section 3.4).
    Anywhere,
}

/// Which checks of a transaction's envelope are made; all of them unless a tool simulates a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checks {
    /// The nonce must be the sender's.
    pub(crate) nonce: bool,
    /// The gas limit must fit into the block's.
    pub(crate) block_gas_limit: bool,
    /// The sender must not be a contract (EIP-3607).
    pub(crate) sender_code: bool,
}

impl Rules {
    /// The rules of an Ethereum revision, with chain id 1.
    #[must_use]
    pub fn ethereum(revision: Revision) -> Self {
        Self {
            revision,
            envelope: EnvelopeRules::ethereum(revision, 1),
            table: OpcodeTable::ethereum(revision),
            schedule: Schedule::ethereum(revision),
            precompiles: PrecompileTable::new(precompiles::for_revision(revision)),
            checks: Checks { nonce: true, block_gas_limit: true, sender_code: true },
            consent_scope: ConsentScope::OwnFrame,
            natives: NativeTable::default(),
        }
    }

    /// The same rules for another chain.
    #[must_use]
    pub const fn with_chain_id(mut self, chain_id: u64) -> Self {
        self.envelope.chain_id = chain_id;
        self
    }

    /// The same rules with an opcode added or replaced.
    #[must_use]
    pub fn with_opcode(mut self, opcode: ExtensionOpcode) -> Self {
        self.table.insert_extension(opcode, self.revision);
        self
    }

    /// The same rules with a precompiled contract added or replaced.
    #[must_use]
    pub fn with_precompile(mut self, precompile: Precompile) -> Self {
        self.precompiles.insert(precompile);
        self
    }

    /// The same rules with a system contract added or replaced.
    #[must_use]
    pub fn with_system_contract(mut self, contract: SystemContract) -> Self {
        self.precompiles.insert_system(contract);
        self
    }

    /// The same rules with a native function added or replaced.
    #[must_use]
    pub fn with_native(mut self, function: NativeFunction) -> Self {
        self.natives.insert(function);
        self
    }

    /// The same rules with another limit on the size of contract code, in bytes; creation code may be twice as long.
    #[must_use]
    pub const fn with_code_size_max(mut self, size_bytes: usize) -> Self {
        self.schedule.code_size_max = size_bytes;
        if self.schedule.init_code_size_max != usize::MAX {
            self.schedule.init_code_size_max = size_bytes.saturating_mul(2);
            self.envelope.init_code_size_max = size_bytes.saturating_mul(2);
        }
        self
    }

    /// The same rules for simulated calls: nonce, block gas limit and the sender's code are not checked.
    #[must_use]
    pub const fn for_simulation(mut self) -> Self {
        self.checks = Checks { nonce: false, block_gas_limit: false, sender_code: false };
        self
    }

    /// The Ethereum revision that these rules start from.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// The chain id of replay protection (EIP-155) and CHAINID.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.envelope.chain_id
    }

    /// The meaning of an opcode byte, if it has one.
    #[must_use]
    pub fn opcode(&self, byte: u8) -> Option<&Opcode> {
        self.table.row(byte)
    }

    /// Every precompiled contract, ordered by address.
    #[must_use]
    pub fn precompiles(&self) -> &[Precompile] {
        self.precompiles.entries()
    }

    /// Every system contract, ordered by address.
    #[must_use]
    pub fn system_contracts(&self) -> &[SystemContract] {
        self.precompiles.system()
    }

    /// Every native function, ordered by name.
    #[must_use]
    pub fn natives(&self) -> &[NativeFunction] {
        self.natives.entries()
    }

    /// Every opcode, ordered by byte.
    #[must_use]
    pub fn opcodes(&self) -> &[Opcode] {
        self.table.rows()
    }
}
