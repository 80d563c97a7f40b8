//! Base64 with white space, as in PEM files (RFC 7468).

use alloc::vec::Vec;

/// The bytes of a text, or nothing when a character is none of the alphabet's.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut characters = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut bits) = (0u32, 0);
    for &character in characters.by_ref() {
        if character == b'=' {
            break;
        }
        group = group << 6 | u32::from(sextet(character)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
            group &= (1 << bits) - 1;
        }
    }
    // Bits that are left over are padding, and what follows the first sign of padding is more of it.
    (group == 0 && bits < 6 && characters.all(|character| *character == b'=')).then_some(bytes)
}

const fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_rfc_4648() {
        let rows: [(&str, Option<&[u8]>); 9] = [
            ("", Some(b"")),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9v\nYmFy", Some(b"foobar")),
            ("Zg", Some(b"f")),
            ("Z", None),
            ("Zh==", None),
            ("Zm9*", None),
        ];
        for (text, bytes) in rows {
            assert_eq!(decode(text.as_bytes()).as_deref(), bytes, "{text}");
        }
    }
}
