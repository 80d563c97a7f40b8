//! Opcodes that a chain adds by table.

use super::{access::reach, charge};
use crate::{
    Block, Halt, Host, NativeFunction, ScheduledCall, Word,
    context::Context,
    frame::{Exit, Frame},
    registers::Registers,
    rules::ConsentScope,
};
use primitive_types::{H160 as Address, H256};

/// What a chain-specific opcode sees and may do.
///
/// Whatever it does is paid: [`charge`](Self::charge) before work, and memory growth by itself.
pub struct OpcodeContext<'c, 'a> {
    frame: &'c mut Frame,
    context: &'c mut Context<'a>,
    inputs: usize,
    result: Word,
    has_fault: bool,
}

impl core::fmt::Debug for OpcodeContext<'_, '_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("OpcodeContext").field("frame", &self.frame).finish_non_exhaustive()
    }
}

/// The most calls that one transaction may schedule; bounds memory, since the opcode costs little.
pub const SCHEDULED_MAX: usize = 1024;

/// Runs an extension. Ends a basic block.
#[inline(always)]
pub(super) fn run(
    r: &mut Registers,
    frame: &mut Frame,
    context: &mut Context<'_>,
    operand: u8,
) -> Result<(), Exit> {
    frame.registers = *r;
    let done = run_here(frame, context, operand);
    *r = frame.registers;
    done
}

#[inline(never)]
fn run_here(frame: &mut Frame, context: &mut Context<'_>, operand: u8) -> Result<(), Exit> {
    let row = *context.rules.table.extension(operand);
    let inputs = usize::from(row.inputs);
    let mut opcode = OpcodeContext { frame, context, inputs, result: Word::ZERO, has_fault: false };
    let done = (row.run)(&mut opcode);
    let (result, has_fault) = (opcode.result, opcode.has_fault);
    if has_fault {
        return Err(Exit::Fault);
    }
    done?;
    frame.registers.pop(inputs);
    if row.outputs != 0 {
        frame.registers.push(result);
    }
    Ok(())
}

impl OpcodeContext<'_, '_> {
    /// A word that the opcode takes; 0 is the top of the stack.
    ///
    /// # Panics
    /// When the row does not declare that many inputs.
    #[must_use]
    pub fn operand(&self, index: usize) -> Word {
        assert!(index < self.inputs, "the opcode's row declares fewer inputs");
        self.frame.registers.word(index)
    }

    /// Sets the word that the opcode leaves; zero unless set.
    pub const fn set_result(&mut self, result: Word) {
        self.result = result;
    }

    /// Gas left.
    #[must_use]
    pub const fn gas_left(&self) -> u64 {
        self.frame.registers.gas as u64
    }

    /// Takes gas.
    ///
    /// # Errors
    /// [`Halt::OutOfGas`], for the function to return.
    pub fn charge(&mut self, gas: u64) -> Result<(), Halt> {
        let gas = i64::try_from(gas).map_err(|_too_large| Halt::OutOfGas)?;
        charge(&mut self.frame.registers, gas).map_err(|_exit| Halt::OutOfGas)
    }

    /// A range of memory, grown to hold it at the usual price.
    ///
    /// # Errors
    /// [`Halt::OutOfGas`], for the function to return.
    pub fn memory(&mut self, offset: Word, size: Word) -> Result<&[u8], Halt> {
        let (start, size) = self.reach(offset, size)?;
        Ok(&self.frame.registers.memory()[start..start + size])
    }

    /// All memory in use, without growing it.
    #[must_use]
    pub fn memory_in_use(&self) -> &[u8] {
        self.frame.registers.memory()
    }

    /// Writes to memory, grown to hold the bytes at the usual price.
    ///
    /// # Errors
    /// [`Halt::OutOfGas`], for the function to return.
    pub fn write_memory(&mut self, offset: Word, bytes: &[u8]) -> Result<(), Halt> {
        let (start, size) = self.reach(offset, Word::from(bytes.len() as u64))?;
        self.frame.registers.memory_mut()[start..start + size].copy_from_slice(bytes);
        Ok(())
    }

    /// Bytes of memory in use; a multiple of 32.
    #[must_use]
    pub const fn memory_size(&self) -> usize {
        self.frame.registers.memory_size
    }

    fn reach(&mut self, offset: Word, size: Word) -> Result<(usize, usize), Halt> {
        let mut registers = self.frame.registers;
        let reached = reach(&mut registers, self.frame, self.context, offset, size, 0);
        self.frame.registers = registers;
        reached.map_err(|_exit| Halt::OutOfGas)
    }

    /// Whose storage the frame works on.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.frame.address
    }

    /// Who called the frame.
    #[must_use]
    pub const fn caller(&self) -> Address {
        self.frame.caller
    }

    /// Who sent the transaction.
    #[must_use]
    pub const fn origin(&self) -> Address {
        self.context.origin
    }

    /// Whether the frame may change state.
    #[must_use]
    pub const fn is_static(&self) -> bool {
        self.frame.is_static
    }

    /// The block of the transaction.
    #[must_use]
    pub const fn block(&self) -> &Block {
        self.context.block
    }

    /// The chain around the state.
    #[must_use]
    pub fn host(&self) -> &dyn Host {
        self.context.host
    }

    /// An account's nonce at this moment.
    ///
    /// # Errors
    /// A halt for the function to return; the machine then reports that the state could not be read.
    pub fn nonce(&mut self, address: &Address) -> Result<u64, Halt> {
        self.account(address).map(|account| account.nonce)
    }

    /// The hash of an account's code at this moment.
    ///
    /// # Errors
    /// A halt for the function to return; the machine then reports that the state could not be read.
    pub fn code_hash(&mut self, address: &Address) -> Result<H256, Halt> {
        self.account(address).map(|account| account.code_hash)
    }

    fn account(&mut self, address: &Address) -> Result<&crate::journal::Account, Halt> {
        let id = self.context.pools.journal.account_id(address);
        self.has_fault |= self.context.load(id).is_err();
        if self.has_fault {
            Err(Halt::InvalidInstruction)
        } else {
            Ok(self.context.pools.journal.account(id))
        }
    }

    /// Agrees, on behalf of the current account, to pay for the transaction.
    pub fn give_consent(&mut self) {
        self.context.give_consent(self.frame.depth);
    }

    /// Asks for a call later, which is forgotten when the frame is reverted.
    ///
    /// # Errors
    /// [`Halt::OutOfGas`] when the transaction asked for more than [`SCHEDULED_MAX`] calls.
    pub fn schedule(&mut self, call: ScheduledCall) -> Result<(), Halt> {
        if self.context.scheduled.len() >= SCHEDULED_MAX {
            return Err(Halt::OutOfGas);
        }
        self.context.scheduled.push(call);
        Ok(())
    }

    /// The native function of a name, if the rules have it.
    #[must_use]
    pub fn native(&self, name: &[u8]) -> Option<NativeFunction> {
        self.context.rules.natives.find(name).copied()
    }

    /// Whether the rules repeat history, defects included.
    #[must_use]
    pub fn is_historical(&self) -> bool {
        self.context.rules.consent_scope == ConsentScope::Anywhere
    }

    /// Counts and gives how often the opcode asked for a random value in this transaction, 1 at first. Reverts do not
    /// take it back (spec section 2.4).
    pub const fn next_random_count(&mut self) -> u64 {
        self.context.random_count += 1;
        self.context.random_count
    }
}
