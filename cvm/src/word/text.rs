//! Hexadecimal text.

use core::fmt;

use super::Word;

/// A word as text: `0x`, then the digits without leading zeros.
impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        fmt::LowerHex::fmt(self, f)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::LowerHex for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        if d != 0 {
            write!(f, "{d:x}{c:016x}{b:016x}{a:016x}")
        } else if c != 0 {
            write!(f, "{c:x}{b:016x}{a:016x}")
        } else if b != 0 {
            write!(f, "{b:x}{a:016x}")
        } else {
            write!(f, "{a:x}")
        }
    }
}

/// Why a text is not a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseWordError {
    /// The text does not start with `0x`.
    #[error("missing 0x prefix")]
    MissingPrefix,
    /// There are no digits, or more than 64.
    #[error("expected 1 to 64 hexadecimal digits, found {digits}")]
    DigitCount {
        /// How many digits there are.
        digits: usize,
    },
    /// A character is no hexadecimal digit.
    #[error("not a hexadecimal digit at {position}")]
    Digit {
        /// Which digit it is, counted from zero after the prefix.
        position: usize,
    },
}

impl core::str::FromStr for Word {
    type Err = ParseWordError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").ok_or(ParseWordError::MissingPrefix)?.as_bytes();
        if digits.is_empty() || digits.len() > 64 {
            return Err(ParseWordError::DigitCount { digits: digits.len() });
        }
        let mut value = Self::ZERO;
        for (position, &digit) in digits.iter().enumerate() {
            let nibble =
                char::from(digit).to_digit(16).ok_or(ParseWordError::Digit { position })?;
            value = value.shl_small(4) | Self::from(u64::from(nibble));
        }
        Ok(value)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Word {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Word {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Quantity;

        impl serde::de::Visitor<'_> for Quantity {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a 0x-prefixed hexadecimal quantity of at most 256 bits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Word, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Quantity)
    }
}
