use alloc::vec;

use super::*;
use crate::transaction::{AccessListItem, Authorization};

/// Valid as any type that it is made: no field is foreign.
fn typed(kind: TransactionKind) -> Transaction {
    Transaction {
        kind,
        chain_id: Some(1),
        gas_limit: 100_000,
        target: Target::Call(Address::zero()),
        blob_hashes: if kind == TransactionKind::Blob { vec![blob_hash()] } else { vec![] },
        authorizations: if kind == TransactionKind::SetCode {
            vec![Authorization::default()]
        } else {
            vec![]
        },
        ..Transaction::default()
    }
}

fn blob_hash() -> H256 {
    H256([BLOB_HASH_VERSION; 32])
}

fn check(revision: Revision, transaction: &Transaction, expected: Option<InvalidTransaction>) {
    let verdict = transaction.validate(&EnvelopeRules::ethereum(revision, 1));
    assert_eq!(verdict.err(), expected, "{revision}: {transaction:?}");
}

#[test]
fn each_type_starts_with_its_revision() {
    let rows = [
        (TransactionKind::AccessList, Revision::Istanbul, Revision::Berlin),
        (TransactionKind::DynamicFee, Revision::Berlin, Revision::London),
        (TransactionKind::Blob, Revision::Shanghai, Revision::Cancun),
        (TransactionKind::SetCode, Revision::Cancun, Revision::Prague),
    ];
    for (kind, revision, first) in rows {
        check(
            revision,
            &typed(kind),
            Some(InvalidTransaction::TypeNotSupported { kind, revision }),
        );
        check(first, &typed(kind), None);
    }
}

#[test]
fn a_field_of_another_type_is_refused() {
    let legacy = typed(TransactionKind::Legacy);
    let kind = TransactionKind::Legacy;
    let rows = [
        ("maxPriorityFeePerGas", Transaction { max_fee_per_gas: U256::one(), ..legacy.clone() }),
        (
            "accessList",
            Transaction { access_list: vec![AccessListItem::default()], ..legacy.clone() },
        ),
        ("maxFeePerBlobGas", Transaction { max_fee_per_blob_gas: U256::one(), ..legacy.clone() }),
        ("blobVersionedHashes", Transaction { blob_hashes: vec![blob_hash()], ..legacy.clone() }),
        (
            "authorizationList",
            Transaction { authorizations: vec![Authorization::default()], ..legacy },
        ),
    ];
    for (field, transaction) in rows {
        check(
            Revision::Osaka,
            &transaction,
            Some(InvalidTransaction::ForeignField { kind, field }),
        );
    }
}

#[test]
fn chain_ids_are_checked_since_eip_155() {
    let legacy = typed(TransactionKind::Legacy);
    check(Revision::Homestead, &legacy, Some(InvalidTransaction::ProtectedTooEarly { found: 1 }));
    check(Revision::SpuriousDragon, &legacy, None);
    let other = Transaction { chain_id: Some(18), ..legacy.clone() };
    check(Revision::Osaka, &other, Some(InvalidTransaction::ChainId { expected: 1, found: 18 }));
    check(Revision::Osaka, &Transaction { chain_id: None, ..legacy }, None);
    let nameless = Transaction { chain_id: None, ..typed(TransactionKind::DynamicFee) };
    check(Revision::Osaka, &nameless, Some(InvalidTransaction::ChainIdMissing));
}

#[test]
fn limits_hold_at_the_limit_and_not_beyond() {
    let legacy = typed(TransactionKind::Legacy);
    let nonce = |nonce| Transaction { nonce, ..legacy.clone() };
    check(Revision::Osaka, &nonce(u64::MAX - 1), None);
    check(
        Revision::Osaka,
        &nonce(u64::MAX),
        Some(InvalidTransaction::NonceMax { nonce: u64::MAX }),
    );

    let gas = |gas_limit| Transaction { gas_limit, ..legacy.clone() };
    let (max, found) = (1 << 24, (1 << 24) + 1);
    check(Revision::Osaka, &gas(max), None);
    check(Revision::Osaka, &gas(found), Some(InvalidTransaction::GasLimitAboveMax { max, found }));
    check(Revision::Prague, &gas(found), None);
    check(Revision::Frontier, &Transaction { chain_id: None, ..gas(21_000) }, None);
    let too_little = InvalidTransaction::IntrinsicGas { required: 21_000, found: 20_999 };
    check(Revision::Osaka, &gas(20_999), Some(too_little));
    let floor = Transaction { input: vec![1; 100].into(), ..gas(24_999) };
    check(Revision::Cancun, &floor, None);
    let below_floor = InvalidTransaction::FloorGas { required: 25_000, found: 24_999 };
    check(Revision::Prague, &floor, Some(below_floor));

    let code = |size| Transaction {
        target: Target::Create,
        input: vec![0; size].into(),
        ..gas(1_000_000)
    };
    let too_long = InvalidTransaction::InitCodeSize { max: 49_152, found: 49_153 };
    check(Revision::Shanghai, &code(49_152), None);
    check(Revision::Shanghai, &code(49_153), Some(too_long));
    check(Revision::Paris, &code(49_153), None);
}

#[test]
fn fees_are_ordered_and_do_not_overflow() {
    let fees = |priority: u64, fee: U256| Transaction {
        max_priority_fee_per_gas: priority.into(),
        max_fee_per_gas: fee,
        ..typed(TransactionKind::DynamicFee)
    };
    check(Revision::Osaka, &fees(7, 7.into()), None);
    let (max_priority_fee_per_gas, max_fee_per_gas) = (8.into(), 7.into());
    let above =
        InvalidTransaction::PriorityFeeAboveFee { max_priority_fee_per_gas, max_fee_per_gas };
    check(Revision::Osaka, &fees(8, 7.into()), Some(above));
    let largest = U256::MAX / 100_000;
    check(Revision::Osaka, &fees(0, largest), None);
    let max_fee_per_gas = largest + 1;
    let overflow = InvalidTransaction::GasCostOverflow { gas_limit: 100_000, max_fee_per_gas };
    check(Revision::Osaka, &fees(0, max_fee_per_gas), Some(overflow));
}

#[test]
fn blob_transactions_have_blobs_and_a_target() {
    let blobs = |count| Transaction {
        blob_hashes: vec![blob_hash(); count],
        ..typed(TransactionKind::Blob)
    };
    check(Revision::Cancun, &blobs(0), Some(InvalidTransaction::NoBlobs));
    for (revision, max) in [(Revision::Cancun, 6), (Revision::Prague, 9), (Revision::Osaka, 6)] {
        check(revision, &blobs(max), None);
        check(
            revision,
            &blobs(max + 1),
            Some(InvalidTransaction::BlobCount { max, found: max + 1 }),
        );
    }
    let mut wrong = blobs(3);
    wrong.blob_hashes[2] = H256::zero();
    let refused = InvalidTransaction::BlobHashVersion { index: 2, hash: H256::zero() };
    check(Revision::Cancun, &wrong, Some(refused));
    for kind in [TransactionKind::Blob, TransactionKind::SetCode] {
        let creation = Transaction { target: Target::Create, ..typed(kind) };
        check(Revision::Prague, &creation, Some(InvalidTransaction::CannotCreate { kind }));
    }
    let idle = Transaction { authorizations: vec![], ..typed(TransactionKind::SetCode) };
    check(Revision::Prague, &idle, Some(InvalidTransaction::NoAuthorizations));
}
