use alloc::vec::Vec;

use crate::{height::Round, proposal::Proposal, signing::Verified, value::ValueId};

/// What is known of one round besides its votes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoundRecord {
    pub(crate) round: Round,
    /// In the order of arrival: only the first is voted on, any of them can be locked or decided.
    pub(crate) proposals: Vec<Verified<Proposal>>,
    pub(crate) is_fetch_sent: bool,
}

/// The kept rounds, in ascending order. Whoever adds keeps to the window of the tally.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RoundRecords(Vec<RoundRecord>);

impl RoundRecords {
    pub(crate) fn find(&self, round: Round) -> Option<&RoundRecord> {
        self.0.iter().rev().find(|record| record.round == round)
    }

    pub(crate) fn find_or_add(&mut self, round: Round) -> &mut RoundRecord {
        let at = match self.0.binary_search_by_key(&round, |record| record.round) {
            Ok(at) => at,
            Err(at) => {
                self.0
                    .insert(at, RoundRecord { round, proposals: Vec::new(), is_fetch_sent: false });
                at
            }
        };
        &mut self.0[at]
    }

    pub(crate) fn has_proposal(&self, round: Round, value: &ValueId) -> bool {
        self.find(round).is_some_and(|record| {
            record.proposals.iter().any(|proposal| proposal.message().value == *value)
        })
    }

    /// All proposals, by round and then by arrival.
    pub(crate) fn proposals(&self) -> impl Iterator<Item = &Verified<Proposal>> {
        self.0.iter().flat_map(|record| &record.proposals)
    }

    pub(crate) fn retain(&mut self, is_kept: impl Fn(Round) -> bool) {
        self.0.retain(|record| is_kept(record.round));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
