//! Who voted what in which round, and which thresholds that crosses.
//!
//! Votes sit in one array per round and phase, indexed by validator; every distinct value has a bitmap and a weight.
//! Adding a vote touches one slot and two sums. Memory is bounded: the rounds of a window around the current one, one
//! vote per validator, round and phase (a second one only as evidence or inside of a certificate), and one number per
//! validator for everything beyond the window.

use alloc::vec::Vec;

use crate::{
    certificate::{RoundCertificate, VoteGroup},
    height::{Height, Round},
    signing::{Signature, Signed, Verified},
    threshold::Threshold,
    validator_bits::ValidatorBits,
    validator_set::{ValidatorIndex, ValidatorSet, VotingPower},
    value::ValueId,
    vote::{Vote, VoteKind},
};

/// What became of a vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It counts, and nothing else happened.
    Counted,
    /// It counts, and crossed a threshold for the first time.
    Crossed,
    /// It was there already, or its round is no longer kept.
    Known,
    /// The same validator voted for something else before; this vote does not count. Reported once per validator,
    /// round and phase.
    Conflict(Signed<Vote>),
}

/// All votes for one value in one phase of one round.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ValueVotes {
    value: Option<ValueId>,
    voters: ValidatorBits,
    power: VotingPower,
}

/// One phase of one round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct VoteTable {
    /// First vote of each validator: position in `values`, and the signature. Empty until the first vote.
    slots: Vec<Option<(u16, Signature)>>,
    /// Further votes of double signers, known from certificates only: they count for their value.
    further: Vec<(ValidatorIndex, u16, Signature)>,
    values: Vec<ValueVotes>,
    voters: ValidatorBits,
    power: VotingPower,
    reported: ValidatorBits,
    /// Position in `values` of the first value with two thirds.
    quorum: Option<u16>,
}

impl VoteTable {
    fn position(&mut self, value: Option<ValueId>) -> u16 {
        let found = self.values.iter().position(|votes| votes.value == value);
        let at = found.unwrap_or_else(|| {
            self.values.push(ValueVotes {
                value,
                voters: ValidatorBits::EMPTY,
                power: VotingPower::ZERO,
            });
            self.values.len() - 1
        });
        at as u16
    }

    fn add(
        &mut self,
        set: &ValidatorSet,
        vote: &Vote,
        signature: &Signature,
        is_certified: bool,
    ) -> Added {
        if self.slots.is_empty() {
            self.slots.resize(set.count(), None);
        }
        let index = vote.validator;
        let Some(slot) = self.slots.get(index.as_usize()).copied() else { return Added::Known };
        if let Some((at, first)) = slot {
            let earlier = self.values[usize::from(at)].value;
            if earlier == vote.value {
                return Added::Known;
            }
            let is_new = self.reported.insert(index);
            if is_certified {
                let at = self.position(vote.value);
                if self.values[usize::from(at)].voters.contains(index) {
                    return Added::Known;
                }
                self.further.push((index, at, *signature));
                self.count(set, at, index);
            }
            let earlier = Signed { message: Vote { value: earlier, ..*vote }, signature: first };
            return if is_new { Added::Conflict(earlier) } else { Added::Known };
        }
        let at = self.position(vote.value);
        self.slots[index.as_usize()] = Some((at, *signature));
        let before = self.power;
        self.voters.insert(index);
        self.power = before.saturating_add(set.power(index));
        let crosses = |threshold: Threshold| {
            threshold.is_met(self.power, set.total_power())
                && !threshold.is_met(before, set.total_power())
        };
        let has_crossed = crosses(Threshold::TWO_THIRDS);
        if self.count(set, at, index) || has_crossed { Added::Crossed } else { Added::Counted }
    }

    /// Adds to a value; true when that gives the phase its first quorum.
    fn count(&mut self, set: &ValidatorSet, at: u16, index: ValidatorIndex) -> bool {
        let votes = &mut self.values[usize::from(at)];
        votes.voters.insert(index);
        votes.power = votes.power.saturating_add(set.power(index));
        let is_first =
            self.quorum.is_none() && Threshold::TWO_THIRDS.is_met(votes.power, set.total_power());
        if is_first {
            self.quorum = Some(at);
        }
        is_first
    }

    /// The first value that two thirds voted for; `Some(None)` is nil.
    fn quorum(&self) -> Option<Option<ValueId>> {
        self.quorum.map(|at| self.values[usize::from(at)].value)
    }

    fn has_quorum_for(&self, set: &ValidatorSet, value: &ValueId) -> bool {
        self.values.iter().any(|votes| {
            votes.value == Some(*value)
                && Threshold::TWO_THIRDS.is_met(votes.power, set.total_power())
        })
    }

    fn signature(&self, index: ValidatorIndex, at: u16) -> Option<Signature> {
        let first = self.slots.get(index.as_usize()).copied().flatten();
        first.filter(|(position, _)| *position == at).map(|(_, signature)| signature).or_else(
            || {
                let further = self
                    .further
                    .iter()
                    .find(|(voter, position, _)| *voter == index && *position == at);
                further.map(|(_, _, signature)| *signature)
            },
        )
    }

    fn group(&self, kind: VoteKind, height: Height, round: Round, at: usize) -> VoteGroup {
        let votes = &self.values[at];
        let signatures =
            votes.voters.iter().filter_map(|index| self.signature(index, at as u16)).collect();
        VoteGroup { kind, height, round, value: votes.value, signers: votes.voters, signatures }
    }
}

/// Both phases of one round.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RoundVotes {
    round: Round,
    prevotes: VoteTable,
    precommits: VoteTable,
    /// Whoever voted in either phase.
    voters: ValidatorBits,
    power: VotingPower,
}

impl RoundVotes {
    fn new(round: Round) -> Self {
        Self {
            round,
            prevotes: VoteTable::default(),
            precommits: VoteTable::default(),
            voters: ValidatorBits::EMPTY,
            power: VotingPower::ZERO,
        }
    }

    fn table(&self, kind: VoteKind) -> &VoteTable {
        match kind {
            VoteKind::Prevote => &self.prevotes,
            VoteKind::Precommit => &self.precommits,
        }
    }

    fn table_mut(&mut self, kind: VoteKind) -> &mut VoteTable {
        match kind {
            VoteKind::Prevote => &mut self.prevotes,
            VoteKind::Precommit => &mut self.precommits,
        }
    }
}

/// The votes of one height.
///
/// # Invariants
/// At most [`VoteTally::ROUNDS_BEHIND`] + 1 + [`VoteTally::ROUNDS_AHEAD`] rounds, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct VoteTally {
    height: Height,
    current: Round,
    rounds: Vec<RoundVotes>,
    /// The latest round beyond the window in which each validator voted. Empty until there is one.
    beyond: Vec<Option<Round>>,
}

impl VoteTally {
    /// How many rounds before the current one are kept.
    pub const ROUNDS_BEHIND: u32 = 8;
    /// How many rounds after the current one are kept in full.
    pub const ROUNDS_AHEAD: u32 = 8;

    /// Starts a height.
    #[must_use]
    pub const fn new(height: Height) -> Self {
        Self { height, current: Round::ZERO, rounds: Vec::new(), beyond: Vec::new() }
    }

    /// Starts another height.
    pub fn start(&mut self, height: Height) {
        (self.height, self.current) = (height, Round::ZERO);
        self.rounds.clear();
        self.beyond.clear();
    }

    /// Tells whether the votes of a round are no longer kept.
    #[must_use]
    pub fn is_stale(&self, round: Round) -> bool {
        round.as_u32() + Self::ROUNDS_BEHIND < self.current.as_u32()
    }

    /// Adds a vote of this height.
    pub fn add(&mut self, set: &ValidatorSet, vote: &Verified<Vote>) -> Added {
        self.insert(set, vote.message(), vote.signature(), false)
    }

    /// Adds a vote out of a certificate: it counts even when its validator voted for something else as well, so that
    /// no double signer can hide a quorum from this node.
    pub fn add_certified(&mut self, set: &ValidatorSet, vote: &Verified<Vote>) -> Added {
        self.insert(set, vote.message(), vote.signature(), true)
    }

    fn insert(
        &mut self,
        set: &ValidatorSet,
        vote: &Vote,
        signature: &Signature,
        is_certified: bool,
    ) -> Added {
        if vote.height != self.height || self.is_stale(vote.round) {
            return Added::Known;
        }
        if vote.round.as_u32() > self.current.as_u32() + Self::ROUNDS_AHEAD {
            return self.add_beyond(set, vote);
        }
        let round = self.round_mut(vote.round);
        let had_quorum = round.table(vote.kind).quorum;
        let added = round.table_mut(vote.kind).add(set, vote, signature, is_certified);
        let mut has_crossed = round.table(vote.kind).quorum != had_quorum;
        if round.voters.insert(vote.validator) {
            let before = round.power;
            round.power = before.saturating_add(set.power(vote.validator));
            has_crossed |= Threshold::ONE_THIRD.is_met(round.power, set.total_power())
                && !Threshold::ONE_THIRD.is_met(before, set.total_power());
        }
        if has_crossed && added == Added::Counted { Added::Crossed } else { added }
    }

    fn add_beyond(&mut self, set: &ValidatorSet, vote: &Vote) -> Added {
        if self.beyond.is_empty() {
            self.beyond.resize(set.count(), None);
        }
        match self.beyond.get_mut(vote.validator.as_usize()) {
            Some(latest) if *latest < Some(vote.round) => {
                *latest = Some(vote.round);
                Added::Crossed
            }
            _ => Added::Known,
        }
    }

    /// Moves the window to a new current round.
    pub fn enter(&mut self, round: Round) {
        self.current = round;
        self.rounds.retain(|votes| votes.round.as_u32() + Self::ROUNDS_BEHIND >= round.as_u32());
    }

    /// Returns the value with two thirds of the votes; `Some(None)` is nil.
    #[must_use]
    pub fn quorum(&self, kind: VoteKind, round: Round) -> Option<Option<ValueId>> {
        self.round(round).and_then(|votes| votes.table(kind).quorum())
    }

    /// Tells whether two thirds voted for this value.
    #[must_use]
    pub fn has_quorum_for(
        &self,
        set: &ValidatorSet,
        kind: VoteKind,
        round: Round,
        value: &ValueId,
    ) -> bool {
        self.round(round).is_some_and(|votes| votes.table(kind).has_quorum_for(set, value))
    }

    /// Tells whether two thirds voted, whatever for.
    #[must_use]
    pub fn has_any_quorum(&self, set: &ValidatorSet, kind: VoteKind, round: Round) -> bool {
        let power = self.round(round).map_or(VotingPower::ZERO, |votes| votes.table(kind).power);
        Threshold::TWO_THIRDS.is_met(power, set.total_power())
    }

    /// Visits the rounds in which two thirds precommitted a value.
    pub fn commits(&self) -> impl Iterator<Item = (Round, ValueId)> + '_ {
        self.rounds.iter().filter_map(|votes| Some((votes.round, votes.precommits.quorum()??)))
    }

    /// Returns the latest round after the current one in which one third voted.
    ///
    /// Beyond the window, a vote stands for all rounds up to its own.
    #[must_use]
    pub fn round_to_skip_to(&self, set: &ValidatorSet) -> Option<Round> {
        let within = self.rounds.iter().rev().find(|votes| {
            votes.round > self.current
                && Threshold::ONE_THIRD.is_met(votes.power, set.total_power())
        });
        self.beyond_skip(set).or_else(|| within.map(|votes| votes.round))
    }

    fn beyond_skip(&self, set: &ValidatorSet) -> Option<Round> {
        let edge = self.current.as_u32() + Self::ROUNDS_AHEAD;
        let mut latest: Vec<(Round, VotingPower)> = self
            .beyond
            .iter()
            .enumerate()
            .filter_map(|(at, round)| Some(((*round)?, set.power(ValidatorIndex(at as u16)))))
            .filter(|(round, _)| round.as_u32() > edge)
            .collect();
        latest.sort_unstable_by(|a, b| b.cmp(a));
        let mut power = VotingPower::ZERO;
        latest.into_iter().find_map(|(round, more)| {
            power = power.saturating_add(more);
            Threshold::ONE_THIRD.is_met(power, set.total_power()).then_some(round)
        })
    }

    /// Returns the votes for a value, when two thirds voted for it.
    #[must_use]
    pub fn certificate(
        &self,
        set: &ValidatorSet,
        kind: VoteKind,
        round: Round,
        value: &ValueId,
    ) -> Option<VoteGroup> {
        let table = self.round(round)?.table(kind);
        let at = table.values.iter().position(|votes| {
            votes.value == Some(*value)
                && Threshold::TWO_THIRDS.is_met(votes.power, set.total_power())
        })?;
        Some(table.group(kind, self.height, round, at))
    }

    /// Returns the votes of a round, when one third voted: the reason for being in that round.
    #[must_use]
    pub fn round_certificate(&self, set: &ValidatorSet, round: Round) -> Option<RoundCertificate> {
        let votes = self.round(round)?;
        if !Threshold::ONE_THIRD.is_met(votes.power, set.total_power()) {
            return None;
        }
        let mut groups: Vec<VoteGroup> = [VoteKind::Prevote, VoteKind::Precommit]
            .into_iter()
            .flat_map(|kind| {
                let table = votes.table(kind);
                (0..table.values.len()).map(move |at| table.group(kind, self.height, round, at))
            })
            .filter(|group| !group.signers.is_empty())
            .collect();
        groups.sort_unstable_by_key(|group| core::cmp::Reverse(group.signers.power(set)));
        groups.truncate(RoundCertificate::GROUPS_MAX);
        groups.sort_unstable_by_key(|group| (group.kind, group.value));
        Some(RoundCertificate { groups })
    }

    fn round(&self, round: Round) -> Option<&RoundVotes> {
        self.rounds.iter().rev().find(|votes| votes.round == round)
    }

    fn round_mut(&mut self, round: Round) -> &mut RoundVotes {
        let at = match self.rounds.binary_search_by_key(&round, |votes| votes.round) {
            Ok(at) => at,
            Err(at) => {
                self.rounds.insert(at, RoundVotes::new(round));
                at
            }
        };
        &mut self.rounds[at]
    }
}
