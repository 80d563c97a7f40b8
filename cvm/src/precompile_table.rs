//! The precompiled and system contracts of one set of rules.

use crate::{
    Halt, SystemContract,
    precompiles::{Precompile, PrecompileError, PrecompileOutput},
};
use alloc::vec::Vec;
use primitive_types::H160 as Address;

/// A contract that the machine itself runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BuiltIn<'t> {
    Precompile(&'t Precompile),
    System(&'t SystemContract),
}

/// Precompiled and system contracts by address.
#[derive(Clone, Debug)]
pub(crate) struct PrecompileTable {
    /// Ordered by address.
    entries: Vec<Precompile>,
    /// Ordered by address; none of them in `entries`.
    system: Vec<SystemContract>,
    /// Whether all addresses are below 2^16, so that most addresses are told apart by their first bytes.
    all_low: bool,
}

impl PrecompileTable {
    pub(crate) fn new(entries: &[Precompile]) -> Self {
        let mut table = Self { entries: Vec::new(), system: Vec::new(), all_low: true };
        for entry in entries {
            table.insert(*entry);
        }
        table
    }

    /// Adds or replaces a precompiled contract, which takes the place of a system contract.
    pub(crate) fn insert(&mut self, precompile: Precompile) {
        self.system.retain(|entry| entry.address != precompile.address);
        match self.entries.binary_search_by(|entry| entry.address.cmp(&precompile.address)) {
            Ok(index) => self.entries[index] = precompile,
            Err(index) => self.entries.insert(index, precompile),
        }
        self.all_low &= is_low(&precompile.address);
    }

    /// Adds or replaces a system contract, which takes the place of a precompiled one.
    pub(crate) fn insert_system(&mut self, contract: SystemContract) {
        self.entries.retain(|entry| entry.address != contract.address);
        match self.system.binary_search_by(|entry| entry.address.cmp(&contract.address)) {
            Ok(index) => self.system[index] = contract,
            Err(index) => self.system.insert(index, contract),
        }
        self.all_low &= is_low(&contract.address);
    }

    /// The contract at an address.
    #[inline]
    pub(crate) fn find(&self, address: &Address) -> Option<BuiltIn<'_>> {
        if self.all_low && !is_low(address) {
            return None;
        }
        match self.entries.binary_search_by(|entry| entry.address.cmp(address)) {
            Ok(index) => Some(BuiltIn::Precompile(&self.entries[index])),
            Err(_) => self.find_system(address).map(BuiltIn::System),
        }
    }

    fn find_system(&self, address: &Address) -> Option<&SystemContract> {
        let found = self.system.binary_search_by(|entry| entry.address.cmp(address));
        found.ok().map(|index| &self.system[index])
    }

    /// The addresses of both kinds.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        let precompiles = self.entries.iter().map(|entry| entry.address);
        precompiles.chain(self.system.iter().map(|entry| entry.address)).collect()
    }

    /// Every system contract, ordered by address.
    pub(crate) fn system(&self) -> &[SystemContract] {
        &self.system
    }

    /// Every precompiled contract, ordered by address.
    pub(crate) fn entries(&self) -> &[Precompile] {
        &self.entries
    }
}

#[inline]
fn is_low(address: &Address) -> bool {
    address.0[..18] == [0; 18]
}

/// Runs a precompiled contract.
pub(crate) fn run(
    precompile: &Precompile,
    input: &[u8],
    gas: u64,
) -> Result<PrecompileOutput, Halt> {
    (precompile.run)(input, gas).map_err(|error| match error {
        PrecompileError::OutOfGas => Halt::OutOfGas,
        _ => Halt::PrecompileFailed,
    })
}
