//! Native functions (ENI): named, pure, priced before they run.
//!
//! A function takes values, not memory: [`memory_codec`] converts from and to the layout of the ENI opcode, and the system
//! contract of the `Miles` rules from and to the ABI. There is no clock, no file and no process behind a function, so every
//! node gets the same result.

mod base64;
mod der;
mod hexadecimal;
mod json;
pub(crate) mod memory_codec;
mod reverse;
mod rsa;
mod scrypt;
mod type_code;

pub(crate) use memory_codec::Fidelity;

use crate::{Halt, Word};
use alloc::{borrow::Cow, vec::Vec};

/// An integer of at most 256 bits and its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// Whether the integer is below zero.
    pub is_negative: bool,
    /// Its absolute value.
    pub magnitude: Word,
}

impl Integer {
    /// The value when it is neither negative nor above 2^64 - 1.
    #[must_use]
    pub const fn to_u64(self) -> Option<u64> {
        if self.is_negative { None } else { self.magnitude.to_u64() }
    }
}

/// An argument or result of a native function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NativeValue<'a> {
    /// True or false.
    Bool(bool),
    /// A number, or a byte string of fixed size read as one.
    Integer(Integer),
    /// Text or any bytes.
    String(Cow<'a, [u8]>),
    /// The elements of an array of fixed size, or the fields of a struct.
    List(Vec<Self>),
}

impl NativeValue<'_> {
    /// The type that a signature gives it.
    #[must_use]
    pub const fn native_type(&self) -> NativeType {
        match self {
            Self::Bool(_) => NativeType::Bool,
            Self::Integer(_) => NativeType::Integer,
            Self::String(_) => NativeType::String,
            Self::List(_) => NativeType::List,
        }
    }
}

/// The type of an argument or result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeType {
    /// See [`NativeValue::Bool`].
    Bool,
    /// See [`NativeValue::Integer`].
    Integer,
    /// See [`NativeValue::String`].
    String,
    /// See [`NativeValue::List`].
    List,
}

/// What a native function takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NativeSignature {
    /// The types of the arguments, in order.
    pub arguments: &'static [NativeType],
    /// The type of the result.
    pub result: NativeType,
}

/// A native function. It must be pure: the same result for the same arguments, on every node.
#[derive(Clone, Copy, Debug)]
pub struct NativeFunction {
    /// The name, at most 32 bytes.
    pub name: &'static str,
    /// The lists of arguments that it takes.
    pub signatures: &'static [NativeSignature],
    /// The price, known in a time that does not depend on the arguments' size; `None` when they make no sense.
    pub gas: fn(&[NativeValue<'_>]) -> Option<u64>,
    /// The work, of which time and memory are bounded by the price.
    pub run: fn(&[NativeValue<'_>]) -> Result<NativeValue<'static>, NativeError>,
}

/// Why a native function failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NativeError {
    /// No function of the name takes arguments of these types.
    #[error("no native function takes these arguments")]
    Signature,
    /// An argument has the right type and no meaning.
    #[error("argument {index} makes no sense")]
    Argument {
        /// Its position, from 0.
        index: usize,
    },
    /// What was asked for is not in the text.
    #[error("not found")]
    NotFound,
    /// A ciphertext does not belong to the key.
    #[error("decryption failed")]
    Decryption,
}

impl NativeFunction {
    /// Whether the function takes the arguments.
    #[must_use]
    pub fn takes(&self, arguments: &[NativeValue<'_>]) -> bool {
        self.signature_of(arguments).is_some()
    }

    fn signature_of(&self, arguments: &[NativeValue<'_>]) -> Option<&NativeSignature> {
        let types = || arguments.iter().map(NativeValue::native_type);
        self.signatures.iter().find(|signature| signature.arguments.iter().copied().eq(types()))
    }

    /// The price of a call.
    ///
    /// # Errors
    /// [`Halt::NativeFunctionFailed`] when the function does not take the arguments.
    pub(crate) fn price(&self, arguments: &[NativeValue<'_>]) -> Result<u64, Halt> {
        let price = if self.takes(arguments) { (self.gas)(arguments) } else { None };
        price.ok_or(Halt::NativeFunctionFailed)
    }
}

/// The native functions of one set of rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct NativeTable {
    /// Ordered by name.
    entries: Vec<NativeFunction>,
}

impl NativeTable {
    /// Adds or replaces a function.
    pub(crate) fn insert(&mut self, function: NativeFunction) {
        match self.position(function.name.as_bytes()) {
            Ok(index) => self.entries[index] = function,
            Err(index) => self.entries.insert(index, function),
        }
    }

    /// The function of a name.
    pub(crate) fn find(&self, name: &[u8]) -> Option<&NativeFunction> {
        self.position(name).ok().map(|index| &self.entries[index])
    }

    fn position(&self, name: &[u8]) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.name.as_bytes().cmp(name))
    }

    /// Every function, ordered by name.
    pub(crate) fn entries(&self) -> &[NativeFunction] {
        &self.entries
    }
}

/// The functions of mainnet, at its prices (spec section 2.5).
pub(crate) const HISTORICAL: [NativeFunction; 5] = [
    json::FUNCTION,
    reverse::FUNCTION,
    rsa::DECRYPT_HISTORICAL,
    rsa::ENCRYPT_HISTORICAL,
    scrypt::FUNCTION_HISTORICAL,
];

/// The same functions, at prices that cover their work.
pub(crate) const PRICED: [NativeFunction; 7] = [
    json::ARRAY_GET,
    json::OBJECT_GET,
    json::PARSE_STRING,
    reverse::FUNCTION,
    rsa::DECRYPT,
    rsa::ENCRYPT,
    scrypt::FUNCTION,
];

/// The bytes of a string argument, which the signature made sure of.
fn string<'v>(arguments: &'v [NativeValue<'_>], index: usize) -> Result<&'v [u8], NativeError> {
    match arguments.get(index) {
        Some(NativeValue::String(bytes)) => Ok(bytes),
        _ => Err(NativeError::Argument { index }),
    }
}

/// A small integer argument, which the signature made sure of.
fn small_integer(arguments: &[NativeValue<'_>], index: usize) -> Result<u64, NativeError> {
    match arguments.get(index) {
        Some(NativeValue::Integer(integer)) => {
            integer.to_u64().ok_or(NativeError::Argument { index })
        }
        _ => Err(NativeError::Argument { index }),
    }
}

#[cfg(test)]
mod tests;
