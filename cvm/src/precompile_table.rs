//! The precompiled contracts of one set of rules.

use crate::{
    Halt,
    precompiles::{Precompile, PrecompileError, PrecompileOutput},
};
use alloc::vec::Vec;
use primitive_types::H160 as Address;

/// Precompiled contracts by address.
#[derive(Clone, Debug)]
pub(crate) struct PrecompileTable {
    /// Ordered by address.
    entries: Vec<Precompile>,
    /// Whether all addresses are below 2^16, so that most addresses are told apart by their first bytes.
    all_low: bool,
}

impl PrecompileTable {
    pub(crate) fn new(entries: &[Precompile]) -> Self {
        let mut table = Self { entries: Vec::new(), all_low: true };
        for entry in entries {
            table.insert(*entry);
        }
        table
    }

    /// Adds or replaces a contract.
    pub(crate) fn insert(&mut self, precompile: Precompile) {
        match self.entries.binary_search_by(|entry| entry.address.cmp(&precompile.address)) {
            Ok(index) => self.entries[index] = precompile,
            Err(index) => self.entries.insert(index, precompile),
        }
        self.all_low &= is_low(&precompile.address);
    }

    /// The contract at an address.
    #[inline]
    pub(crate) fn find(&self, address: &Address) -> Option<&Precompile> {
        if self.all_low && !is_low(address) {
            return None;
        }
        let found = self.entries.binary_search_by(|entry| entry.address.cmp(address));
        found.ok().map(|index| &self.entries[index])
    }

    /// The addresses, ascending.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.entries.iter().map(|entry| entry.address).collect()
    }

    /// Every contract, ordered by address.
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
