//! Powers modulo an odd number, by Montgomery's multiplication and windows of the exponent.

use alloc::{vec, vec::Vec};

use super::power::Exponent;

/// An odd modulus of n limbs, with what its multiplication needs; R stands for 2^(64 n).
///
/// # Invariants
///
/// The modulus is odd and its highest limb is not zero.
pub(super) struct Montgomery {
    modulus: Vec<u64>,
    /// -1 / modulus modulo 2^64.
    negated_inverse: u64,
    /// R modulo the modulus: one, in Montgomery's form.
    one: Vec<u64>,
}

impl Montgomery {
    /// Prepares an odd modulus without leading zero limbs.
    pub(super) fn new(modulus: Vec<u64>) -> Self {
        let negated_inverse = negated_inverse(modulus[0]);
        let one = power_of_two_modulo(&modulus);
        Self { modulus, negated_inverse, one }
    }

    /// Raises a number of any length to a power above zero.
    pub(super) fn power(&self, base: &[u64], exponent: &Exponent<'_>) -> Vec<u64> {
        let mut scratch = Scratch::new(self.modulus.len());
        let base = self.to_form(base, &mut scratch);
        let mut power = if exponent.bytes().len() <= 4 && exponent.zero_bytes() == 0 {
            self.power_by_bits(&base, exponent.bytes(), &mut scratch)
        } else {
            self.power_by_windows(&base, exponent.bytes(), &mut scratch)
        };
        self.square_often(&mut power, exponent.zero_bytes(), &mut scratch);
        let mut one = vec![0; self.modulus.len()];
        one[0] = 1;
        self.multiply_into(&mut power, &one, &mut scratch);
        power
    }

    fn power_by_bits(&self, base: &[u64], exponent: &[u8], scratch: &mut Scratch) -> Vec<u64> {
        let bits = exponent.iter().flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1));
        let mut power = base.to_vec();
        // The first one bit is the base itself.
        for bit in bits.skip_while(|&bit| bit == 0).skip(1) {
            self.square(&mut power, scratch);
            if bit == 1 {
                self.multiply_into(&mut power, base, scratch);
            }
        }
        power
    }

    fn power_by_windows(&self, base: &[u64], exponent: &[u8], scratch: &mut Scratch) -> Vec<u64> {
        let count = self.modulus.len();
        let mut table = vec![0; 16 * count];
        table[..count].copy_from_slice(&self.one);
        let mut entry = self.one.clone();
        for slot in table.chunks_exact_mut(count).skip(1) {
            self.multiply_into(&mut entry, base, scratch);
            slot.copy_from_slice(&entry);
        }
        let mut power = self.one.clone();
        let nibbles = exponent.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(usize::from);
        for nibble in nibbles.skip_while(|&nibble| nibble == 0) {
            for _ in 0..4 {
                self.square(&mut power, scratch);
            }
            if nibble != 0 {
                self.multiply_into(&mut power, &table[nibble * count..][..count], scratch);
            }
        }
        power
    }

    /// Squares eight times for each byte; zero and one stay what they are.
    fn square_often(&self, power: &mut [u64], bytes: u64, scratch: &mut Scratch) {
        for _ in 0..bytes {
            if power == self.one || power.iter().all(|&limb| limb == 0) {
                return;
            }
            for _ in 0..8 {
                self.square(power, scratch);
            }
        }
    }

    /// Brings a number of any length to Montgomery's form: multiplied by R and reduced.
    fn to_form(&self, number: &[u64], scratch: &mut Scratch) -> Vec<u64> {
        let count = self.modulus.len();
        let square = self.one_in_form_squared(scratch);
        let mut result = vec![0; count];
        let mut part = vec![0; count];
        // Horner's rule over parts of n limbs, the highest first.
        for limbs in number.chunks(count).rev() {
            self.multiply_into(&mut result, &square, scratch);
            part.fill(0);
            part[..limbs.len()].copy_from_slice(limbs);
            self.multiply_into(&mut part, &square, scratch);
            self.add_into(&mut result, &part);
        }
        result
    }

    /// Returns R^2 modulo the modulus: 2^(64 n) in Montgomery's form, by doubling and squaring two.
    fn one_in_form_squared(&self, scratch: &mut Scratch) -> Vec<u64> {
        let exponent = 64 * self.modulus.len();
        let mut power = self.one.clone();
        for bit in (0..usize::BITS - exponent.leading_zeros()).rev() {
            self.square(&mut power, scratch);
            if (exponent >> bit) & 1 == 1 {
                double_modulo(&mut power, &self.modulus);
            }
        }
        power
    }

    fn add_into(&self, sum: &mut [u64], number: &[u64]) {
        let mut carry = false;
        for (target, limb) in sum.iter_mut().zip(number) {
            (*target, carry) = target.carrying_add(*limb, carry);
        }
        subtract_if_not_less(sum, u64::from(carry), &self.modulus);
    }

    fn square(&self, number: &mut [u64], scratch: &mut Scratch) {
        scratch.factor.copy_from_slice(number);
        self.multiply_factor_into(number, scratch);
    }

    /// Multiplies by a number below R and divides by R, modulo the modulus; `product` is below the modulus or below R
    /// while `factor` is below the modulus.
    fn multiply_into(&self, product: &mut [u64], factor: &[u64], scratch: &mut Scratch) {
        scratch.factor.copy_from_slice(factor);
        self.multiply_factor_into(product, scratch);
    }

    fn multiply_factor_into(&self, product: &mut [u64], scratch: &mut Scratch) {
        let Scratch { factor, sum } = scratch;
        sum.fill(0);
        let mut top: u64 = 0;
        for &digit in product.iter() {
            let quotient = digit
                .wrapping_mul(factor[0])
                .wrapping_add(sum[0])
                .wrapping_mul(self.negated_inverse);
            let (low, mut carry) = digit.carrying_mul_add(factor[0], sum[0], 0);
            let (_, mut reduction_carry) = quotient.carrying_mul_add(self.modulus[0], low, 0);
            for index in 1..sum.len() {
                let limb;
                (limb, carry) = digit.carrying_mul_add(factor[index], sum[index], carry);
                (sum[index - 1], reduction_carry) =
                    quotient.carrying_mul_add(self.modulus[index], limb, reduction_carry);
            }
            let (limb, first) = top.carrying_add(carry, false);
            let (limb, second) = limb.carrying_add(reduction_carry, false);
            if let Some(last) = sum.last_mut() {
                *last = limb;
            }
            top = u64::from(first) + u64::from(second);
        }
        subtract_if_not_less(sum, top, &self.modulus);
        product.copy_from_slice(sum);
    }
}

/// Room for one multiplication.
struct Scratch {
    factor: Vec<u64>,
    sum: Vec<u64>,
}

impl Scratch {
    fn new(count: usize) -> Self {
        Self { factor: vec![0; count], sum: vec![0; count] }
    }
}

/// Returns -1 / odd modulo 2^64 by Newton's iteration; an odd number is its own inverse modulo 8.
fn negated_inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    for _ in 0..5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
    }
    inverse.wrapping_neg()
}

/// Returns 2^(64 n) modulo an odd number of n limbs, by doubling the highest power of two below it.
fn power_of_two_modulo(modulus: &[u64]) -> Vec<u64> {
    let mut power = vec![0; modulus.len()];
    let Some(top) = modulus.last() else {
        return power;
    };
    if modulus == [1] {
        return power;
    }
    let spare = top.leading_zeros();
    power[modulus.len() - 1] = 1 << (63 - spare);
    for _ in 0..=spare {
        double_modulo(&mut power, modulus);
    }
    power
}

/// Doubles a number below the modulus.
fn double_modulo(number: &mut [u64], modulus: &[u64]) {
    let mut carried = 0;
    for limb in number.iter_mut() {
        let value = *limb;
        *limb = (value << 1) | carried;
        carried = value >> 63;
    }
    subtract_if_not_less(number, carried, modulus);
}

/// Subtracts the modulus once, if the number with `top` above it is not less.
fn subtract_if_not_less(number: &mut [u64], top: u64, modulus: &[u64]) {
    let is_less = top == 0 && number.iter().rev().lt(modulus.iter().rev());
    if is_less {
        return;
    }
    let mut borrow = false;
    for (target, limb) in number.iter_mut().zip(modulus) {
        (*target, borrow) = target.borrowing_sub(*limb, borrow);
    }
}
