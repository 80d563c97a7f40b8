//! The notations of numbers, bytes and accounts that the official test files use.

use crate::{MemoryAccount, MemoryState};
use bytes::Bytes;
use primitive_types::{H160 as Address, H256, U256};
use serde::{Deserialize, Deserializer, de};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// A number as the files write it: hexadecimal with `0x`, decimal, a JSON number, or either after a prefix word such
/// as `0x:bigint`. The empty string and `0x` are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// A number of at most 256 bits.
    Word(U256),
    /// A number that no field of the protocol can hold.
    TooLarge,
}

impl Default for Number {
    fn default() -> Self {
        Self::Word(U256::zero())
    }
}

impl Number {
    /// The number, if it has at most 256 bits.
    #[must_use]
    pub const fn to_word(self) -> Option<U256> {
        match self {
            Self::Word(word) => Some(word),
            Self::TooLarge => None,
        }
    }

    /// The number, if it has at most 64 bits.
    #[must_use]
    pub fn to_u64(self) -> Option<u64> {
        self.to_word().and_then(|word| u64::try_from(word).ok())
    }

    /// Parses one of the notations.
    ///
    /// # Errors
    /// [`NotANumber`] when the text is none of them.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        let digits = last_word(text);
        let parsed = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some("") => Ok(U256::zero()),
            Some(hex) if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                return Err(NotANumber);
            }
            Some(hex) => U256::from_str_radix(hex, 16).map_err(|_too_large| NotANumber),
            None if !digits.bytes().all(|byte| byte.is_ascii_digit()) => return Err(NotANumber),
            None if digits.is_empty() => Ok(U256::zero()),
            None => U256::from_dec_str(digits).map_err(|_too_large| NotANumber),
        };
        // Only digits are left, so that what does not parse does not fit.
        Ok(parsed.map_or(Self::TooLarge, Self::Word))
    }
}

/// The text is not a number in any notation of the test files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number: expected 0x and hexadecimal digits, or decimal digits")]
pub struct NotANumber;

/// The text is not `0x` and pairs of hexadecimal digits, or has the wrong length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not bytes: expected 0x and pairs of hexadecimal digits, {0}")]
pub struct NotBytes(&'static str);

/// Parses bytes in hexadecimal, with or without `0x`, possibly after a prefix word such as `:raw`.
///
/// # Errors
/// [`NotBytes`] when the text is something else.
pub fn parse_bytes(text: &str) -> Result<Vec<u8>, NotBytes> {
    let text = last_word(text);
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map_err(|error| match error {
        hex::FromHexError::OddLength => NotBytes("but their number is odd"),
        _ => NotBytes("but other characters were found"),
    })
}

fn last_word(text: &str) -> &str {
    text.split_whitespace().next_back().unwrap_or("")
}

fn parse_address(text: &str) -> Result<Address, NotBytes> {
    let bytes = parse_bytes(text)?;
    <[u8; 20]>::try_from(bytes).map(Address).map_err(|_length| NotBytes("20 of them"))
}

fn parse_hash(text: &str) -> Result<H256, NotBytes> {
    let bytes = parse_bytes(text)?;
    let Some(start) = 32_usize.checked_sub(bytes.len()) else {
        return Err(NotBytes("at most 32 of them"));
    };
    let mut hash = H256::zero();
    hash.0[start..].copy_from_slice(&bytes);
    Ok(hash)
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl de::Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, as JSON or as a hexadecimal or decimal string")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
        Ok(Number::Word(number.into()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        Number::parse(text).map_err(E::custom)
    }
}

/// Reads a number that has to fit a word.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    let number = Number::deserialize(deserializer)?;
    number.to_word().ok_or_else(|| de::Error::custom("the number has more than 256 bits"))
}

/// Reads a number that has to fit 64 bits.
pub(super) fn small<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = Number::deserialize(deserializer)?;
    number.to_u64().ok_or_else(|| de::Error::custom("the number has more than 64 bits"))
}

/// A value written as a string that `T::from_text` parses.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<T>(pub T);

/// What can be read from a JSON string.
pub trait FromText: Sized {
    /// Parses the string's content.
    ///
    /// # Errors
    /// [`NotBytes`] when it is malformed.
    fn from_text(text: &str) -> Result<Self, NotBytes>;
}

impl FromText for Bytes {
    fn from_text(text: &str) -> Result<Self, NotBytes> {
        parse_bytes(text).map(Self::from)
    }
}

impl FromText for Address {
    fn from_text(text: &str) -> Result<Self, NotBytes> {
        parse_address(text)
    }
}

impl FromText for H256 {
    fn from_text(text: &str) -> Result<Self, NotBytes> {
        parse_hash(text)
    }
}

/// A word used as the key of a JSON object.
impl FromText for U256 {
    fn from_text(text: &str) -> Result<Self, NotBytes> {
        let number = Number::parse(text).map_err(|NotANumber| NotBytes("or a number"))?;
        number.to_word().ok_or(NotBytes("at most 32 of them"))
    }
}

impl<'de, T: FromText> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        T::from_text(&text)
            .map(Self)
            .map_err(|cause| de::Error::custom(format!("{cause}: {text:?}")))
    }
}

/// An account of a `pre`, `post` or `state` section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Account {
    #[serde(deserialize_with = "small")]
    nonce: u64,
    #[serde(deserialize_with = "word")]
    balance: U256,
    code: Text<Bytes>,
    storage: BTreeMap<Text<U256>, StorageValue>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
struct StorageValue(#[serde(deserialize_with = "word")] U256);

impl Account {
    /// The account without its zero slots.
    #[must_use]
    pub fn to_memory(&self) -> MemoryAccount {
        let slots = self.storage.iter().map(|(key, value)| (key.0, value.0));
        MemoryAccount {
            nonce: self.nonce,
            balance: self.balance,
            code: self.code.0.clone(),
            storage: slots.filter(|(_, value)| !value.is_zero()).collect(),
        }
    }
}

/// The accounts of a `pre`, `post` or `state` section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Accounts(BTreeMap<Text<Address>, Account>);

impl Accounts {
    /// The code of every account.
    pub(super) fn codes(&self) -> impl Iterator<Item = &[u8]> {
        self.0.values().map(|account| account.code.0.as_ref())
    }

    /// The state that holds these accounts and no others.
    #[must_use]
    pub fn to_state(&self) -> MemoryState {
        let mut state = MemoryState::default();
        for (address, account) in &self.0 {
            state.insert(address.0, account.to_memory());
        }
        state
    }

    /// Says in one line how `found` differs from these accounts; `None` when it does not.
    #[must_use]
    pub fn difference(&self, found: &MemoryState) -> Option<String> {
        let expected: BTreeMap<Address, MemoryAccount> =
            self.0.iter().map(|(address, account)| (address.0, account.to_memory())).collect();
        let mut lines = Vec::new();
        for (address, expected) in &expected {
            match found.accounts().get(address) {
                None => lines.push(format!("{address:?} is missing")),
                Some(found) => account_difference(address, expected, found, &mut lines),
            }
        }
        let surplus = found.accounts().keys().filter(|address| !expected.contains_key(address));
        lines.extend(surplus.map(|address| format!("{address:?} should not exist")));
        (!lines.is_empty()).then(|| lines.join(", "))
    }
}

fn account_difference(
    address: &Address,
    expected: &MemoryAccount,
    found: &MemoryAccount,
    lines: &mut Vec<String>,
) {
    let mut compare = |what: &str, expected: &dyn fmt::Display, found: &dyn fmt::Display| {
        let (expected, found) = (expected.to_string(), found.to_string());
        if expected != found {
            lines.push(format!("{address:?} {what}: expected {expected}, found {found}"));
        }
    };
    compare("nonce", &expected.nonce, &found.nonce);
    compare("balance", &expected.balance, &found.balance);
    compare("code", &hex::encode(&expected.code), &hex::encode(&found.code));
    let keys = expected
        .storage
        .keys()
        .chain(found.storage.keys().filter(|key| !expected.storage.contains_key(key)));
    for key in keys {
        let slot = |account: &MemoryAccount| {
            format!("{:#x}", account.storage.get(key).copied().unwrap_or_default())
        };
        compare(&format!("slot {key:#x}"), &slot(expected), &slot(found));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_notation() {
        let rows: [(&str, Option<u64>); 9] = [
            ("", Some(0)),
            ("0x", Some(0)),
            ("0x00", Some(0)),
            ("0x0a", Some(10)),
            ("0XfF", Some(255)),
            ("12", Some(12)),
            ("0x:bigint 0x10", Some(16)),
            ("0x-1", None),
            ("1a", None),
        ];
        for (text, expected) in rows {
            let parsed = Number::parse(text).ok().map(|number| number.to_u64().unwrap());
            assert_eq!(parsed, expected, "{text:?}");
        }
        let large = format!("0x:bigint 0x1{}", "0".repeat(64));
        assert_eq!(Number::parse(&large), Ok(Number::TooLarge));
        assert_eq!(Number::parse(&"9".repeat(100)), Ok(Number::TooLarge));
        assert_eq!(serde_json::from_str::<Number>("7").unwrap(), Number::Word(7.into()));
        assert!(serde_json::from_str::<Number>("-7").is_err());
    }

    #[test]
    fn a_difference_names_account_and_field() {
        let text = r#"{"0x00000000000000000000000000000000000000aa":
            {"nonce": "0x01", "balance": "10", "code": "0x", "storage": {"0x01": "0x02", "0x03": "0x00"}}}"#;
        let accounts: Accounts = serde_json::from_str(text).unwrap();
        let mut state = accounts.to_state();
        assert_eq!(accounts.difference(&state), None);
        let address = Address::from_low_u64_be(0xaa);
        assert_eq!(state.accounts()[&address].storage.len(), 1);
        state.account_mut(address).storage.insert(3.into(), 4.into());
        state.account_mut(address).nonce = 2;
        let difference = accounts.difference(&state).unwrap();
        assert!(difference.contains("nonce: expected 1, found 2"), "{difference}");
        assert!(difference.contains("slot 0x3: expected 0x0, found 0x4"), "{difference}");
    }

    #[test]
    fn malformed_bytes_are_errors() {
        for text in ["0x0", "0xzz", "0x\u{e9}1"] {
            assert!(parse_bytes(text).is_err(), "{text:?}");
        }
        assert_eq!(parse_bytes(":raw 0x0102"), Ok(Vec::from([1, 2])));
        assert!(serde_json::from_str::<Text<Address>>("\"0x01\"").is_err());
        assert_eq!(
            serde_json::from_str::<Text<H256>>("\"0x01\"").unwrap().0,
            H256::from_low_u64_be(1)
        );
    }
}
