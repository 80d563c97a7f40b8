//! What must always hold, over everything that was ever said.

use alloc::{sync::Arc, vec::Vec};

use super::{
    seal::{Seal, address},
    violation::{Rule, Violation},
};
use crate::{
    ChainId, Driver, Height, Proposal, ProposerRotation, Round, RoundCertificate, RoundState,
    RoundValue, Signable as _, Statement, ValidatorBits, ValidatorIndex, ValidatorSet, ValueId,
    Vote, VoteGroup, VoteKind, VotingPower,
};

/// Everybody who voted for one thing.
#[derive(Debug)]
struct Said {
    kind: VoteKind,
    round: Round,
    value: Option<ValueId>,
    voters: ValidatorBits,
}

/// One height, as nobody in the network can see it.
#[derive(Debug, Default)]
struct Transcript {
    said: Vec<Said>,
    proposals: Vec<Proposal>,
    decision: Option<VoteGroup>,
}

impl Transcript {
    fn voters(&self, kind: VoteKind, round: Round, value: ValueId) -> ValidatorBits {
        let same =
            |said: &&Said| said.kind == kind && said.round == round && said.value == Some(value);
        self.said.iter().rev().find(same).map_or(ValidatorBits::EMPTY, |said| said.voters)
    }

    fn has_polka(&self, set: &ValidatorSet, round: Round, value: ValueId) -> bool {
        let power = self.voters(VoteKind::Prevote, round, value).power(set);
        exceeds(power, set, 2)
    }

    /// The latest value that a validator precommitted before a round.
    fn lock(&self, validator: ValidatorIndex, before: Round) -> Option<RoundValue> {
        let precommits = self.said.iter().filter(|said| {
            said.kind == VoteKind::Precommit
                && said.round < before
                && said.voters.contains(validator)
        });
        precommits
            .filter_map(|said| Some(RoundValue { round: said.round, value: said.value? }))
            .max_by_key(|lock| lock.round)
    }

    /// Tells whether a prevote keeps to the lock: a later polka, at least as late as the lock, frees from it.
    fn keeps_lock(&self, set: &ValidatorSet, lock: RoundValue, vote: &Vote) -> bool {
        let Some(value) = vote.value.filter(|value| *value != lock.value) else { return true };
        self.said.iter().any(|said| {
            said.kind == VoteKind::Prevote
                && (lock.round..vote.round).contains(&said.round)
                && said.value == Some(value)
                && exceeds(said.voters.power(set), set, 2)
        })
    }

    /// Everybody who voted twice in one phase, or against a lock.
    fn guilty(&self, set: &ValidatorSet) -> ValidatorBits {
        let mut guilty = ValidatorBits::EMPTY;
        for (at, said) in self.said.iter().enumerate() {
            for other in &self.said[..at] {
                if (said.kind, said.round) == (other.kind, other.round) {
                    guilty = guilty.union(&said.voters.intersection(&other.voters));
                }
            }
            if said.kind == VoteKind::Prevote {
                let breaks = |voter: &ValidatorIndex| {
                    let (kind, round, value) = (said.kind, said.round, said.value);
                    let vote =
                        Vote { kind, height: Height::GENESIS, round, value, validator: *voter };
                    self.lock(*voter, round).is_some_and(|lock| !self.keeps_lock(set, lock, &vote))
                };
                guilty = guilty.union(&said.voters.iter().filter(breaks).collect());
            }
        }
        guilty
    }
}

/// Tells whether so many thirds of the power are exceeded: written out, because [`Threshold`](crate::Threshold) itself
/// is under test.
fn exceeds(power: VotingPower, set: &ValidatorSet, thirds: u128) -> bool {
    u128::from(power.as_u64()) * 3 > u128::from(set.total_power().as_u64()) * thirds
}

/// Watches a run from above.
#[derive(Debug)]
pub(super) struct Checker {
    rotations: Vec<Arc<ProposerRotation>>,
    heights: Vec<Transcript>,
    honest: ValidatorBits,
    /// Not honest, but behind a vote lock.
    guarded: ValidatorBits,
}

impl Checker {
    pub(super) fn new(
        rotations: Vec<Arc<ProposerRotation>>,
        honest: ValidatorBits,
        guarded: ValidatorBits,
    ) -> Self {
        let heights = rotations.iter().map(|_| Transcript::default()).collect();
        Self { rotations, heights, honest, guarded }
    }

    fn set(&self) -> &ValidatorSet {
        self.rotations[0].set()
    }

    fn transcript(&self, height: Height) -> Option<&Transcript> {
        self.heights.get((height.as_u64() as usize).checked_sub(1)?)
    }

    fn transcript_mut(&mut self, height: Height) -> Option<&mut Transcript> {
        self.heights.get_mut((height.as_u64() as usize).checked_sub(1)?)
    }

    /// Somebody has signed something; an honest validator must have been allowed to.
    pub(super) fn signed(
        &mut self,
        validator: ValidatorIndex,
        statement: &Statement,
    ) -> Result<(), Violation> {
        let height = statement.height();
        if self.honest.contains(validator) && self.transcript(height).is_some() {
            let broken = match statement {
                Statement::Vote(vote) => self.vote_breaks(vote),
                Statement::Proposal(proposal) => self.proposal_breaks(proposal),
            };
            if let Some(rule) = broken {
                return Err(Violation::Broken { validator, height, rule });
            }
        }
        if self.guarded.contains(validator) && self.is_said_differently(validator, statement) {
            return Err(Violation::Broken { validator, height, rule: Rule::SignsOnce });
        }
        let Some(transcript) = self.transcript_mut(height) else { return Ok(()) };
        match statement {
            Statement::Proposal(proposal) => {
                if !transcript.proposals.contains(proposal) {
                    transcript.proposals.push(*proposal);
                }
            }
            Statement::Vote(Vote { kind, round, value, .. }) => {
                let same =
                    |said: &Said| (said.kind, said.round, said.value) == (*kind, *round, *value);
                if let Some(said) = transcript.said.iter_mut().rev().find(|said| same(said)) {
                    said.voters.insert(validator);
                } else {
                    let voters = [validator].into_iter().collect();
                    transcript.said.push(Said {
                        kind: *kind,
                        round: *round,
                        value: *value,
                        voters,
                    });
                }
            }
        }
        Ok(())
    }

    fn is_said_differently(&self, validator: ValidatorIndex, statement: &Statement) -> bool {
        let Some(transcript) = self.transcript(statement.height()) else { return false };
        match statement {
            Statement::Vote(vote) => transcript.said.iter().rev().any(|said| {
                (said.kind, said.round) == (vote.kind, vote.round)
                    && said.value != vote.value
                    && said.voters.contains(validator)
            }),
            Statement::Proposal(proposal) => transcript.proposals.iter().any(|other| {
                (other.round, other.proposer) == (proposal.round, validator) && other != proposal
            }),
        }
    }

    /// Whose turn it is, reckoned from the start of the height every time.
    fn proposer(&self, height: Height, round: Round) -> Option<ValidatorIndex> {
        let rotation = self.rotations.get((height.as_u64() as usize).checked_sub(1)?)?;
        if round == Round::ZERO {
            return Some(rotation.proposer_index());
        }
        let mut turns = (**rotation).clone();
        turns.advance(round.as_u32());
        Some(turns.proposer_index())
    }

    fn vote_breaks(&self, vote: &Vote) -> Option<Rule> {
        let transcript = self.transcript(vote.height)?;
        let Vote { kind, round, value, validator, .. } = *vote;
        if self.is_said_differently(validator, &Statement::Vote(*vote)) {
            return Some(Rule::SignsOnce);
        }
        let value = value?;
        match kind {
            VoteKind::Precommit => (!transcript.has_polka(self.set(), round, value))
                .then_some(Rule::PrecommitNeedsPolka),
            VoteKind::Prevote => {
                let proposer = self.proposer(vote.height, round);
                let is_proposed = transcript.proposals.iter().any(|proposal| {
                    (proposal.round, proposal.value, Some(proposal.proposer))
                        == (round, value, proposer)
                });
                if !is_proposed {
                    return Some(Rule::PrevoteNeedsProposal);
                }
                let lock = transcript.lock(validator, round)?;
                (!transcript.keeps_lock(self.set(), lock, vote)).then_some(Rule::KeepsLock)
            }
        }
    }

    fn proposal_breaks(&self, proposal: &Proposal) -> Option<Rule> {
        let transcript = self.transcript(proposal.height)?;
        if self.is_said_differently(proposal.proposer, &Statement::Proposal(*proposal)) {
            return Some(Rule::SignsOnce);
        }
        if self.proposer(proposal.height, proposal.round) != Some(proposal.proposer) {
            return Some(Rule::ProposesInTurn);
        }
        let valid = proposal.valid_round?;
        (valid >= proposal.round || !transcript.has_polka(self.set(), valid, proposal.value))
            .then_some(Rule::ProposesWithPolka)
    }

    /// A certificate that a peer would accept: its votes have been cast, and are enough.
    pub(super) fn accepted(&self, group: &VoteGroup) -> Result<(), Violation> {
        let Some(transcript) = self.transcript(group.height) else { return Ok(()) };
        let same = |said: &&Said| {
            (said.kind, said.round, said.value) == (group.kind, group.round, group.value)
        };
        let cast =
            transcript.said.iter().find(same).map_or(ValidatorBits::EMPTY, |said| said.voters);
        let power = group.signers.power(self.set());
        if exceeds(power, self.set(), 2)
            && group.signers.count() == group.signatures.len()
            && group.signers.difference(&cast).is_empty()
        {
            Ok(())
        } else {
            Err(Violation::ForgedCertificate { height: group.height })
        }
    }

    /// An honest node has decided.
    pub(super) fn decided(
        &mut self,
        validator: ValidatorIndex,
        height: Height,
        commit: &VoteGroup,
    ) -> Result<(), Violation> {
        let value =
            commit.value.filter(|_| commit.kind == VoteKind::Precommit && commit.height == height);
        let Some(value) = value else {
            return Err(Violation::Broken { validator, height, rule: Rule::DecidesOnCommit });
        };
        self.accepted(commit)?;
        let Some(transcript) = self.transcript(height) else { return Ok(()) };
        if let Some(first) = &transcript.decision
            && first.value != commit.value
        {
            let guilty = transcript.guilty(self.set());
            return Err(Violation::Fork {
                height,
                first: first.value.unwrap_or_default(),
                second: value,
                guilty,
                is_accountable: guilty.power(self.set()).as_u64() * 3
                    >= self.set().total_power().as_u64()
                    && guilty.intersection(&self.honest).is_empty(),
            });
        }
        if let Some(transcript) = self.transcript_mut(height)
            && transcript.decision.is_none()
        {
            transcript.decision = Some(commit.clone());
        }
        Ok(())
    }

    /// An honest node has handled something.
    pub(super) fn moved(
        &self,
        validator: ValidatorIndex,
        before: &RoundState,
        driver: &Driver,
    ) -> Result<(), Violation> {
        let after = driver.state();
        if before == after {
            return Ok(());
        }
        let height = after.height;
        let broken = |rule| Err(Violation::Broken { validator, height, rule });
        let round_of = |value: Option<RoundValue>| value.map(|value| value.round);
        let (locked, valid) = (round_of(after.locked), round_of(after.valid));
        if locked > valid || valid > after.round {
            return broken(Rule::LockedValidRound);
        }
        if before.height > height {
            return broken(Rule::OnlyForward);
        }
        if before.height == height {
            let is_back = before.round > after.round
                || round_of(before.locked) > locked
                || round_of(before.valid) > valid
                || before.round == after.round && before.step > after.step;
            if is_back {
                return broken(Rule::OnlyForward);
            }
            let next = before.round.map_or(Some(Round::ZERO), Round::next);
            if after.round > next && !self.is_reached(height, after.round) {
                return broken(Rule::SkipsWithOthers);
            }
            if before.valid != after.valid
                && let (Some(valid), Some(transcript)) = (after.valid, self.transcript(height))
                && !transcript.has_polka(self.set(), valid.round, valid.value)
            {
                return broken(Rule::ValidNeedsPolka);
            }
        }
        Ok(())
    }

    /// Tells whether one third has voted in this round or a later one.
    fn is_reached(&self, height: Height, round: Option<Round>) -> bool {
        let Some(transcript) = self.transcript(height) else { return true };
        let later = transcript.said.iter().filter(|said| Some(said.round) >= round);
        let voters = later.fold(ValidatorBits::EMPTY, |all, said| all.union(&said.voters));
        exceeds(voters.power(self.set()), self.set(), 1)
    }

    /// Returns how many heights anybody has decided.
    pub(super) fn decided_count(&self) -> u64 {
        self.heights.iter().filter(|transcript| transcript.decision.is_some()).count() as u64
    }

    /// Returns what somebody proposed, for whoever asks a peer.
    pub(super) fn proposal(
        &self,
        height: Height,
        round: Round,
        value: ValueId,
    ) -> Option<Proposal> {
        let transcript = self.transcript(height)?;
        let same = |proposal: &&Proposal| proposal.round == round && proposal.value == value;
        transcript.proposals.iter().find(same).copied()
    }

    /// Evidence names somebody who is not honest.
    pub(super) fn accused(&self, accused: &ValidatorBits, height: Height) -> Result<(), Violation> {
        match accused.intersection(&self.honest).iter().next() {
            Some(validator) => {
                Err(Violation::Broken { validator, height, rule: Rule::EvidenceIsTrue })
            }
            None => Ok(()),
        }
    }

    /// A statement that a peer would accept was made by its author.
    pub(super) fn cast(
        &self,
        author: ValidatorIndex,
        statement: &Statement,
    ) -> Result<(), Violation> {
        let height = statement.height();
        let Some(transcript) = self.transcript(height) else { return Ok(()) };
        let is_cast = match statement {
            Statement::Proposal(proposal) => transcript.proposals.contains(proposal),
            Statement::Vote(vote) => transcript.said.iter().rev().any(|said| {
                (said.kind, said.round, said.value) == (vote.kind, vote.round, vote.value)
                    && said.voters.contains(author)
            }),
        };
        if is_cast { Ok(()) } else { Err(Violation::ForgedStatement { height }) }
    }

    /// The same as [`accepted`](Self::accepted) for the votes of a round.
    pub(super) fn accepted_round(&self, certificate: &RoundCertificate) -> Result<(), Violation> {
        let voters: ValidatorBits =
            certificate.groups.iter().flat_map(|group| group.signers.iter()).collect();
        let Some(height) = certificate.groups.first().map(|group| group.height) else {
            return Ok(());
        };
        if !exceeds(voters.power(self.set()), self.set(), 1) {
            return Err(Violation::ForgedCertificate { height });
        }
        for group in &certificate.groups {
            for vote in group.votes() {
                self.cast(vote.message.validator, &Statement::Vote(vote.message))?;
            }
        }
        Ok(())
    }

    /// Picks a value that was proposed at a height.
    pub(super) fn some_value(&self, height: Height, draw: u64) -> Option<ValueId> {
        let proposals = &self.transcript(height)?.proposals;
        let at = draw.checked_rem(proposals.len() as u64)?;
        proposals.get(at as usize).map(|proposal| proposal.value)
    }

    /// Picks equal votes that were cast at a height, with their true signatures.
    pub(super) fn some_votes(
        &self,
        height: Height,
        draw: u64,
        chain: &ChainId,
    ) -> Option<VoteGroup> {
        let transcript = self.transcript(height)?;
        let at = draw.checked_rem(transcript.said.len() as u64)?;
        let Said { kind, round, value, voters } = *transcript.said.get(at as usize)?;
        let signature = |validator| {
            let vote = Vote { kind, height, round, value, validator };
            Seal(address(validator)).signature(&vote.digest(chain))
        };
        let signatures = voters.iter().map(signature).collect();
        Some(VoteGroup { kind, height, round, value, signers: voters, signatures })
    }
}
