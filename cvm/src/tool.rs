//! What the command-line tool does, as functions.

pub mod transaction_test;
