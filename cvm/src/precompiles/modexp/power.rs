//! Powers modulo any number: an odd modulus directly, an even one in its odd part and its power of two.

use alloc::{vec, vec::Vec};

use super::montgomery::Montgomery;

/// Raises `base` to the power of `exponent`, followed by `exponent_zeros` zero bytes, modulo `modulus`.
///
/// Numbers are big endian; the result has as many bytes as the modulus. A modulus of zero gives zero.
pub(super) fn modular_power(
    base: &[u8],
    exponent: &[u8],
    exponent_zeros: u64,
    modulus: &[u8],
) -> Vec<u8> {
    let limbs = limbs_of(modulus);
    let power = power_limbs(&limbs_of(base), &Exponent::new(exponent, exponent_zeros), limbs);
    let mut bytes = vec![0; modulus.len()];
    for (chunk, limb) in bytes.rchunks_mut(8).zip(power) {
        let limb = limb.to_be_bytes();
        chunk.copy_from_slice(&limb[8 - chunk.len()..]);
    }
    bytes
}

/// An exponent without leading zeros: the bits of the bytes, then zero bits.
pub(super) struct Exponent<'a> {
    bytes: &'a [u8],
    zero_bytes: u64,
}

impl<'a> Exponent<'a> {
    fn new(bytes: &'a [u8], zero_bytes: u64) -> Self {
        let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
        let bytes = &bytes[start..];
        Self { bytes, zero_bytes: if bytes.is_empty() { 0 } else { zero_bytes } }
    }

    /// Says whether the exponent is zero.
    pub(super) fn is_zero(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes down to the last that the input holds, the most significant first; the first is not zero.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many zero bytes follow.
    pub(super) fn zero_bytes(&self) -> u64 {
        self.zero_bytes
    }
}

fn power_limbs(base: &[u64], exponent: &Exponent<'_>, mut modulus: Vec<u64>) -> Vec<u64> {
    trim(&mut modulus);
    let Some(zero_limbs) = modulus.iter().position(|&limb| limb != 0) else {
        return Vec::new();
    };
    if exponent.is_zero() {
        return if modulus == [1] { Vec::new() } else { vec![1] };
    }
    let two_bits = 64 * zero_limbs + modulus[zero_limbs].trailing_zeros() as usize;
    if two_bits == 0 {
        return Montgomery::new(modulus).power(base, exponent);
    }
    let binary = BinaryModulus { bits: two_bits };
    let low = binary.power(base, exponent);
    let odd = shifted_right(&modulus, two_bits);
    if odd == [1] {
        return low;
    }
    // Garner: the result is h + odd * ((low - h) / odd mod 2^bits), where h is the power modulo the odd part.
    let high = Montgomery::new(odd.clone()).power(base, exponent);
    let difference = binary.subtract(&low, &high);
    let factor = binary.multiply(&difference, &binary.inverse(&odd));
    let mut result = product(&odd, &factor);
    add_into(&mut result, &high);
    result
}

/// Arithmetic modulo 2^bits, on numbers of as many limbs as that needs.
struct BinaryModulus {
    bits: usize,
}

impl BinaryModulus {
    fn limb_count(&self) -> usize {
        self.bits.div_ceil(64)
    }

    /// Cuts a number to the modulus.
    fn reduce(&self, number: &[u64]) -> Vec<u64> {
        let mut reduced = vec![0; self.limb_count()];
        for (target, limb) in reduced.iter_mut().zip(number) {
            *target = *limb;
        }
        self.mask(&mut reduced);
        reduced
    }

    fn mask(&self, number: &mut [u64]) {
        let spare = (64 - self.bits % 64) % 64;
        if let Some(top) = number.last_mut() {
            *top &= u64::MAX >> spare;
        }
    }

    fn multiply(&self, a: &[u64], b: &[u64]) -> Vec<u64> {
        let mut result = vec![0_u64; self.limb_count()];
        for (index, &factor) in a.iter().take(result.len()).enumerate() {
            let mut carry = 0;
            for (target, &limb) in result[index..].iter_mut().zip(b) {
                (*target, carry) = factor.carrying_mul_add(limb, *target, carry);
            }
        }
        self.mask(&mut result);
        result
    }

    fn subtract(&self, a: &[u64], b: &[u64]) -> Vec<u64> {
        let mut result = self.reduce(a);
        let mut borrow = false;
        for (target, limb) in result.iter_mut().zip(self.reduce(b)) {
            (*target, borrow) = target.borrowing_sub(limb, borrow);
        }
        self.mask(&mut result);
        result
    }

    /// Inverts an odd number by Newton's iteration, which doubles the right bits each time.
    fn inverse(&self, odd: &[u64]) -> Vec<u64> {
        let odd = self.reduce(odd);
        let two = self.reduce(&[2]);
        let mut inverse = self.reduce(&[1]);
        let mut right_bits = 1;
        while right_bits < self.bits {
            let error = self.subtract(&two, &self.multiply(&odd, &inverse));
            inverse = self.multiply(&inverse, &error);
            right_bits *= 2;
        }
        inverse
    }

    fn power(&self, base: &[u64], exponent: &Exponent<'_>) -> Vec<u64> {
        let base = self.reduce(base);
        let one = self.reduce(&[1]);
        let mut power = one.clone();
        for byte in exponent.bytes() {
            for bit in (0..8).rev() {
                power = self.multiply(&power, &power);
                if (byte >> bit) & 1 == 1 {
                    power = self.multiply(&power, &base);
                }
            }
        }
        // Modulo 2^bits, an even number soon squares to zero and an odd one to one; then it stays so.
        for _ in 0..exponent.zero_bytes() {
            if power == one || power.iter().all(|&limb| limb == 0) {
                break;
            }
            for _ in 0..8 {
                power = self.multiply(&power, &power);
            }
        }
        power
    }
}

/// Reads big-endian bytes into limbs, the least significant first.
fn limbs_of(bytes: &[u8]) -> Vec<u64> {
    bytes
        .rchunks(8)
        .map(|chunk| {
            let mut padded = [0; 8];
            padded[8 - chunk.len()..].copy_from_slice(chunk);
            u64::from_be_bytes(padded)
        })
        .collect()
}

/// Drops the zero limbs at the top.
fn trim(number: &mut Vec<u64>) {
    let used = number.iter().rposition(|&limb| limb != 0).map_or(0, |index| index + 1);
    number.truncate(used);
}

/// Shifts right and drops the zero limbs at the top.
fn shifted_right(number: &[u64], bits: usize) -> Vec<u64> {
    let (limbs, shift) = (bits / 64, bits % 64);
    let mut shifted: Vec<u64> = number[limbs..].to_vec();
    if shift > 0 {
        let mut carried = 0;
        for limb in shifted.iter_mut().rev() {
            let value = *limb;
            *limb = (value >> shift) | carried;
            carried = value << (64 - shift);
        }
    }
    trim(&mut shifted);
    shifted
}

fn product(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut result = vec![0_u64; a.len() + b.len()];
    for (index, &factor) in a.iter().enumerate() {
        let mut carry = 0;
        for (target, &limb) in result[index..].iter_mut().zip(b) {
            (*target, carry) = factor.carrying_mul_add(limb, *target, carry);
        }
        result[index + b.len()] = carry;
    }
    result
}

/// Adds a number that the sum has room for.
fn add_into(sum: &mut [u64], number: &[u64]) {
    let mut carry = false;
    for (index, target) in sum.iter_mut().enumerate() {
        (*target, carry) = target.carrying_add(number.get(index).copied().unwrap_or(0), carry);
    }
}
