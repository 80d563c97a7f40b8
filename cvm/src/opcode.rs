//! The opcode table: which byte means what, since when, at which cost.
//!
//! Ethereum's opcodes are one row each, with the revision that introduced them; later price changes are a second,
//! shorter list. A table for one revision is made from the two, and chain-specific rules replace rows of it.

use crate::{Halt, OpcodeContext, Revision, instruction::Instruction};
use Revision::{
    Berlin, Byzantium, Cancun, Constantinople, Frontier, Homestead, Istanbul, London, Osaka, Paris,
    Shanghai, SpuriousDragon, TangerineWhistle,
};
use alloc::vec::Vec;

/// The largest number of words on a stack (YP 9.1).
pub(crate) const STACK_WORDS_MAX: usize = 1024;

/// One row of a rules' opcode table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode {
    /// The byte in the code.
    pub byte: u8,
    /// The mnemonic.
    pub name: &'static str,
    /// Words taken from the stack.
    pub inputs: u8,
    /// Words put on the stack.
    pub outputs: u8,
    /// Bytes of immediate data that follow.
    pub immediate: u8,
    /// Gas charged before anything else; dynamic costs come on top.
    pub gas: u16,
    /// The revision that introduced it; chain-specific opcodes carry their base revision.
    pub since: Revision,
    /// For an opcode of a chain's own: the height of the first block that may use it.
    pub since_height: Option<u64>,
    pub(crate) instruction: Instruction,
    pub(crate) operand: u8,
}

/// A chain-specific opcode: a row for the table and the function that runs it.
#[derive(Clone, Copy, Debug)]
pub struct ExtensionOpcode {
    /// The byte in the code; it may replace an opcode of Ethereum.
    pub byte: u8,
    /// The mnemonic.
    pub name: &'static str,
    /// Words taken from the stack; [`OpcodeContext::operand`] reads them.
    pub inputs: u8,
    /// Words put on the stack: 0 or 1; [`OpcodeContext::set_result`] gives it.
    pub outputs: u8,
    /// Gas charged before the function runs; it may charge more.
    pub gas: u16,
    /// The height of the first block that may use it.
    pub since_height: u64,
    /// What the opcode does. A halt must leave no trace but the halt.
    pub run: fn(&mut OpcodeContext<'_, '_>) -> Result<(), Halt>,
}

type Row = (u8, &'static str, u8, u8, u16, Revision, Instruction);

use Instruction as I;

/// Byte, name, words in, words out, base gas at introduction, revision, meaning.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    (0x00, "STOP", 0, 0, 0, Frontier, I::Stop),
    (0x01, "ADD", 2, 1, 3, Frontier, I::Add),
    (0x02, "MUL", 2, 1, 5, Frontier, I::Mul),
    (0x03, "SUB", 2, 1, 3, Frontier, I::Sub),
    (0x04, "DIV", 2, 1, 5, Frontier, I::Div),
    (0x05, "SDIV", 2, 1, 5, Frontier, I::SDiv),
    (0x06, "MOD", 2, 1, 5, Frontier, I::Mod),
    (0x07, "SMOD", 2, 1, 5, Frontier, I::SMod),
    (0x08, "ADDMOD", 3, 1, 8, Frontier, I::AddMod),
    (0x09, "MULMOD", 3, 1, 8, Frontier, I::MulMod),
    (0x0a, "EXP", 2, 1, 10, Frontier, I::Exp),
    (0x0b, "SIGNEXTEND", 2, 1, 5, Frontier, I::SignExtend),
    (0x10, "LT", 2, 1, 3, Frontier, I::Lt),
    (0x11, "GT", 2, 1, 3, Frontier, I::Gt),
    (0x12, "SLT", 2, 1, 3, Frontier, I::SLt),
    (0x13, "SGT", 2, 1, 3, Frontier, I::SGt),
    (0x14, "EQ", 2, 1, 3, Frontier, I::Eq),
    (0x15, "ISZERO", 1, 1, 3, Frontier, I::IsZero),
    (0x16, "AND", 2, 1, 3, Frontier, I::And),
    (0x17, "OR", 2, 1, 3, Frontier, I::Or),
    (0x18, "XOR", 2, 1, 3, Frontier, I::Xor),
    (0x19, "NOT", 1, 1, 3, Frontier, I::Not),
    (0x1a, "BYTE", 2, 1, 3, Frontier, I::Byte),
    (0x1b, "SHL", 2, 1, 3, Constantinople, I::Shl),
    (0x1c, "SHR", 2, 1, 3, Constantinople, I::Shr),
    (0x1d, "SAR", 2, 1, 3, Constantinople, I::Sar),
    (0x1e, "CLZ", 1, 1, 5, Osaka, I::Clz),
    (0x20, "KECCAK256", 2, 1, 30, Frontier, I::Keccak256),
    (0x30, "ADDRESS", 0, 1, 2, Frontier, I::Address),
    (0x31, "BALANCE", 1, 1, 20, Frontier, I::Balance),
    (0x32, "ORIGIN", 0, 1, 2, Frontier, I::Origin),
    (0x33, "CALLER", 0, 1, 2, Frontier, I::Caller),
    (0x34, "CALLVALUE", 0, 1, 2, Frontier, I::CallValue),
    (0x35, "CALLDATALOAD", 1, 1, 3, Frontier, I::CallDataLoad),
    (0x36, "CALLDATASIZE", 0, 1, 2, Frontier, I::CallDataSize),
    (0x37, "CALLDATACOPY", 3, 0, 3, Frontier, I::CallDataCopy),
    (0x38, "CODESIZE", 0, 1, 2, Frontier, I::CodeSize),
    (0x39, "CODECOPY", 3, 0, 3, Frontier, I::CodeCopy),
    (0x3a, "GASPRICE", 0, 1, 2, Frontier, I::GasPrice),
    (0x3b, "EXTCODESIZE", 1, 1, 20, Frontier, I::ExtCodeSize),
    (0x3c, "EXTCODECOPY", 4, 0, 20, Frontier, I::ExtCodeCopy),
    (0x3d, "RETURNDATASIZE", 0, 1, 2, Byzantium, I::ReturnDataSize),
    (0x3e, "RETURNDATACOPY", 3, 0, 3, Byzantium, I::ReturnDataCopy),
    (0x3f, "EXTCODEHASH", 1, 1, 400, Constantinople, I::ExtCodeHash),
    (0x40, "BLOCKHASH", 1, 1, 20, Frontier, I::BlockHash),
    (0x41, "COINBASE", 0, 1, 2, Frontier, I::Coinbase),
    (0x42, "TIMESTAMP", 0, 1, 2, Frontier, I::Timestamp),
    (0x43, "NUMBER", 0, 1, 2, Frontier, I::Number),
    (0x44, "DIFFICULTY", 0, 1, 2, Frontier, I::Difficulty),
    (0x45, "GASLIMIT", 0, 1, 2, Frontier, I::GasLimit),
    (0x46, "CHAINID", 0, 1, 2, Istanbul, I::ChainId),
    (0x47, "SELFBALANCE", 0, 1, 5, Istanbul, I::SelfBalance),
    (0x48, "BASEFEE", 0, 1, 2, London, I::BaseFee),
    (0x49, "BLOBHASH", 1, 1, 3, Cancun, I::BlobHash),
    (0x4a, "BLOBBASEFEE", 0, 1, 2, Cancun, I::BlobBaseFee),
    (0x50, "POP", 1, 0, 2, Frontier, I::Pop),
    (0x51, "MLOAD", 1, 1, 3, Frontier, I::MLoad),
    (0x52, "MSTORE", 2, 0, 3, Frontier, I::MStore),
    (0x53, "MSTORE8", 2, 0, 3, Frontier, I::MStore8),
    (0x54, "SLOAD", 1, 1, 50, Frontier, I::SLoad),
    (0x55, "SSTORE", 2, 0, 0, Frontier, I::SStore),
    (0x56, "JUMP", 1, 0, 8, Frontier, I::Jump),
    (0x57, "JUMPI", 2, 0, 10, Frontier, I::JumpI),
    (0x58, "PC", 0, 1, 2, Frontier, I::Pc),
    (0x59, "MSIZE", 0, 1, 2, Frontier, I::MSize),
    (0x5a, "GAS", 0, 1, 2, Frontier, I::Gas),
    (0x5b, "JUMPDEST", 0, 0, 1, Frontier, I::JumpDest),
    (0x5c, "TLOAD", 1, 1, 100, Cancun, I::TLoad),
    (0x5d, "TSTORE", 2, 0, 100, Cancun, I::TStore),
    (0x5e, "MCOPY", 3, 0, 3, Cancun, I::MCopy),
    (0x5f, "PUSH0", 0, 1, 2, Shanghai, I::Push),
    (0xa0, "LOG0", 2, 0, 375, Frontier, I::Log),
    (0xa1, "LOG1", 3, 0, 750, Frontier, I::Log),
    (0xa2, "LOG2", 4, 0, 1125, Frontier, I::Log),
    (0xa3, "LOG3", 5, 0, 1500, Frontier, I::Log),
    (0xa4, "LOG4", 6, 0, 1875, Frontier, I::Log),
    (0xf0, "CREATE", 3, 1, 32000, Frontier, I::Create),
    (0xf1, "CALL", 7, 1, 40, Frontier, I::Call),
    (0xf2, "CALLCODE", 7, 1, 40, Frontier, I::CallCode),
    (0xf3, "RETURN", 2, 0, 0, Frontier, I::Return),
    (0xf4, "DELEGATECALL", 6, 1, 40, Homestead, I::DelegateCall),
    (0xf5, "CREATE2", 4, 1, 32000, Constantinople, I::Create2),
    (0xfa, "STATICCALL", 6, 1, 700, Byzantium, I::StaticCall),
    (0xfd, "REVERT", 2, 0, 0, Byzantium, I::Revert),
    (0xfe, "INVALID", 0, 0, 0, Frontier, I::Invalid),
    (0xff, "SELFDESTRUCT", 1, 0, 0, Frontier, I::SelfDestruct),
];

/// Later base prices. With warm and cold access (EIP-2929) the base is the warm price.
const PRICE_CHANGES: &[(Revision, &[(u8, u16)])] = &[
    // EIP-150
    (
        TangerineWhistle,
        &[
            (0x31, 400),
            (0x3b, 700),
            (0x3c, 700),
            (0x54, 200),
            (0xf1, 700),
            (0xf2, 700),
            (0xf4, 700),
            (0xff, 5000),
        ],
    ),
    // EIP-1884
    (Istanbul, &[(0x31, 700), (0x3f, 700), (0x54, 800)]),
    // EIP-2929
    (
        Berlin,
        &[
            (0x31, 100),
            (0x3b, 100),
            (0x3c, 100),
            (0x3f, 100),
            (0x54, 100),
            (0xf1, 100),
            (0xf2, 100),
            (0xf4, 100),
            (0xfa, 100),
        ],
    ),
];

const PUSH_NAMES: [&str; 32] = [
    "PUSH1", "PUSH2", "PUSH3", "PUSH4", "PUSH5", "PUSH6", "PUSH7", "PUSH8", "PUSH9", "PUSH10",
    "PUSH11", "PUSH12", "PUSH13", "PUSH14", "PUSH15", "PUSH16", "PUSH17", "PUSH18", "PUSH19",
    "PUSH20", "PUSH21", "PUSH22", "PUSH23", "PUSH24", "PUSH25", "PUSH26", "PUSH27", "PUSH28",
    "PUSH29", "PUSH30", "PUSH31", "PUSH32",
];
const DUP_NAMES: [&str; 16] = [
    "DUP1", "DUP2", "DUP3", "DUP4", "DUP5", "DUP6", "DUP7", "DUP8", "DUP9", "DUP10", "DUP11",
    "DUP12", "DUP13", "DUP14", "DUP15", "DUP16",
];
const SWAP_NAMES: [&str; 16] = [
    "SWAP1", "SWAP2", "SWAP3", "SWAP4", "SWAP5", "SWAP6", "SWAP7", "SWAP8", "SWAP9", "SWAP10",
    "SWAP11", "SWAP12", "SWAP13", "SWAP14", "SWAP15", "SWAP16",
];

/// The part of a row that the interpreter reads for each instruction.
///
/// # Invariants
/// `stack_least <= stack_most <= 1024`: running the instruction at a height between the two neither underflows nor
/// overflows the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) instruction: Instruction,
    pub(crate) operand: u8,
    pub(crate) gas: u16,
    pub(crate) stack_least: u16,
    pub(crate) stack_most: u16,
}

impl Cell {
    const INVALID: Self = Self {
        instruction: I::Invalid,
        operand: 0,
        gas: 0,
        stack_least: 0,
        stack_most: STACK_WORDS_MAX as u16,
    };

    const fn new(row: &Opcode) -> Self {
        let grows = row.outputs.saturating_sub(row.inputs) as u16;
        Self {
            instruction: row.instruction,
            operand: row.operand,
            gas: row.gas,
            stack_least: row.inputs as u16,
            stack_most: STACK_WORDS_MAX as u16 - grows,
        }
    }
}

/// The meaning of all 256 bytes under one set of rules.
#[derive(Clone, Debug)]
pub(crate) struct OpcodeTable {
    cells: [Cell; 256],
    rows: Vec<Opcode>,
    extensions: Vec<ExtensionOpcode>,
}

impl OpcodeTable {
    /// The table of an Ethereum revision.
    pub(crate) fn ethereum(revision: Revision) -> Self {
        let mut table =
            Self { cells: [Cell::INVALID; 256], rows: Vec::new(), extensions: Vec::new() };
        for &(byte, name, inputs, outputs, gas, since, instruction) in ROWS {
            let operand = if instruction == I::Log { byte - 0xa0 } else { 0 };
            table.insert(Opcode {
                byte,
                name,
                inputs,
                outputs,
                immediate: 0,
                gas,
                since,
                since_height: None,
                instruction,
                operand,
            });
        }
        for index in 0..32u8 {
            let (name, immediate) = (PUSH_NAMES[usize::from(index)], index + 1);
            table.insert(Opcode {
                immediate,
                operand: immediate,
                ..stack_row(0x60 + index, name, 0, 1, I::Push)
            });
        }
        for index in 0..16u8 {
            let (dup, swap) = (DUP_NAMES[usize::from(index)], SWAP_NAMES[usize::from(index)]);
            let operand = index + 1;
            table.insert(Opcode {
                operand,
                ..stack_row(0x80 + index, dup, operand, operand + 1, I::Dup)
            });
            table.insert(Opcode {
                operand,
                ..stack_row(0x90 + index, swap, operand + 1, operand + 1, I::Swap)
            });
        }
        for (since, prices) in PRICE_CHANGES.iter().filter(|(since, _)| *since <= revision) {
            for (byte, gas) in *prices {
                table.update(*byte, |row| row.gas = *gas);
                debug_assert!(*since <= revision);
            }
        }
        if revision >= Paris {
            table.update(0x44, |row| (row.name, row.instruction) = ("PREVRANDAO", I::PrevRandao));
        }
        table.retain(|row| row.since <= revision);
        table
    }

    /// The cell of a byte.
    #[inline(always)]
    pub(crate) const fn cell(&self, byte: u8) -> &Cell {
        &self.cells[byte as usize]
    }

    /// The rows, ordered by byte.
    pub(crate) fn rows(&self) -> &[Opcode] {
        &self.rows
    }

    /// The row of a byte, if it means anything.
    pub(crate) fn row(&self, byte: u8) -> Option<&Opcode> {
        self.rows.binary_search_by_key(&byte, |row| row.byte).ok().map(|index| &self.rows[index])
    }

    /// The extension with the index that a cell carries as its operand.
    pub(crate) fn extension(&self, index: u8) -> &ExtensionOpcode {
        &self.extensions[usize::from(index)]
    }

    /// Adds or replaces a row.
    pub(crate) fn insert(&mut self, row: Opcode) {
        self.cells[usize::from(row.byte)] = Cell::new(&row);
        match self.rows.binary_search_by_key(&row.byte, |row| row.byte) {
            Ok(index) => self.rows[index] = row,
            Err(index) => self.rows.insert(index, row),
        }
    }

    /// Adds or replaces a row that a function runs. At most 256 of them are kept, one for each byte.
    pub(crate) fn insert_extension(&mut self, extension: ExtensionOpcode, since: Revision) {
        let known = self.extensions.iter().position(|other| other.byte == extension.byte);
        let index = known.unwrap_or(self.extensions.len());
        if known.is_some() {
            self.extensions[index] = extension;
        } else {
            self.extensions.push(extension);
        }
        let ExtensionOpcode { byte, name, inputs, gas, since_height, .. } = extension;
        self.insert(Opcode {
            byte,
            name,
            inputs,
            outputs: extension.outputs.min(1),
            immediate: 0,
            gas,
            since,
            since_height: Some(since_height),
            instruction: I::Extension,
            operand: index as u8,
        });
    }

    /// Removes the rows that do not satisfy the predicate; their bytes become invalid.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Opcode) -> bool) {
        for row in self.rows.iter().filter(|row| !keep(row)) {
            self.cells[usize::from(row.byte)] = Cell::INVALID;
        }
        self.rows.retain(keep);
    }

    /// Adds the rows of a later revision for some bytes, as that revision introduced them.
    pub(crate) fn adopt(&mut self, revision: Revision, bytes: &[u8]) {
        for row in Self::ethereum(revision).rows.iter().filter(|row| bytes.contains(&row.byte)) {
            self.insert(*row);
        }
    }

    /// Makes ADD, MUL and SUB halt when their result has no place in a word, from the chain's first block on.
    pub(crate) fn check_arithmetic(&mut self) {
        for (byte, instruction) in
            [(0x01, I::CheckedAdd), (0x02, I::CheckedMul), (0x03, I::CheckedSub)]
        {
            self.update(byte, |row| (row.instruction, row.since_height) = (instruction, Some(0)));
        }
    }

    fn update(&mut self, byte: u8, change: impl FnOnce(&mut Opcode)) {
        if let Ok(index) = self.rows.binary_search_by_key(&byte, |row| row.byte) {
            change(&mut self.rows[index]);
            self.cells[usize::from(byte)] = Cell::new(&self.rows[index]);
        }
    }
}

const fn stack_row(
    byte: u8,
    name: &'static str,
    inputs: u8,
    outputs: u8,
    instruction: Instruction,
) -> Opcode {
    Opcode {
        byte,
        name,
        inputs,
        outputs,
        immediate: 0,
        gas: 3,
        since: Frontier,
        since_height: None,
        instruction,
        operand: 0,
    }
}

const _: () = assert!(SpuriousDragon as u8 == 3, "revisions are ordered by date");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_opcodes_per_revision() {
        // STOP..SIGNEXTEND 12, LT..BYTE 11, KECCAK256, 13 environment, 6 block, 12 of the 0x50s, 64 pushes, dups and
        // swaps, 5 logs, CREATE CALL CALLCODE RETURN INVALID SELFDESTRUCT.
        let rows = [
            (Frontier, 130),
            (Homestead, 131),
            (Byzantium, 135),
            (Constantinople, 140),
            (Istanbul, 142),
            (London, 143),
            (Shanghai, 144),
            (Cancun, 149),
            (Osaka, 150),
        ];
        for (revision, count) in rows {
            assert_eq!(OpcodeTable::ethereum(revision).rows().len(), count, "{revision}");
        }
    }

    #[test]
    fn prices_change_at_their_revision() {
        let rows = [
            (0x54, Frontier, 50),
            (0x54, TangerineWhistle, 200),
            (0x54, Istanbul, 800),
            (0x54, Berlin, 100),
            (0xff, Homestead, 0),
            (0xff, TangerineWhistle, 5000),
            (0x31, Frontier, 20),
            (0x31, SpuriousDragon, 400),
            (0xfa, Byzantium, 700),
            (0xfa, Osaka, 100),
        ];
        for (byte, revision, gas) in rows {
            assert_eq!(OpcodeTable::ethereum(revision).cell(byte).gas, gas, "{byte:#x} {revision}");
        }
    }

    #[test]
    fn stack_bounds_follow_from_words_in_and_out() {
        let table = OpcodeTable::ethereum(Osaka);
        for row in table.rows() {
            let cell = table.cell(row.byte);
            let after_least =
                i32::from(cell.stack_least) - i32::from(row.inputs) + i32::from(row.outputs);
            let after_most =
                i32::from(cell.stack_most) - i32::from(row.inputs) + i32::from(row.outputs);
            assert!(after_least >= 0, "{}", row.name);
            assert!(after_most <= 1024, "{}", row.name);
        }
        assert_eq!(table.cell(0x0c).instruction, I::Invalid);
        assert_eq!(table.row(0x5f).map(|row| row.name), Some("PUSH0"));
    }

    #[test]
    fn an_extension_replaces_a_row() {
        let mut table = OpcodeTable::ethereum(Osaka);
        let row = ExtensionOpcode {
            byte: 0xf5,
            name: "ENI",
            inputs: 3,
            outputs: 1,
            gas: 400,
            since_height: 9,
            run: |_| Ok(()),
        };
        table.insert_extension(row, Byzantium);
        table.insert_extension(ExtensionOpcode { gas: 7, ..row }, Byzantium);
        let row = table.row(0xf5).map(|row| (row.name, row.gas, row.since_height));
        assert_eq!(row, Some(("ENI", 7, Some(9))));
        assert_eq!(table.extension(table.cell(0xf5).operand).gas, 7);
    }
}
