//! Decide who pays for a transaction, by a pure and total function.
