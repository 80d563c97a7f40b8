//! ENI: calls a native function with arguments in memory (spec section 2.5).

use crate::{
    Halt, NativeError, OpcodeContext, Word,
    native::{Fidelity, memory_codec},
};

/// Where Solidity keeps the offset of free memory.
const FREE_MEMORY_POINTER: u64 = 0x40;

/// Calls the function named by the top word; the result lies behind the arguments, where free memory then ends.
pub(super) fn call(context: &mut OpcodeContext<'_, '_>) -> Result<(), Halt> {
    let name = context.operand(0).to_be_bytes();
    let length = name.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let function = context.native(&name[..length]).ok_or(Halt::NativeFunctionFailed)?;
    let (types, data) = (context.operand(1), context.operand(2));
    let fidelity = if context.is_historical() { Fidelity::Historical } else { Fidelity::Corrected };

    let call =
        memory_codec::decode(context.memory_in_use(), types, data, fidelity).map_err(failed)?;
    let price = function.price(&call.arguments)?;
    context.charge(price)?;
    let call =
        memory_codec::decode(context.memory_in_use(), types, data, fidelity).map_err(failed)?;
    let value = (function.run)(&call.arguments).map_err(failed)?;
    let result = call.layout.encode(&value, fidelity).map_err(failed)?;
    let offset = call.layout.offset;
    write_result(context, offset, &result)
}

fn write_result(
    context: &mut OpcodeContext<'_, '_>,
    offset: u64,
    result: &[u8],
) -> Result<(), Halt> {
    context.write_memory(Word::from(offset), result)?;
    let free = (offset + result.len() as u64).next_multiple_of(32);
    context.write_memory(Word::from(FREE_MEMORY_POINTER), &Word::from(free).to_be_bytes())?;
    context.set_result(Word::from(offset + 32));
    Ok(())
}

const fn failed(_error: NativeError) -> Halt {
    Halt::NativeFunctionFailed
}
