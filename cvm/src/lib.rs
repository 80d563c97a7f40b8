//! Execute EVM bytecode and transactions, exactly and fast, with extra instructions by table.
