//! The precompiles against published vectors, against laws, and against another implementation.

mod curves;
mod modexp;
mod peer;
mod signatures;
mod simple;
