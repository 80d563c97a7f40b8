//! The ordered list of Ethereum's hard forks.

use core::{fmt, str::FromStr};

/// A set of Ethereum rules, named after the hard fork that introduced it.
///
/// Later revisions compare greater. Forks that changed nothing in execution (difficulty delays) are not listed; their
/// names parse as the revision they ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[repr(u8)]
pub enum Revision {
    /// July 2015.
    Frontier,
    /// March 2016: EIP-2, EIP-7.
    Homestead,
    /// October 2016: EIP-150.
    TangerineWhistle,
    /// November 2016: EIP-155, EIP-160, EIP-161, EIP-170.
    SpuriousDragon,
    /// October 2017: EIP-140, EIP-196, EIP-197, EIP-198, EIP-211, EIP-214, EIP-658.
    Byzantium,
    /// Never on mainnet: EIP-145, EIP-1014, EIP-1052, EIP-1283.
    Constantinople,
    /// February 2019: Constantinople without EIP-1283.
    Petersburg,
    /// December 2019: EIP-152, EIP-1108, EIP-1344, EIP-1884, EIP-2028, EIP-2200.
    Istanbul,
    /// April 2021: EIP-2565, EIP-2929, EIP-2930.
    Berlin,
    /// August 2021: EIP-1559, EIP-3198, EIP-3529, EIP-3541.
    London,
    /// September 2022: EIP-3675, EIP-4399.
    Paris,
    /// April 2023: EIP-3651, EIP-3855, EIP-3860.
    Shanghai,
    /// March 2024: EIP-1153, EIP-4844, EIP-5656, EIP-6780, EIP-7516.
    Cancun,
    /// May 2025: EIP-2537, EIP-7623, EIP-7702.
    Prague,
    /// December 2025: EIP-7823, EIP-7825, EIP-7883, EIP-7939, EIP-7951.
    Osaka,
}

impl Revision {
    /// Every revision, oldest first.
    pub const ALL: [Self; 15] = [
        Self::Frontier,
        Self::Homestead,
        Self::TangerineWhistle,
        Self::SpuriousDragon,
        Self::Byzantium,
        Self::Constantinople,
        Self::Petersburg,
        Self::Istanbul,
        Self::Berlin,
        Self::London,
        Self::Paris,
        Self::Shanghai,
        Self::Cancun,
        Self::Prague,
        Self::Osaka,
    ];

    /// The revision's name, as in the variant.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frontier => "Frontier",
            Self::Homestead => "Homestead",
            Self::TangerineWhistle => "TangerineWhistle",
            Self::SpuriousDragon => "SpuriousDragon",
            Self::Byzantium => "Byzantium",
            Self::Constantinople => "Constantinople",
            Self::Petersburg => "Petersburg",
            Self::Istanbul => "Istanbul",
            Self::Berlin => "Berlin",
            Self::London => "London",
            Self::Paris => "Paris",
            Self::Shanghai => "Shanghai",
            Self::Cancun => "Cancun",
            Self::Prague => "Prague",
            Self::Osaka => "Osaka",
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The name is not a hard fork known to this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown revision; expected one of Frontier ... Osaka, or the fork names of ethereum/tests"
)]
pub struct UnknownRevision;

impl FromStr for Revision {
    type Err = UnknownRevision;

    /// Parses a revision's name in any case, or the name that ethereum/tests and execution-spec-tests use for it.
    fn from_str(name: &str) -> Result<Self, UnknownRevision> {
        let known = |revision: &Self| revision.name().eq_ignore_ascii_case(name);
        if let Some(revision) = Self::ALL.iter().copied().find(known) {
            return Ok(revision);
        }
        const ALIASES: [(&str, Revision); 10] = [
            ("EIP150", Revision::TangerineWhistle),
            ("EIP158", Revision::SpuriousDragon),
            ("Tangerine", Revision::TangerineWhistle),
            ("Spurious", Revision::SpuriousDragon),
            ("ConstantinopleFix", Revision::Petersburg),
            ("MuirGlacier", Revision::Istanbul),
            ("ArrowGlacier", Revision::London),
            ("GrayGlacier", Revision::London),
            ("Merge", Revision::Paris),
            ("DAOFork", Revision::Homestead),
        ];
        let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name));
        alias.map(|(_, revision)| *revision).ok_or(UnknownRevision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_in_order() {
        for pair in Revision::ALL.windows(2) {
            assert!(pair[0] < pair[1]);
        }
        for revision in Revision::ALL {
            assert_eq!(revision.name().parse(), Ok(revision));
            assert_eq!(revision.name().to_lowercase().parse(), Ok(revision));
        }
        assert_eq!("ConstantinopleFix".parse(), Ok(Revision::Petersburg));
        assert_eq!("Tomorrow".parse::<Revision>(), Err(UnknownRevision));
    }
}
