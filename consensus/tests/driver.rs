//! Several drivers together: progress, crashes, catching up, and what must stop them.

mod cluster;

use cluster::{Cluster, input_of, unsigned};
use cybermiles_consensus::{
    Evidence, HaltReason, Height, Input, LogEntry, Message, Proposal, Proven, Refused, Round,
    SignedStatement, Statement, Step, ValidatorBits, ValidatorIndex, ValueId, Verdict, Vote,
    VoteKind,
};

fn assert_agreement(cluster: &Cluster, count: usize) {
    let values = cluster.decided_values();
    assert_eq!(values.len(), count);
    assert!(values.windows(2).all(|pair| pair[0] == pair[1] && pair[0].is_some()));
}

#[test]
fn everybody_decides_in_round_zero() {
    for count in [1, 4, 7, 24, 100] {
        let mut cluster = Cluster::new(count);
        cluster.start();
        cluster.run(0);
        assert_agreement(&cluster, count);
        assert!(cluster.drivers.iter().all(|driver| driver.state().round == Some(Round::ZERO)));
        assert!(cluster.evidence.is_empty());
    }
}

#[test]
fn a_silent_proposer_costs_one_round() {
    let mut cluster = Cluster::new(4);
    let proposer = cluster.rotation.proposer_index().as_usize();
    cluster.down[proposer] = true;
    cluster.start();
    cluster.run(100);
    assert_agreement(&cluster, 3);
    let others = cluster.drivers.iter().enumerate().filter(|(node, _)| *node != proposer);
    for (_, driver) in others {
        assert_eq!(driver.state().round, Round::ZERO.next());
        let absent: ValidatorBits = [ValidatorIndex(proposer as u16)].into_iter().collect();
        assert_eq!(driver.absent().map(|bits| bits.intersection(&absent)), Some(absent));
    }
}

#[test]
fn of_24_validators_16_stop_and_17_go_on_at_the_same_height() {
    let mut cluster = Cluster::new(24);
    cluster.down[..8].fill(true);
    cluster.start();
    cluster.run(2_000);
    assert_eq!(cluster.decided_values().len(), 0);
    cluster.restart(7);
    cluster.run(20_000);
    assert_agreement(&cluster, 17);
}

#[test]
fn a_crash_at_every_point_changes_nothing_that_was_said() {
    for entries in 0..7 {
        let mut cluster = Cluster::new(4);
        cluster.start();
        cluster.run(0);
        let node = 1;
        let said = |cluster: &Cluster| {
            let votes = cluster.logs[node].iter().filter_map(|entry| match entry {
                LogEntry::Intent { statement, .. } => Some(*statement),
                _ => None,
            });
            votes.collect::<Vec<_>>()
        };
        let before = said(&cluster);
        let kept = entries.min(cluster.logs[node].len());
        cluster.logs[node].truncate(kept);
        cluster.restart(node);
        // Its peers have decided: they help with the commit, as any peer does.
        let commit = cluster.drivers[0].commit().expect("decided");
        cluster.feed(node, Input::Quorum(Proven::assume(commit)));
        cluster.run(50);
        assert_agreement(&cluster, 4);
        for statement in said(&cluster) {
            let same_slot = |other: &&Statement| {
                (other.height(), other.round(), other.kind())
                    == (statement.height(), statement.round(), statement.kind())
            };
            // What had been written down is never said differently.
            let earlier = before.iter().take(kept.saturating_sub(1)).find(same_slot);
            assert!(earlier.is_none_or(|earlier| *earlier == statement), "{entries} entries kept");
        }
    }
}

#[test]
fn a_whole_cluster_that_crashes_goes_on_from_its_logs() {
    let mut cluster = Cluster::new(4);
    cluster.down[2..].fill(true);
    cluster.start();
    cluster.run(3);
    assert_eq!(cluster.decided_values().len(), 0);
    for node in 0..4 {
        cluster.restart(node);
    }
    cluster.run(200);
    assert_agreement(&cluster, 4);
    assert_eq!(cluster.halted, [None; 4]);
}

#[test]
fn a_commit_certificate_decides_without_votes() {
    let mut cluster = Cluster::new(4);
    cluster.down[2] = true;
    cluster.start();
    cluster.run(100);
    let commit = cluster.drivers[0].commit().expect("decided");
    cluster.restart(2);
    cluster.feed(2, input_of(Message::Quorum(commit.clone())));
    cluster.run(10);
    assert_eq!(cluster.decisions[2].as_ref().and_then(|found| found.value), commit.value);
}

#[test]
fn a_committed_value_that_is_invalid_here_halts() {
    let mut cluster = Cluster::new(4);
    cluster.down[2] = true;
    cluster.start();
    cluster.run(100);
    let commit = cluster.drivers[0].commit().expect("decided");
    cluster.verdict = Verdict::Invalid;
    cluster.restart(2);
    let value = commit.value.expect("a value");
    cluster.feed(2, input_of(Message::Quorum(commit)));
    cluster.run(10);
    assert_eq!(
        cluster.halted[2],
        Some(HaltReason::CommittedInvalid { height: Height::new(1), value })
    );
    let outcome = cluster.drivers[2].handle(
        Input::Validated { height: Height::new(1), value, verdict: Verdict::Valid },
        &mut Vec::new(),
    );
    assert!(matches!(outcome, Err(Refused::Halted(_))), "nothing wakes it up");
}

#[test]
fn invalid_values_are_not_prevoted() {
    let mut cluster = Cluster::new(4);
    cluster.verdict = Verdict::Invalid;
    cluster.start();
    cluster.run(0);
    let proposer = cluster.rotation.proposer_index().as_usize();
    for (node, log) in cluster.logs.iter().enumerate().filter(|(node, _)| *node != proposer) {
        let prevoted = log.iter().any(|entry| {
            matches!(entry, LogEntry::Signed(SignedStatement::Vote(vote))
                if vote.message.value.is_some())
        });
        assert!(!prevoted, "node {node}");
    }
}

fn vote(kind: VoteKind, value: u8, validator: u16) -> Vote {
    Vote {
        kind,
        height: Height::new(1),
        round: Round::ZERO,
        value: Some(ValueId([value; 32])),
        validator: ValidatorIndex(validator),
    }
}

#[test]
fn double_votes_are_evidence_once() {
    let mut cluster = Cluster::new(4);
    cluster.down[1..].fill(true);
    cluster.start();
    for value in [1, 2, 2, 3] {
        cluster.feed(0, input_of(Message::Vote(unsigned(vote(VoteKind::Prevote, value, 2)))));
    }
    cluster.run(0);
    let expected = Evidence::duplicate_vote(
        unsigned(vote(VoteKind::Prevote, 1, 2)),
        unsigned(vote(VoteKind::Prevote, 2, 2)),
    );
    assert_eq!(cluster.evidence, [expected]);
}

#[test]
fn double_proposals_are_evidence() {
    let mut cluster = Cluster::new(4);
    let proposer = cluster.rotation.proposer_index();
    let node = (proposer.as_usize() + 1) % 4;
    cluster.down.fill(true);
    cluster.down[node] = false;
    cluster.start();
    let proposal = |value| Proposal {
        height: Height::new(1),
        round: Round::ZERO,
        value: ValueId([value; 32]),
        valid_round: None,
        proposer,
    };
    for value in [1, 2] {
        cluster.feed(node, input_of(Message::Proposal(unsigned(proposal(value)))));
    }
    cluster.run(0);
    assert_eq!(
        cluster.evidence,
        [Evidence::duplicate_proposal(unsigned(proposal(1)), unsigned(proposal(2)))]
    );
    let outcome = cluster.drivers[node]
        .handle(input_of(Message::Proposal(unsigned(proposal(3)))), &mut Vec::new());
    assert_eq!(outcome, Err(Refused::TooManyProposals { round: Round::ZERO }));
    let stranger = Proposal { proposer: ValidatorIndex((proposer.0 + 2) % 4), ..proposal(1) };
    let outcome = cluster.drivers[node]
        .handle(input_of(Message::Proposal(unsigned(stranger))), &mut Vec::new());
    assert_eq!(
        outcome,
        Err(Refused::NotProposer { validator: stranger.proposer, round: Round::ZERO })
    );
}

#[test]
fn own_votes_that_are_not_ours_halt() {
    let mut cluster = Cluster::new(4);
    cluster.down[1..].fill(true);
    cluster.start();
    cluster.feed(0, input_of(Message::Vote(unsigned(vote(VoteKind::Precommit, 9, 0)))));
    cluster.run(0);
    assert_eq!(
        cluster.halted[0],
        Some(HaltReason::KeyUsedElsewhere { height: Height::new(1), round: Round::ZERO })
    );
}

#[test]
fn one_third_far_ahead_pull_a_node_along_but_less_do_not() {
    let mut cluster = Cluster::new(7);
    cluster.down[1..].fill(true);
    cluster.start();
    let far = |validator, round| Vote {
        round: Round::new(round).expect("a small round"),
        ..vote(VoteKind::Precommit, 1, validator)
    };
    for (validator, round) in [(1, 500), (1, 900), (2, 400)] {
        cluster.feed(0, input_of(Message::Vote(unsigned(far(validator, round)))));
    }
    cluster.run(0);
    assert_eq!(cluster.drivers[0].state().round, Some(Round::ZERO));
    cluster.feed(0, input_of(Message::Vote(unsigned(far(3, 700)))));
    cluster.run(0);
    assert_eq!(cluster.drivers[0].state().round, Round::new(400));
    assert_eq!(cluster.drivers[0].state().step, Step::Propose);
}
