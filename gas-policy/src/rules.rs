use crate::{strict_rules::StrictRules, travis_rules::TravisRules};

/// A rule set with its limits: data that governance may change at a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Rules {
    /// Travis v0.1.7 and v0.1.8, as before the hotfix: the rules that halted the chain.
    #[cfg_attr(feature = "serde", serde(rename = "travis-0.1.7"))]
    Travis017(TravisRules),
    /// Travis v0.1.8-beta-hotfix and later, faithful in every quirk.
    TravisHotfix(TravisRules),
    /// The rules a new chain should run.
    Strict(StrictRules),
}

impl Rules {
    /// Returns the name of the rule set, as in its stored form.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Travis017(_) => "travis-0.1.7",
            Self::TravisHotfix(_) => "travis-hotfix",
            Self::Strict(_) => "strict",
        }
    }

    /// Returns the number of blocks after which wasted gas is forgiven. Travis never counted it.
    pub(crate) const fn window_blocks(&self) -> u64 {
        match self {
            Self::Travis017(_) | Self::TravisHotfix(_) => 1,
            Self::Strict(rules) => rules.params().window_blocks,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::Strict(StrictRules::default())
    }
}
