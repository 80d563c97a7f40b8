//! The notations of arguments that several commands share.

use cybermiles_cvm::{
    Revision, Rules, Translate, UnknownRevision,
    tool::fixture::{Number, parse_bytes},
};
use primitive_types::{H160 as Address, U256};
use std::{fs, io, io::Read};

/// Bytes on the command line: hexadecimal, or `@FILE` for a file that holds hexadecimal, or `@-` for standard input.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let hex = match text.strip_prefix('@') {
        None => text.to_owned(),
        Some("-") => {
            let mut input = String::new();
            io::stdin()
                .read_to_string(&mut input)
                .map_err(|error| format!("standard input: {error}"))?;
            input
        }
        Some(path) => fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
    };
    let digits: String = hex.split_whitespace().collect();
    parse_bytes(&digits).map_err(|error| error.to_string())
}

/// A number on the command line: decimal, or hexadecimal with `0x`.
pub(crate) fn word(text: &str) -> Result<U256, String> {
    let number = Number::parse(text).map_err(|error| error.to_string())?;
    number.to_word().filter(|_| !text.is_empty()).ok_or_else(|| "at most 256 bits".to_owned())
}

/// An address on the command line.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let bytes = parse_bytes(text).map_err(|error| error.to_string())?;
    <[u8; 20]>::try_from(bytes)
        .map(Address)
        .map_err(|bytes| format!("an address has 20 bytes, not {}", bytes.len()))
}

/// When to translate code, on the command line.
pub(crate) fn translate(name: &str) -> Result<Translate, String> {
    match name {
        "hot" => Ok(Translate::WhenHot),
        "always" => Ok(Translate::Always),
        "never" => Ok(Translate::Never),
        _ => Err("unknown; expected hot, always or never".to_owned()),
    }
}

/// A rule set on the command line: the name of a revision, `miles`, `travis`, or `travis@HEIGHT`.
pub(crate) fn rules(name: &str) -> Result<Rules, String> {
    match name.split_once('@') {
        None if name == "miles" => return Ok(Rules::miles()),
        None if name == "travis" => return Ok(Rules::travis(u64::MAX)),
        Some(("travis", height)) => {
            return height.parse().map(Rules::travis).map_err(|error| format!("height: {error}"));
        }
        _ => {}
    }
    let revision: Revision = name.parse().map_err(|UnknownRevision| {
        let names: Vec<String> =
            Revision::ALL.iter().map(|revision| revision.name().to_lowercase()).collect();
        format!("unknown; expected miles, travis, travis@HEIGHT or one of {}", names.join(", "))
    })?;
    Ok(Rules::ethereum(revision))
}
