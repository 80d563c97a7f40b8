//! Keep authenticated accounts and blocks in a store that no crash can corrupt.
