//! What Byzantine nodes make of what their drivers want to say.

use alloc::vec;

use super::{
    application::Opaque,
    schedule::Behaviour,
    seal::{AnySeal, Seal},
    simulation::{Posted, Simulation},
    violation::Violation,
};
use crate::{
    Height, Input, Message, Proposal, Round, RoundCertificate, Signed, Statement, ValidatorBits,
    ValidatorIndex, Vote, VoteGroup, VoteKind,
};

impl Simulation<'_> {
    /// Says something else, to others, or more than once.
    pub(super) fn tamper(&mut self, at: usize, message: Message) -> Result<(), Violation> {
        let Some(behaviour) = self.nodes[at].behaviour else { return Ok(()) };
        match behaviour {
            Behaviour::Silent => Ok(()),
            Behaviour::Twin | Behaviour::Amnesiac | Behaviour::Restored => {
                self.send_some(at, message, 1000)
            }
            Behaviour::Deserter if self.now_us >= self.schedule.heal_us => Ok(()),
            Behaviour::Withholder | Behaviour::Deserter => self.send_some(at, message, 500),
            Behaviour::Equivocator => match message {
                Message::Vote(vote) => self.equivocate(at, vote.message),
                other => self.send_some(at, other, 1000),
            },
            Behaviour::DoubleProposer => match message {
                Message::Proposal(proposal) => self.propose_twice(at, proposal.message),
                other => self.send_some(at, other, 1000),
            },
            Behaviour::Forger => {
                let height = message.height().unwrap_or_default();
                self.send_some(at, message, 1000)?;
                let peer = self.random.below(self.nodes.len() as u64) as usize;
                self.lie(at, peer, height)
            }
            Behaviour::Spammer => {
                if let Message::Vote(vote) = &message {
                    self.spam(at, vote.message)?;
                }
                self.send_some(at, message, 1000)
            }
        }
    }

    /// Checks a message as every receiver does, and keeps it if it holds.
    fn post(&mut self, at: usize, message: Message) -> Result<Option<u32>, Violation> {
        let height = message.height().unwrap_or_default();
        let set = self.rotations[0].set();
        let Ok(input) = message.verify(&self.chain, set, &AnySeal) else { return Ok(None) };
        match &input {
            Input::Vote(vote) => {
                self.checker.cast(vote.message().validator, &Statement::Vote(*vote.message()))?;
            }
            Input::Proposal(proposal) => {
                let Proposal { proposer, .. } = *proposal.message();
                self.checker.cast(proposer, &Statement::Proposal(*proposal.message()))?;
            }
            Input::Quorum(group) => self.checker.accepted(group.get())?,
            Input::Round(certificate) => self.checker.accepted_round(certificate.get())?,
            _ => {}
        }
        self.messages.push(Posted { from: at as u16, height, input });
        Ok(Some(self.messages.len() as u32 - 1))
    }

    fn send_some(&mut self, at: usize, message: Message, permille: u64) -> Result<(), Violation> {
        if let Some(message) = self.post(at, message)? {
            for peer in 0..self.nodes.len() {
                if self.random.is_in(permille) {
                    self.route(at, peer, message);
                }
            }
        }
        Ok(())
    }

    /// Signs whatever it likes with its own key.
    fn sign_freely(&mut self, at: usize, statement: Statement) -> Result<Message, Violation> {
        let node = &self.nodes[at];
        let digest = statement.digest(&self.chain);
        let signature = Seal(node.lock.address()).signature(&digest);
        self.checker.signed(node.validator, &statement)?;
        Ok(match statement {
            Statement::Vote(message) => Message::Vote(Signed { message, signature }),
            Statement::Proposal(message) => Message::Proposal(Signed { message, signature }),
        })
    }

    fn equivocate(&mut self, at: usize, vote: Vote) -> Result<(), Violation> {
        let other = self.checker.some_value(vote.height, self.random.next_u64());
        let mut choices = [None; 3];
        for (choice, value) in choices.iter_mut().zip([vote.value, None, other]) {
            let message = self.sign_freely(at, Statement::Vote(Vote { value, ..vote }))?;
            *choice = self.post(at, message)?;
        }
        for peer in 0..self.nodes.len() {
            if let Some(message) = choices[self.random.below(3) as usize] {
                self.route(at, peer, message);
            }
        }
        Ok(())
    }

    fn propose_twice(&mut self, at: usize, proposal: Proposal) -> Result<(), Violation> {
        let mut value = proposal.value;
        value.0[20] ^= 1;
        if self.random.is_in(300) {
            value = Opaque::garbage(value);
        } else if self.random.is_in(300) {
            value =
                self.checker.some_value(proposal.height, self.random.next_u64()).unwrap_or(value);
        }
        let earlier = self.random.below(u64::from(proposal.round.as_u32()) + 1) as u32;
        let valid_round = earlier.checked_sub(1).and_then(Round::new);
        let other = Proposal { value, valid_round, ..proposal };
        let mut choices = [None; 2];
        for (choice, proposal) in choices.iter_mut().zip([proposal, other]) {
            let message = self.sign_freely(at, Statement::Proposal(proposal))?;
            *choice = self.post(at, message)?;
        }
        for peer in 0..self.nodes.len() {
            let (first, has_both) = (self.random.below(2) as usize, self.random.is_in(200));
            for choice in [Some(first), has_both.then_some(1 - first)].into_iter().flatten() {
                if let Some(message) = choices[choice] {
                    self.route(at, peer, message);
                }
            }
        }
        Ok(())
    }

    fn spam(&mut self, at: usize, vote: Vote) -> Result<(), Violation> {
        let distance = 1 << self.random.below(20);
        let round = vote.round.as_u32();
        let rounds = [round.wrapping_add(distance), round.saturating_sub(distance), distance];
        for round in rounds.into_iter().filter_map(Round::new) {
            let message = self.sign_freely(at, Statement::Vote(Vote { round, ..vote }))?;
            self.send_some(at, message, 500)?;
        }
        // Out of turn, unless it is its turn.
        if let Some(value) = vote.value {
            let Vote { height, round, validator: proposer, .. } = vote;
            let proposal = Proposal { height, round, value, valid_round: None, proposer };
            let message = self.sign_freely(at, Statement::Proposal(proposal))?;
            self.send_some(at, message, 500)?;
        }
        if let Some(height) = vote.height.next() {
            let message = self.sign_freely(at, Statement::Vote(Vote { height, ..vote }))?;
            self.send_some(at, message, 500)?;
        }
        Ok(())
    }

    /// Makes up a certificate, or a vote in another's name. No receiver that checks believes it.
    pub(super) fn lie(&mut self, at: usize, to: usize, height: Height) -> Result<(), Violation> {
        let draw = self.random.next_u64();
        let Some(mut group) = self.checker.some_votes(height, draw, &self.chain) else {
            return Ok(());
        };
        let others = ValidatorBits::first(self.schedule.powers.len());
        let own = self.nodes[at].validator;
        let message = match draw >> 32 & 15 {
            // As it is: good if two thirds have voted so.
            0 | 1 => Message::Quorum(group),
            2 => Message::Quorum(VoteGroup { kind: VoteKind::Precommit, ..group }),
            3 => Message::Quorum(VoteGroup {
                value: self.checker.some_value(height, draw.rotate_left(7)),
                ..group
            }),
            4 => {
                group.signatures.resize(self.schedule.powers.len(), group.signatures[0]);
                Message::Quorum(VoteGroup { signers: others, ..group })
            }
            5 => {
                group.signatures.pop();
                Message::Quorum(group)
            }
            6 => {
                group.signers.insert(ValidatorIndex(self.schedule.powers.len() as u16));
                group.signatures.push(group.signatures[0]);
                Message::Quorum(group)
            }
            7 | 8 => Message::Round(RoundCertificate { groups: vec![group] }),
            9 => {
                group.signatures.reverse();
                Message::Quorum(group)
            }
            10 => {
                let first = group.signatures[0];
                group.signatures.fill(first);
                Message::Quorum(VoteGroup { kind: VoteKind::Precommit, ..group })
            }
            _ => {
                let victim = ValidatorIndex((own.0 + 1) % self.schedule.powers.len() as u16);
                let VoteGroup { kind, round, value, .. } = group;
                let vote = Vote { kind, height, round, value, validator: victim };
                let digest = Statement::Vote(vote).digest(&self.chain);
                let signature = Seal(self.nodes[at].lock.address()).signature(&digest);
                Message::Vote(Signed { message: vote, signature })
            }
        };
        if let Some(message) = self.post(at, message)? {
            self.route(at, to, message);
        }
        Ok(())
    }
}
