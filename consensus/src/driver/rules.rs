//! Which clause of the paper holds now. The table is in the documentation of the driver.

use alloc::vec::Vec;

use super::Driver;
use crate::{
    certificate::VoteGroup,
    height::Round,
    input::Verdict,
    output::{HaltReason, Output},
    proposal::Proposal,
    state_machine::{RoundInput, RoundValue, Step},
    value::ValueId,
    vote::VoteKind,
};

impl Driver {
    /// Applies rules until none holds. Each either moves step or round on, or holds once per round.
    pub(super) fn run(&mut self, out: &mut Vec<Output>) {
        while self.halted.is_none() && self.decision.is_none() && self.state.round.is_some() {
            let Some(input) = self.rule(out) else { break };
            self.step(input, out);
        }
    }

    /// Returns the first rule that holds; the table is in the documentation of this file.
    fn rule(&mut self, out: &mut Vec<Output>) -> Option<RoundInput> {
        let round = self.state.round?;
        if let Some(input) = self.commit_rule(out) {
            return Some(input);
        }
        if self.halted.is_some() {
            return None;
        }
        let set = self.rotation.set();
        if let Some(later) = self.tally.round_to_skip_to(set) {
            return Some(RoundInput::SkipRound(later));
        }
        if self.state.step == Step::Propose
            && let Some(input) = self.proposal_rule(round)
        {
            return Some(input);
        }
        if self.state.step >= Step::Prevote
            && !self.once.polka
            && let Some(Some(value)) = self.tally.quorum(VoteKind::Prevote, round)
        {
            if self.verdict(&value) == Some(Verdict::Valid)
                && self.records.has_proposal(round, &value)
            {
                self.once.polka = true;
                return Some(RoundInput::ProposalWithPolka(value));
            }
            self.fetch(round, value, out);
        }
        let set = self.rotation.set();
        if self.state.step == Step::Prevote {
            if self.tally.quorum(VoteKind::Prevote, round) == Some(None) {
                return Some(RoundInput::PolkaNil);
            }
            if !self.once.prevote_wait && self.tally.has_any_quorum(set, VoteKind::Prevote, round) {
                self.once.prevote_wait = true;
                return Some(RoundInput::PolkaAny);
            }
        }
        if !self.once.precommit_wait && self.tally.has_any_quorum(set, VoteKind::Precommit, round) {
            self.once.precommit_wait = true;
            return Some(RoundInput::PrecommitAny);
        }
        None
    }

    /// L49, and the same for certificates.
    fn commit_rule(&mut self, out: &mut Vec<Output>) -> Option<RoundInput> {
        let certified =
            self.commit.as_ref().and_then(|commit| Some((commit.round, commit.value?, true)));
        let counted = self.tally.commits().map(|(round, value)| (round, value, false));
        let commits: Option<(Round, ValueId, bool)> =
            certified.into_iter().chain(counted).find(|(round, value, certified)| {
                *certified
                    || self.verdict(value).is_some() && self.records.has_proposal(*round, value)
            });
        let Some((round, value, _)) = commits else {
            let missing: Option<(Round, ValueId)> = self.tally.commits().next();
            if let Some((round, value)) = missing {
                self.fetch(round, value, out);
            }
            return None;
        };
        match self.verdict(&value) {
            Some(Verdict::Valid) => {
                Some(RoundInput::ProposalWithCommit(RoundValue { round, value }))
            }
            Some(Verdict::Invalid) => {
                self.halt(HaltReason::CommittedInvalid { height: self.state.height, value }, out);
                None
            }
            None => {
                self.fetch(round, value, out);
                None
            }
        }
    }

    /// L22 and L28.
    fn proposal_rule(&self, round: Round) -> Option<RoundInput> {
        let Proposal { value, valid_round, .. } =
            *self.records.find(round)?.proposals.first()?.message();
        match (self.verdict(&value)?, valid_round) {
            (Verdict::Invalid, _) => Some(RoundInput::InvalidProposal),
            (Verdict::Valid, None) => Some(RoundInput::Proposal { round, value }),
            (Verdict::Valid, Some(valid_round)) => {
                let is_held = |polka: &Option<VoteGroup>| {
                    polka.as_ref().is_some_and(|polka| {
                        polka.round == valid_round && polka.value == Some(value)
                    })
                };
                let has_polka = self.tally.has_quorum_for(
                    self.rotation.set(),
                    VoteKind::Prevote,
                    valid_round,
                    &value,
                ) || is_held(&self.polka)
                    || is_held(&self.earlier_polka);
                has_polka.then_some(RoundInput::ProposalWithEarlierPolka { value, valid_round })
            }
        }
    }

    /// Asks for a proposal, once per round.
    fn fetch(&mut self, round: Round, value: ValueId, out: &mut Vec<Output>) {
        if self.records.has_proposal(round, &value) {
            return;
        }
        let record = self.records.find_or_add(round);
        if !record.is_fetch_sent {
            record.is_fetch_sent = true;
            out.push(Output::Fetch { height: self.state.height, round, value });
        }
    }
}
