//! The layouts in FORMAT.md, byte for byte: a change of format cannot happen by accident.

use std::{fs::read_to_string, path::Path};

use cybermiles_consensus::{
    ChainId, Decode as _, Encode as _, Evidence, Height, LogEntry, Message, Proposal, Round,
    RoundCertificate, RoundState, RoundValue, Secp256k1Key, Signable as _, Signed, SignedStatement,
    Statement, Step, ValidatorBits, ValidatorIndex, ValueId, Vote, VoteGroup, VoteKind, VoteLock,
    replay, write_frame,
};
use primitive_types::{H160, H256};

fn chain() -> ChainId {
    ChainId::new("golden").expect("short")
}

fn key() -> Secp256k1Key {
    Secp256k1Key::from_bytes(&[1; 32]).expect("a key")
}

fn vote(value: Option<ValueId>) -> Signed<Vote> {
    let (kind, height, round) = (VoteKind::Precommit, Height::new(7), Round::ZERO);
    let vote = Vote { kind, height, round, value, validator: ValidatorIndex(2) };
    Signed::sign(vote, &chain(), &key()).expect("the key signs")
}

fn proposal() -> Signed<Proposal> {
    let (height, value, valid_round) = (Height::new(7), ValueId([9; 32]), Some(Round::ZERO));
    let round = Round::new(3).expect("small");
    Signed::sign(
        Proposal { height, round, value, valid_round, proposer: ValidatorIndex(1) },
        &chain(),
        &key(),
    )
    .expect("the key signs")
}

fn group() -> VoteGroup {
    let vote = vote(Some(ValueId([9; 32])));
    let Vote { kind, height, round, value, .. } = vote.message;
    let signers: ValidatorBits = [ValidatorIndex(0), ValidatorIndex(9)].into_iter().collect();
    VoteGroup { kind, height, round, value, signers, signatures: vec![vote.signature; 2] }
}

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let messages = [
        ("message vote", Message::Vote(vote(None))),
        ("message proposal", Message::Proposal(proposal())),
        ("message quorum", Message::Quorum(group())),
        ("message round", Message::Round(RoundCertificate { groups: vec![group()] })),
    ];
    let valid = Some(RoundValue { round: Round::ZERO, value: ValueId([9; 32]) });
    let state = RoundState {
        height: Height::new(7),
        round: Round::new(3),
        step: Step::Precommit,
        locked: valid,
        valid,
    };
    let statement = Statement::Vote(vote(None).message);
    let entries = [
        ("entry start", LogEntry::Start { height: Height::new(7), validators: H256([5; 32]) }),
        ("entry proposal", LogEntry::Proposal(proposal())),
        ("entry intent", LogEntry::Intent { state, statement, polka: Some(group()) }),
        ("entry signed", LogEntry::Signed(SignedStatement::Vote(vote(None)))),
        ("entry decided", LogEntry::Decided(group())),
    ];
    let mut samples: Vec<(&str, Vec<u8>)> = Vec::new();
    for (name, message) in &messages {
        assert_eq!(Message::from_bytes(&message.to_bytes()).as_ref(), Ok(message));
        samples.push((name, message.to_bytes()));
    }
    let mut log = Vec::new();
    for (sequence, (name, entry)) in entries.iter().enumerate() {
        assert_eq!(LogEntry::from_bytes(&entry.to_bytes()).as_ref(), Ok(entry));
        samples.push((name, entry.to_bytes()));
        write_frame(sequence as u64, entry, &mut log);
    }
    assert_eq!(replay(&log).map(|found| found.entries.len()), Ok(entries.len()));
    samples.push(("log", log));
    let evidence = Evidence::duplicate_vote(vote(None), vote(Some(ValueId([9; 32]))));
    assert_eq!(Evidence::from_bytes(&evidence.to_bytes()).as_ref(), Ok(&evidence));
    samples.push(("evidence", evidence.to_bytes()));
    let mut lock = VoteLock::new(H160([4; 20]));
    lock.permit(&statement, &statement.digest(&chain())).expect("nothing was signed before");
    samples.push(("vote lock", lock.to_record()));
    let mut sign_bytes = Vec::new();
    vote(None).message.sign_bytes(&chain(), &mut sign_bytes);
    samples.push(("sign bytes", sign_bytes));
    samples
}

#[test]
fn every_layout_is_as_committed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/layouts.txt");
    let found: String =
        samples().iter().map(|(name, bytes)| format!("{name}: {}\n", hex::encode(bytes))).collect();
    let expected = read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "the layouts differ; those of this build are\n{found}");
}

#[test]
fn no_cut_message_is_accepted() {
    for (name, bytes) in samples().iter().filter(|(name, _)| name.starts_with("message")) {
        for cut in 0..bytes.len() {
            assert!(Message::from_bytes(&bytes[..cut]).is_err(), "{name} cut at {cut}");
        }
        assert!(
            Message::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err(),
            "{name} with a byte too many"
        );
    }
}
