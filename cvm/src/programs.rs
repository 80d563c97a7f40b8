//! Prepared code, kept by code hash between transactions.

use crate::{code::Program, translation};
use alloc::{sync::Arc, vec::Vec};
use hashbrown::HashMap;
use primitive_types::H256;

/// A program's number, valid during one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProgramId(u32);

/// Bytes of prepared code kept between transactions.
const SIZE_BYTES_MAX: usize = 256 << 20;

/// Gas used in a program, per byte of code, before it is translated: translation costs a few nanoseconds a byte, which
/// that much execution outweighs. So the work done for code is bounded by gas paid in it.
const HEAT_PER_BYTE: u64 = 4;

/// When code is translated for the fast loop. The results are the same; only the time differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Translate {
    /// Once enough gas was used in the code to outweigh the effort.
    #[default]
    WhenHot,
    /// Before the code runs for the first time: for tests, and for code known to be worth it.
    Always,
    /// Never: every instruction runs in the exact loop.
    Never,
}

struct Entry {
    program: Arc<Program>,
    /// Gas used in the exact loop so far.
    heat: u64,
}

/// The programs of a virtual machine.
#[derive(Default)]
pub(crate) struct Programs {
    entries: Vec<Entry>,
    index: HashMap<H256, ProgramId>,
    size_bytes: usize,
    pub(crate) translate: Translate,
}

impl Programs {
    /// Drops everything if it outgrew its limit. Numbers given before are void.
    pub(crate) fn start(&mut self) {
        if self.size_bytes > SIZE_BYTES_MAX {
            *self = Self { translate: self.translate, ..Self::default() };
        }
    }

    /// The program of a code hash, if it was prepared before.
    pub(crate) fn find(&self, hash: &H256) -> Option<ProgramId> {
        self.index.get(hash).copied()
    }

    /// Prepares code.
    pub(crate) fn insert(&mut self, hash: H256, code: &[u8]) -> ProgramId {
        let mut program = Program::new(code);
        program.analyse();
        self.size_bytes += program.size_bytes() + size_of::<Entry>();
        let id = ProgramId(self.entries.len() as u32);
        self.entries.push(Entry { program: Arc::new(program), heat: 0 });
        self.index.insert(hash, id);
        id
    }

    /// The program with a number.
    #[inline]
    pub(crate) fn program(&self, id: ProgramId) -> &Arc<Program> {
        &self.entries[id.0 as usize].program
    }

    /// Gas that a frame may use in the exact loop before it asks for translation; `None` when the code is translated.
    #[inline]
    pub(crate) fn gas_until_hot(&self, id: ProgramId) -> Option<u64> {
        let entry = &self.entries[id.0 as usize];
        if entry.program.translation.is_some() {
            return None;
        }
        Some(match self.translate {
            Translate::WhenHot => {
                (entry.program.code().len() as u64 * HEAT_PER_BYTE).saturating_sub(entry.heat)
            }
            Translate::Always => 0,
            Translate::Never => u64::MAX,
        })
    }

    /// Counts gas that was used in the exact loop.
    pub(crate) fn add_heat(&mut self, id: ProgramId, gas_used: u64) {
        let entry = &mut self.entries[id.0 as usize];
        entry.heat = entry.heat.saturating_add(gas_used);
    }

    /// Translates the program if it is not yet.
    pub(crate) fn translate(
        &mut self,
        id: ProgramId,
        table: &crate::opcode::OpcodeTable,
    ) -> Arc<Program> {
        let entry = &mut self.entries[id.0 as usize];
        if entry.program.translation.is_none() {
            let mut program = Program::clone(&entry.program);
            let translation = translation::translate(&program, table);
            self.size_bytes += translation.size_bytes();
            program.translation = Some(translation.into());
            entry.program = Arc::new(program);
        }
        Arc::clone(&entry.program)
    }
}
