//! Going on where the log ends.

use alloc::{sync::Arc, vec::Vec};

use super::{Driver, DriverConfig};
use crate::{
    certificate::Proven,
    height::{Height, Round},
    log_entry::LogEntry,
    output::Output,
    proposal::Proposal,
    proposer::ProposerRotation,
    refused::Refused,
    signing::{Signed, Verified},
    state_machine::{RoundValue, Step},
    statement::SignedStatement,
    timeouts::TimeoutKind,
};

impl Driver {
    /// Takes up a height where the log ends. `entries` are those of the height, oldest first.
    ///
    /// Says again what was said, asks again to sign what was not signed, and starts the timers of the current step.
    ///
    /// # Errors
    /// When an entry is not of this height.
    pub fn resume(
        config: DriverConfig,
        height: Height,
        rotation: Arc<ProposerRotation>,
        entries: impl IntoIterator<Item = LogEntry>,
        out: &mut Vec<Output>,
    ) -> Result<Self, Refused> {
        let mut driver = Self::new(config, Arc::clone(&rotation));
        driver.reset(height, rotation);
        for entry in entries {
            driver.expect_height(entry.height())?;
            driver.recall(entry);
        }
        if driver.decision.is_none() {
            let proposals = driver.records.proposals();
            out.extend(proposals.map(|proposal| Output::Validate(*proposal.signed())));
        }
        match driver.state.round {
            None if driver.decision.is_none() => {
                driver.persist_start(out);
                driver.enter(Round::ZERO, out);
            }
            _ => driver.say_again_after_restart(out),
        }
        driver.run(out);
        Ok(driver)
    }

    /// Takes one entry of the log into the state.
    fn recall(&mut self, entry: LogEntry) {
        match entry {
            LogEntry::Start { .. } => {}
            LogEntry::Proposal(proposal) => self.recall_proposal(proposal),
            LogEntry::Intent { state, statement, polka } => {
                if self.state.round != state.round {
                    self.said.clear();
                    self.unsigned.clear();
                    self.tally.enter(state.round.unwrap_or_default());
                }
                self.state = state;
                self.unsigned.push(statement);
                if let Some(polka) = polka {
                    let polka = Proven::assume(polka);
                    for vote in polka.verified_votes() {
                        self.tally.add_certified(self.rotation.set(), &vote);
                    }
                    self.once.polka = polka.get().round == state.round.unwrap_or_default();
                    self.polka = Some(polka.into_inner());
                }
            }
            LogEntry::Signed(signed) => {
                let statement = signed.statement();
                self.unsigned.retain(|asked| *asked != statement);
                self.said.push(signed);
                match signed {
                    SignedStatement::Proposal(proposal) => self.recall_proposal(proposal),
                    SignedStatement::Vote(vote) => {
                        self.tally.add(self.rotation.set(), &Verified::assume(vote));
                    }
                }
            }
            LogEntry::Decided(commit) => {
                self.decision = commit.value.map(|value| RoundValue { round: commit.round, value });
                self.state.step = Step::Commit;
                self.commit = Some(commit);
            }
        }
    }

    fn recall_proposal(&mut self, proposal: Signed<Proposal>) {
        let record = self.records.find_or_add(proposal.message.round);
        let is_known = record.proposals.iter().any(|known| *known.message() == proposal.message);
        if !is_known && record.proposals.len() < Self::PROPOSALS_MAX {
            record.proposals.push(Verified::assume(proposal));
        }
    }

    fn say_again_after_restart(&mut self, out: &mut Vec<Output>) {
        if self.decision.is_some() {
            out.extend(self.commit.clone().map(Output::Decide));
            return;
        }
        let Some(round) = self.state.round else { return };
        out.extend(self.unsigned.iter().copied().map(Output::Sign));
        self.say_again(out);
        self.schedule(TimeoutKind::Rebroadcast, round, out);
        if self.state.step == Step::Propose {
            self.schedule(TimeoutKind::Propose, round, out);
        }
    }
}
