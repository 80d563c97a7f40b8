//! The two notations of strings that traces need, written without a buffer.

use core::fmt::{self, Write};

/// Bytes as `0x` and lower-case hexadecimal digits.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Text as a JSON string, with its quotes (RFC 8259, section 7).
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(formatter, "\\{character}")?,
                '\0'..='\u{1f}' | '\u{7f}' => write!(formatter, "\\u{:04x}", u32::from(character))?,
                _ => formatter.write_char(character)?,
            }
        }
        formatter.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn quotes_and_controls_are_escaped() {
        assert_eq!(format!("{}", Quoted("a\"b\\c\nd")), r#""a\"b\\c\u000ad""#);
        assert_eq!(format!("{}", Hex(&[0, 0xab])), "0x00ab");
    }
}
