//! The reasons that Solidity contracts give when they revert.

use alloc::{format, string::String};
use primitive_types::U256;

/// The reason in a revert's output, if it is one of Solidity's two built-in errors: the text of `Error(string)`, or what
/// the code of `Panic(uint256)` means.
///
/// # Examples
/// ```
/// use cybermiles_cvm::revert_reason;
/// let mut output = vec![0x4e, 0x48, 0x7b, 0x71];
/// output.extend([0; 31]);
/// output.push(0x12);
/// assert_eq!(revert_reason(&output).as_deref(), Some("division or modulo by zero"));
/// ```
#[must_use]
pub fn revert_reason(output: &[u8]) -> Option<String> {
    let (selector, arguments) = output.split_first_chunk::<4>()?;
    match selector {
        [0x08, 0xc3, 0x79, 0xa0] => error_text(arguments),
        [0x4e, 0x48, 0x7b, 0x71] => {
            Some(panic_meaning(U256::from_big_endian(arguments.get(..32)?)))
        }
        _ => None,
    }
}

/// ABI: one dynamic argument, so the offset of length and bytes comes first.
fn error_text(arguments: &[u8]) -> Option<String> {
    let tail = arguments.get(size_at(arguments)?..)?;
    let bytes = tail.get(32..)?.get(..size_at(tail)?)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

fn size_at(bytes: &[u8]) -> Option<usize> {
    let word = U256::from_big_endian(bytes.get(..32)?);
    usize::try_from(word).ok()
}

fn panic_meaning(code: U256) -> String {
    let meaning = match u8::try_from(code) {
        Ok(0x00) => "generic panic",
        Ok(0x01) => "assert(false)",
        Ok(0x11) => "arithmetic underflow or overflow",
        Ok(0x12) => "division or modulo by zero",
        Ok(0x21) => "enum overflow",
        Ok(0x22) => "invalid encoded storage byte array accessed",
        Ok(0x31) => "out-of-bounds array access; popping on an empty array",
        Ok(0x32) => "out-of-bounds access of an array or bytesN",
        Ok(0x41) => "out of memory",
        Ok(0x51) => "uninitialized function",
        _ => return format!("unknown panic code: {code:#x}"),
    };
    meaning.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn error(offset: u8, length: u8, text: &[u8]) -> Vec<u8> {
        let mut output = Vec::from([0x08, 0xc3, 0x79, 0xa0]);
        for word in [offset, length] {
            output.extend([0; 31]);
            output.push(word);
        }
        output.extend_from_slice(text);
        output
    }

    #[test]
    fn malformed_reasons_are_none() {
        assert_eq!(revert_reason(&error(32, 3, b"who\0\0")).as_deref(), Some("who"));
        for output in [error(32, 9, b"short"), error(255, 0, b""), Vec::from([8, 0xc3]), Vec::new()]
        {
            assert_eq!(revert_reason(&output), None);
        }
        let mut huge = error(32, 3, b"who");
        huge[4..36].fill(0xff);
        assert_eq!(revert_reason(&huge), None);
    }
}
