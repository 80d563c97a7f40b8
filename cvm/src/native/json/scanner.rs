//! Walks over one JSON value (RFC 8259) without building it.

use crate::native::hexadecimal;
use alloc::vec::Vec;

/// Reads forward through a text.
pub(super) struct Scanner<'t> {
    text: &'t [u8],
    position: usize,
}

impl<'t> Scanner<'t> {
    pub(super) const fn new(text: &'t [u8]) -> Self {
        Self { text, position: 0 }
    }

    /// Where an array's element is.
    pub(super) fn element(&mut self, index: u64) -> Option<(usize, usize)> {
        self.expect(b'[')?;
        let mut current = 0;
        loop {
            let place = self.value()?;
            if current == index {
                return Some(place);
            }
            current += 1;
            self.expect(b',')?;
        }
    }

    /// Where the value of an object's first member with a key is.
    pub(super) fn member(&mut self, key: &[u8]) -> Option<(usize, usize)> {
        self.expect(b'{')?;
        loop {
            let (begin, end) = self.value()?;
            let name = unescape(&self.text[begin..end])?;
            self.expect(b':')?;
            let place = self.value()?;
            if name == key {
                return Some(place);
            }
            self.expect(b',')?;
        }
    }

    /// The content of a string, or a number, `true`, `false` or `null` as it stands.
    pub(super) fn scalar(&mut self) -> Option<Vec<u8>> {
        self.skip_space();
        match self.peek()? {
            b'{' | b'[' => None,
            b'"' => {
                let (begin, end) = self.value()?;
                unescape(&self.text[begin..end])
            }
            _ => {
                let (begin, end) = self.value()?;
                Some(self.text[begin..end].to_vec())
            }
        }
    }

    /// Passes over a value of any kind. Says where it is.
    fn value(&mut self) -> Option<(usize, usize)> {
        self.skip_space();
        let begin = self.position;
        match self.peek()? {
            b'"' => self.skip_string()?,
            b'{' | b'[' => self.skip_container()?,
            _ => self.skip_scalar()?,
        }
        Some((begin, self.position))
    }

    /// Passes over everything up to the bracket that closes the one here; which kind closes which is not checked.
    fn skip_container(&mut self) -> Option<()> {
        let mut depth = 0u32;
        loop {
            match self.peek()? {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => depth = depth.checked_add(1)?,
                b'}' | b']' => depth = depth.checked_sub(1)?,
                _ => {}
            }
            self.position += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        self.position += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.position += 1;
                    return Some(());
                }
                b'\\' => self.position += 2,
                _ => self.position += 1,
            }
        }
    }

    /// Passes over a number or name: at least one letter, digit, sign or point.
    fn skip_scalar(&mut self) -> Option<()> {
        let rest = &self.text[self.position..];
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let length = rest.iter().take_while(|byte| is_part(byte)).count();
        self.position += length;
        (length > 0).then_some(())
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    /// Passes over a certain byte and the space before it.
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        if self.peek()? != byte {
            return None;
        }
        self.position += 1;
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }
}

/// The content of a string in quotes.
fn unescape(quoted: &[u8]) -> Option<Vec<u8>> {
    let mut rest = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut content = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            content.push(byte);
            continue;
        }
        let (&escape, after) = rest.split_first()?;
        rest = after;
        content.push(match escape {
            b'"' | b'\\' | b'/' => escape,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let character = unicode_escape(&mut rest)?;
                content.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return None,
        });
    }
    Some(content)
}

/// The character of one escape, or of two that are surrogates of each other; `\u` is already read.
fn unicode_escape(rest: &mut &[u8]) -> Option<char> {
    let first = code_unit(rest)?;
    if !(0xd800..0xe000).contains(&first) {
        return char::from_u32(first);
    }
    *rest = rest.strip_prefix(b"\\u")?;
    let second = code_unit(rest)?;
    if first >= 0xdc00 || !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
}

fn code_unit(rest: &mut &[u8]) -> Option<u32> {
    let (digits, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    digits.iter().try_fold(0, |unit, byte| Some(unit << 4 | u32::from(hexadecimal::digit(*byte)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_members_are_found_where_they_are() {
        let rows: [(&str, u64, Option<&str>); 10] = [
            (r#"["hello", "world"]"#, 0, Some(r#""hello""#)),
            (r#"["hello", "world"]"#, 1, Some(r#""world""#)),
            (r#"["hello", "world"]"#, 2, None),
            ("[]", 0, None),
            (" [ 1 ,\n[2, [3]] , {\"a\":[4]}]", 1, Some("[2, [3]]")),
            (" [ 1 ,\n[2, [3]] , {\"a\":[4]}]", 2, Some("{\"a\":[4]}")),
            (r#"["]\"", -1.5e3]"#, 1, Some("-1.5e3")),
            ("[1 2]", 1, None),
            ("[\"a", 0, None),
            ("{}", 0, None),
        ];
        for (text, index, expected) in rows {
            let place = Scanner::new(text.as_bytes()).element(index);
            assert_eq!(place.map(|(begin, end)| &text[begin..end]), expected, "{text} {index}");
        }
        let rows = [
            (r#"{"a": 1, "b": {"a": 2}}"#, "b", Some(r#"{"a": 2}"#)),
            (r#"{"a": 1, "b": {"c": 2}}"#, "c", None),
            (r#"{"\u0061": 7, "a": 8}"#, "a", Some("7")),
            (r#"{a: 7}"#, "a", None),
            ("{}", "", None),
        ];
        for (text, key, expected) in rows {
            let place = Scanner::new(text.as_bytes()).member(key.as_bytes());
            assert_eq!(place.map(|(begin, end)| &text[begin..end]), expected, "{text} {key}");
        }
    }

    #[test]
    fn scalars_lose_quotes_and_escapes() {
        let rows: [(&str, Option<&str>); 13] = [
            (r#""""#, Some("")),
            (r#" "a\n\"\\\/\u00e9" "#, Some("a\n\"\\/\u{e9}")),
            (r#""\ud83d\ude00""#, Some("\u{1f600}")),
            (r#""\ud83d""#, None),
            (r#""\ude00\ud83d""#, None),
            (r#""\x""#, None),
            (r#""\"#, None),
            ("12", Some("12")),
            ("true", Some("true")),
            ("[1]", None),
            ("", None),
            ("\"", None),
            (",", None),
        ];
        for (text, expected) in rows {
            let content = Scanner::new(text.as_bytes()).scalar();
            assert_eq!(content.as_deref(), expected.map(str::as_bytes), "{text}");
        }
    }
}
