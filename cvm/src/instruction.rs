//! What the interpreter can do, independent of which byte asks for it.

/// An operation of the interpreter.
///
/// The first group has one entry for each thing an opcode can mean; the rules' table maps bytes to these. The second
/// group exists only in translated code, where the translator put it in place of several opcodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Instruction {
    Stop,
    Add,
    Mul,
    Sub,
    Div,
    SDiv,
    Mod,
    SMod,
    AddMod,
    MulMod,
    Exp,
    SignExtend,
    Lt,
    Gt,
    SLt,
    SGt,
    Eq,
    IsZero,
    And,
    Or,
    Xor,
    Not,
    Byte,
    Shl,
    Shr,
    Sar,
    Clz,
    Keccak256,
    Address,
    Balance,
    Origin,
    Caller,
    CallValue,
    CallDataLoad,
    CallDataSize,
    CallDataCopy,
    CodeSize,
    CodeCopy,
    GasPrice,
    ExtCodeSize,
    ExtCodeCopy,
    ReturnDataSize,
    ReturnDataCopy,
    ExtCodeHash,
    BlockHash,
    Coinbase,
    Timestamp,
    Number,
    Difficulty,
    PrevRandao,
    GasLimit,
    ChainId,
    SelfBalance,
    BaseFee,
    BlobHash,
    BlobBaseFee,
    Pop,
    MLoad,
    MStore,
    MStore8,
    SLoad,
    SStore,
    Jump,
    JumpI,
    Pc,
    MSize,
    Gas,
    JumpDest,
    TLoad,
    TStore,
    MCopy,
    /// The operand is the number of immediate bytes, 0 to 32.
    Push,
    /// The operand is the depth of the word to copy, 1 to 16.
    Dup,
    /// The operand is the depth of the word to swap with the top, 1 to 16.
    Swap,
    /// The operand is the number of topics.
    Log,
    Create,
    Create2,
    Call,
    CallCode,
    DelegateCall,
    StaticCall,
    Return,
    Revert,
    SelfDestruct,
    /// A byte without a meaning, or the INVALID opcode.
    Invalid,
    CheckedAdd,
    CheckedMul,
    CheckedSub,
    /// The operand is an index into the rules' extensions.
    Extension,

    // Only in translated code, from here on. Immediates are little-endian and follow the instruction.
    /// gas u32, least height u16, span of heights u16 (both in bytes of stack): starts a basic block.
    Block,
    /// value u8, zero-extended.
    Push1,
    /// value u16.
    Push2,
    /// value u32.
    Push4,
    /// value u64.
    Push8,
    /// value, four u64 limbs.
    Push32,
    Push0,
    /// gas u32 that the rest of the block has paid in advance.
    GasInBlock,
    /// target u32: an offset into the translated code. So for all branches below.
    JumpTo,
    JumpIfNonZero,
    JumpIfZero,
    JumpIfLt,
    JumpIfGt,
    JumpIfSLt,
    JumpIfSGt,
    JumpIfEq,
    JumpIfNotLt,
    JumpIfNotGt,
    JumpIfNotSLt,
    JumpIfNotSGt,
    JumpIfNotEq,
    /// selector u64, target u32: DUP1 PUSH EQ PUSH JUMPI.
    JumpIfTopEq,
    /// selector u64, target u32: DUP1 PUSH GT PUSH JUMPI.
    JumpIfTopBelow,
    /// constant u64. So for all immediates below.
    AddImmediate,
    /// The constant minus the top.
    SubFromImmediate,
    /// The top minus the constant: PUSH SWAP1 SUB.
    SubImmediate,
    MulImmediate,
    AndImmediate,
    /// constant < top.
    GtThanImmediate,
    /// constant > top.
    LtThanImmediate,
    EqImmediate,
    /// amount u8.
    ShlImmediate,
    /// amount u8.
    ShrImmediate,
    /// offset u32.
    MLoadImmediate,
    /// offset u32.
    MStoreImmediate,
    /// offset u32, value u64: PUSH PUSH MSTORE.
    MStoreConstant,
    /// AND with 2^160 - 1.
    AndAddressMask,
    /// depth u8: DUP and AND with 2^160 - 1.
    DupAddressMask,
    /// depths u8, u8.
    DupDup,
    /// depths u8, u8.
    DupSwap,
    /// depths u8, u8.
    SwapSwap,
    /// depth u8: SWAP POP.
    SwapPop,
    /// depth u8: SWAP POP POP.
    SwapPopPop,
    Pop2,
    Pop3,
    /// depth u8. So for all Dup pairs below.
    DupAdd,
    DupSub,
    DupMul,
    DupAnd,
    DupLt,
    DupGt,
    DupMLoad,
    DupMStore,
    /// depth u8, constant u64: DUP PUSH ADD.
    DupAddImmediate,
    /// depth u8, value u64: PUSH DUP.
    PushDup,
    Swap1Sub,
    /// depth u8: ADD SWAP.
    AddSwap,
    /// ISZERO ISZERO.
    IsNonZero,
    /// The end of the code, or a block that the translator left to the exact loop.
    Exact,
}
