/// A seeded generator (`SplitMix64`): equal seeds give equal numbers on every machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Random(u64);

impl Random {
    /// Starts a sequence.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below the limit; 0 for a limit of 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        ((self.next_u64() as u128 * limit as u128) >> 64) as u64
    }

    /// Is true in so many of a thousand cases.
    pub const fn is_in(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_numbers_within_the_limit() {
        let (mut one, mut other) = (Random::new(7), Random::new(7));
        let mut counts = [0u32; 5];
        for _ in 0..10_000 {
            let found = one.below(5);
            assert_eq!(found, other.below(5));
            counts[found as usize] += 1;
        }
        assert!(counts.iter().all(|count| (1_800..2_200).contains(count)), "{counts:?}");
        assert_eq!(Random::new(0).next_u64(), 0xe220_a839_7b1d_cdaf, "the published first number");
        assert_eq!(one.below(0), 0);
    }
}
