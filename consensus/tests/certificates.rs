//! Forged and boundary certificates, with real signatures.

use cybermiles_consensus::{
    CertificateError, ChainId, Height, Round, Secp256k1, Secp256k1Key, Signed, Signer as _,
    Validator, ValidatorBits, ValidatorIndex, ValidatorSet, ValueId, Vote, VoteGroup, VoteKind,
    VotingPower,
};

fn check(signers: &[u16], forge: impl Fn(&mut VoteGroup), expected: Result<(), CertificateError>) {
    let chain = ChainId::new("c").expect("short");
    let keys: Vec<_> =
        (1..=6).filter_map(|secret| Secp256k1Key::from_bytes(&[secret; 32])).collect();
    let member =
        |key: &Secp256k1Key| Validator { address: key.address(), power: VotingPower::new(10) };
    let set = ValidatorSet::new(keys.iter().map(member).collect()).expect("a valid set");
    let (kind, height, round, value) =
        (VoteKind::Precommit, Height::new(1), Round::ZERO, Some(ValueId([7; 32])));
    let sign = |at: &u16| {
        let validator = ValidatorIndex(*at);
        let address = set.member(validator).expect("a member").address;
        let key = keys.iter().find(|key| key.address() == address).expect("its key");
        Signed::sign(Vote { kind, height, round, value, validator }, &chain, key)
            .expect("the key signs")
            .signature
    };
    let bits: ValidatorBits = signers.iter().map(|at| ValidatorIndex(*at)).collect();
    let signatures = signers.iter().map(sign).collect();
    let mut group = VoteGroup { kind, height, round, value, signers: bits, signatures };
    forge(&mut group);
    assert_eq!(group.verify(&chain, &set, &Secp256k1).map(|_| ()), expected);
}

#[test]
fn more_than_two_thirds_and_nothing_less() {
    let short = |found| {
        let (found, total) = (VotingPower::new(found), VotingPower::new(60));
        Err(CertificateError::NotEnoughPower { found, total })
    };
    check(&[], |_| {}, short(0));
    check(&[0, 1, 2, 3], |_| {}, short(40));
    check(&[0, 1, 2, 3, 5], |_| {}, Ok(()));
}

#[test]
fn forgeries_are_named() {
    let all = [0, 1, 2, 3, 4, 5];
    let bad = |at| Err(CertificateError::BadSignature { validator: ValidatorIndex(at) });
    check(&all, |group| group.round = Round::MAX, bad(0));
    check(&all, |group| group.value = None, bad(0));
    check(&all, |group| group.kind = VoteKind::Prevote, bad(0));
    check(&all, |group| group.signatures.swap(2, 3), bad(2));
    check(
        &all,
        |group| group.signatures.truncate(5),
        Err(CertificateError::SignatureCount { signers: 6, signatures: 5 }),
    );
    let stranger = ValidatorIndex(6);
    let add = |group: &mut VoteGroup| {
        group.signers.insert(stranger);
        group.signatures.push(group.signatures[0]);
    };
    check(&all, add, Err(CertificateError::UnknownValidator { validator: stranger }));
}
