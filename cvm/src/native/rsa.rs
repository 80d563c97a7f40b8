//! `rsa_encrypt` and `rsa_decrypt`: RSA with keys in PEM and ciphertexts in hexadecimal.
//!
//! A message is the number that its bytes spell; there is no padding, since padding needs chance. Decryption gives the
//! number's bytes without leading zeros.
//!
//! **Deviations**: the padding of the original's ciphertexts was never published; keys have at most 4096 bits.

use super::{
    NativeError, NativeFunction, NativeSignature, NativeType, NativeValue, base64, der,
    hexadecimal, string,
};
use crate::precompiles;
use alloc::vec::Vec;

/// The longest modulus.
const MODULUS_SIZE_MAX: usize = 512;

/// The longest text that can hold a private key of that size.
const KEY_TEXT_SIZE_MAX: usize = 8192;

/// Mainnet's price of each byte of the modulus (spec section 2.5).
const GAS_PER_MODULUS_BYTE: u64 = 10;

const SIGNATURES: &[NativeSignature] = &[NativeSignature {
    arguments: &[NativeType::String, NativeType::String],
    result: NativeType::String,
}];

/// At mainnet's price, which is far below the cost of decryption.
pub(super) const ENCRYPT_HISTORICAL: NativeFunction =
    NativeFunction { gas: |arguments| historical_price(arguments, Role::Public), ..ENCRYPT };

pub(super) const ENCRYPT: NativeFunction = NativeFunction {
    name: "rsa_encrypt",
    signatures: SIGNATURES,
    gas: |arguments| price(arguments, Role::Public),
    run: encrypt,
};

/// At mainnet's price, which is far below the cost.
pub(super) const DECRYPT_HISTORICAL: NativeFunction =
    NativeFunction { gas: |arguments| historical_price(arguments, Role::Private), ..DECRYPT };

pub(super) const DECRYPT: NativeFunction = NativeFunction {
    name: "rsa_decrypt",
    signatures: SIGNATURES,
    gas: |arguments| price(arguments, Role::Private),
    run: decrypt,
};

fn historical_price(arguments: &[NativeValue<'_>], role: Role) -> Option<u64> {
    let key = Key::parse(string(arguments, 0).ok()?, role)?;
    Some(key.modulus.len() as u64 * GAS_PER_MODULUS_BYTE)
}

/// As the modular exponentiation contract charges (EIP-7883): two multiplications of words for each bit.
fn price(arguments: &[NativeValue<'_>], role: Role) -> Option<u64> {
    let key = Key::parse(string(arguments, 0).ok()?, role)?;
    let words = key.modulus.len().div_ceil(8) as u64;
    Some(2 * words * words * 8 * key.exponent.len() as u64)
}

fn encrypt(arguments: &[NativeValue<'_>]) -> Result<NativeValue<'static>, NativeError> {
    let key = Key::parse(string(arguments, 0)?, Role::Public)
        .ok_or(NativeError::Argument { index: 0 })?;
    let ciphertext = key.apply(string(arguments, 1)?).ok_or(NativeError::Argument { index: 1 })?;
    Ok(NativeValue::String(hexadecimal::encode(&ciphertext).into()))
}

fn decrypt(arguments: &[NativeValue<'_>]) -> Result<NativeValue<'static>, NativeError> {
    let key = Key::parse(string(arguments, 0)?, Role::Private)
        .ok_or(NativeError::Argument { index: 0 })?;
    let digits = string(arguments, 1)?;
    // Hexadecimal text far longer than a ciphertext is not worth reading.
    let ciphertext =
        if digits.len() <= 2 * MODULUS_SIZE_MAX { hexadecimal::decode(digits) } else { None };
    let ciphertext = ciphertext.ok_or(NativeError::Argument { index: 1 })?;
    let message = key.apply(&ciphertext).ok_or(NativeError::Decryption)?;
    let zeros = message.iter().take_while(|byte| **byte == 0).count();
    Ok(NativeValue::String(message[zeros..].to_vec().into()))
}

/// Which half of a key pair is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Public,
    Private,
}

/// A modulus and one exponent, big-endian without leading zeros.
#[derive(Debug)]
struct Key {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl Key {
    fn parse(text: &[u8], role: Role) -> Option<Self> {
        if text.len() > KEY_TEXT_SIZE_MAX {
            return None;
        }
        let der = unwrap_pem(text)?;
        let (modulus, exponent) = match role {
            Role::Public => public_numbers(&der)?,
            Role::Private => private_numbers(&der)?,
        };
        let is_sensible = !modulus.is_empty()
            && modulus.len() <= MODULUS_SIZE_MAX
            && exponent.len() <= modulus.len();
        is_sensible.then(|| Self { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
    }

    /// Raises a number below the modulus; nothing for others.
    fn apply(&self, number: &[u8]) -> Option<Vec<u8>> {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let number = &number[zeros..];
        let is_below = number.len() < self.modulus.len()
            || number.len() == self.modulus.len() && number < self.modulus.as_slice();
        is_below.then(|| precompiles::raise(number, &self.exponent, &self.modulus))
    }
}

/// The content between the first BEGIN and END lines.
fn unwrap_pem(text: &[u8]) -> Option<Vec<u8>> {
    let text = core::str::from_utf8(text).ok()?;
    let (_, after) = text.split_once("-----BEGIN ")?;
    let (_label, body) = after.split_once("-----")?;
    let (body, _) = body.split_once("-----END ")?;
    base64::decode(body.as_bytes())
}

/// Modulus and exponent of a `SubjectPublicKeyInfo` (RFC 5280) or `RSAPublicKey` (RFC 8017).
fn public_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut key = der::Reader::new(der).sequence()?;
    if key.is_at_sequence() {
        key.sequence()?;
        key = key.bit_string()?.sequence()?;
    }
    Some((key.positive_integer()?, key.positive_integer()?))
}

/// Modulus and private exponent of a `PrivateKeyInfo` (RFC 5208) or `RSAPrivateKey` (RFC 8017).
fn private_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut key = der::Reader::new(der).sequence()?;
    key.positive_integer()?;
    if key.is_at_sequence() {
        key.sequence()?;
        key = key.octet_string()?.sequence()?;
        key.positive_integer()?;
    }
    let modulus = key.positive_integer()?;
    key.positive_integer()?;
    Some((modulus, key.positive_integer()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: [&str; 2] =
        [include_str!("rsa/public-spki.pem"), include_str!("rsa/public-pkcs1.pem")];
    const PRIVATE: [&str; 2] =
        [include_str!("rsa/private-pkcs1.pem"), include_str!("rsa/private-pkcs8.pem")];

    /// `Hello World!` to the power of 65537, by another implementation.
    const CIPHERTEXT: &str = concat!(
        "21f6a45a75eb594cc8f0678369e455576cbb40411f0b63ad5bbbb1b39343c6f7",
        "882ee6dc5fc7b1d9af935558a1bd160f6520cea48294d3d39f5f66d825835daa"
    );

    fn text(text: &str) -> NativeValue<'_> {
        NativeValue::String(text.as_bytes().into())
    }

    #[test]
    fn keys_of_every_form_encrypt_and_decrypt() {
        for key in PUBLIC {
            let arguments = [text(key), text("Hello World!")];
            assert_eq!(encrypt(&arguments), Ok(text(CIPHERTEXT)));
            assert_eq!(historical_price(&arguments, Role::Public), Some(640));
            assert_eq!(price(&arguments, Role::Public), Some(2 * 64 * 24));
            assert_eq!(Key::parse(key.as_bytes(), Role::Private).map(|key| key.exponent), None);
        }
        for key in PRIVATE {
            let arguments = [text(key), text(CIPHERTEXT)];
            assert_eq!(decrypt(&arguments), Ok(text("Hello World!")));
            assert_eq!(historical_price(&arguments, Role::Private), Some(640));
            assert!(price(&arguments, Role::Private) >= Some(2 * 64 * 8 * 60));
        }
    }

    #[test]
    fn what_is_no_key_or_not_below_the_modulus_is_refused() {
        let (public, private) = (PUBLIC[0], PRIVATE[0]);
        let too_long = "x".repeat(65);
        let not_below = "ff".repeat(64);
        let large = format!("{public}{}", " ".repeat(KEY_TEXT_SIZE_MAX));
        for (key, message) in
            [(public, too_long.as_str()), ("", "x"), (private, "x"), (large.as_str(), "x")]
        {
            assert!(encrypt(&[text(key), text(message)]).is_err(), "{key} {message}");
        }
        for (key, ciphertext) in
            [(private, not_below.as_str()), (private, "0"), (private, "xx"), (public, "00")]
        {
            assert!(decrypt(&[text(key), text(ciphertext)]).is_err(), "{key} {ciphertext}");
        }
        // A damaged key is refused or is another key; nothing breaks.
        let damaged = |position: usize| {
            let mut key = private.as_bytes().to_vec();
            key[position] ^= 1;
            decrypt(&[NativeValue::String(key.into()), text(CIPHERTEXT)])
        };
        let refused = (0..private.len()).filter(|position| damaged(*position).is_err()).count();
        assert!(refused >= 30, "only {refused} of {} positions matter", private.len());
    }
}
