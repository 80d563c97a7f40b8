//! Laws of the envelope, on random transactions and on random damage to them.

use arbitrary::{Arbitrary, Unstructured};
use cybermiles_cvm::{
    Authorization, BLOB_SIZE, BlobSidecar, BlobTransaction, DecodeError, Envelope, EnvelopeRules,
    H256, InvalidTransaction, LegacyTransaction, NetworkEnvelope, Revision, SecretKey,
    SidecarError, SidecarVersion, Signature, Transaction, U256, UnsignedTransaction,
};
use proptest::{collection::vec, prelude::*};

/// Any value that `arbitrary` can build.
fn random<T: for<'a> Arbitrary<'a> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    vec(any::<u8>(), 0..2_000).prop_map(|bytes| {
        let mut random = Unstructured::new(&bytes);
        T::arbitrary(&mut random).expect("values of these types do not run out of bytes")
    })
}

fn key() -> impl Strategy<Value = SecretKey> {
    any::<[u8; 32]>()
        .prop_filter_map("a scalar in range", |bytes| SecretKey::from_bytes(&bytes).ok())
}

/// Replaces, inserts or removes one byte, or cuts the rest.
fn damage(bytes: &mut Vec<u8>, how: u8, place: usize, byte: u8) {
    let place = place % bytes.len();
    match how % 4 {
        0 => bytes[place] = byte,
        1 => bytes.insert(place, byte),
        2 => drop(bytes.remove(place)),
        _ => bytes.truncate(place),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn decoding_inverts_encoding(envelope in random::<Envelope>()) {
        let bytes = envelope.encode();
        prop_assert_eq!(Envelope::decode(&bytes), Ok(envelope.clone()));
        let network = NetworkEnvelope { envelope, sidecar: None };
        prop_assert_eq!(&network.encode(), &bytes);
        prop_assert_eq!(NetworkEnvelope::decode(&bytes), Ok(network));
    }

    #[test]
    fn what_decodes_is_canonical(
        envelope in random::<Envelope>(), how in any::<u8>(), place in any::<usize>(), byte in any::<u8>(),
    ) {
        let mut bytes = envelope.encode();
        damage(&mut bytes, how, place, byte);
        if let Ok(decoded) = Envelope::decode(&bytes) {
            prop_assert_eq!(decoded.encode(), bytes);
        }
    }

    #[test]
    fn random_bytes_never_panic(kind in 0_u8..6, body in vec(any::<u8>(), 0..300)) {
        for bytes in [&body[..], &[&[kind], &body[..]].concat()] {
            if let Ok(decoded) = NetworkEnvelope::decode(bytes) {
                prop_assert_eq!(decoded.encode(), bytes);
            }
        }
    }

    #[test]
    fn json_says_the_same(envelope in random::<Envelope>()) {
        let text = serde_json::to_string(&envelope).expect("an envelope is JSON");
        let parsed: Envelope = serde_json::from_str(&text).expect("what was written");
        prop_assert_eq!(parsed, envelope);
    }

    #[test]
    fn json_of_the_executable_form_says_the_same(transaction in random::<Transaction>()) {
        let text = serde_json::to_string(&transaction).expect("a transaction is JSON");
        let parsed: Transaction = serde_json::from_str(&text).expect("what was written");
        prop_assert_eq!(parsed, transaction);
    }

    #[test]
    fn validation_is_total(envelope in random::<Envelope>(), transaction in random::<Transaction>()) {
        for revision in Revision::ALL {
            let rules = EnvelopeRules::ethereum(revision, 1);
            if let Ok(valid) = envelope.validate(&rules) {
                prop_assert!(valid.validate(&rules).is_ok());
            }
            if let Ok(gas) = transaction.validate(&rules) {
                prop_assert!(gas.gas_limit_min() <= transaction.gas_limit);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_signer_is_the_sender(unsigned in random::<UnsignedTransaction>(), key in key()) {
        let envelope = unsigned.clone().sign(&key);
        let decoded = Envelope::decode(&envelope.encode()).expect("our encoding");
        prop_assert_eq!(decoded.hash(), envelope.hash());
        prop_assert_eq!(decoded.sender(), Ok(key.address()));
        prop_assert_eq!(decoded.into_transaction(), Ok(unsigned.clone().into_transaction(key.address())));
        let twin = Envelope { unsigned, signature: envelope.signature.twin() };
        prop_assert_eq!(twin.sender(), Ok(key.address()));
    }

    #[test]
    fn the_signer_is_the_authority(authorization in random::<Authorization>(), key in key()) {
        let signed = authorization.sign(&key);
        prop_assert_eq!(signed.authority(), Some(key.address()));
        let signature = Signature { is_y_odd: signed.y_parity == 1, r: signed.r, s: signed.s };
        let Signature { is_y_odd, r, s } = signature.twin();
        let high = Authorization { y_parity: u8::from(is_y_odd), r, s, ..signed };
        prop_assert_eq!(high.authority(), None);
        let strange = Authorization { y_parity: high.y_parity + 2, ..high };
        prop_assert_eq!(strange.authority(), None);
    }
}

/// A blob transaction with a sidecar whose commitments match its hashes.
fn blobs(version: SidecarVersion, count: u8) -> NetworkEnvelope {
    let commitments: Vec<[u8; 48]> = (0..count).map(|number| [number; 48]).collect();
    let proofs_per_blob = if version == SidecarVersion::BlobProofs { 1 } else { 128 };
    let blob_hashes: Vec<H256> = commitments.iter().map(BlobSidecar::versioned_hash).collect();
    let key = SecretKey::from_bytes(&[5; 32]).expect("in range");
    let envelope = BlobTransaction {
        chain_id: 1,
        gas_limit: 21_000,
        blob_hashes,
        ..BlobTransaction::default()
    }
    .sign(&key);
    let sidecar = BlobSidecar {
        version,
        blobs: (0..count).map(|number| vec![number; BLOB_SIZE].into()).collect(),
        commitments,
        proofs: vec![[9; 48]; usize::from(count) * proofs_per_blob],
    };
    NetworkEnvelope { envelope, sidecar: Some(sidecar) }
}

#[expect(clippy::panic, reason = "a mismatch fails the test")]
fn hashes(network: &NetworkEnvelope) -> &[H256] {
    match &network.envelope.unsigned {
        UnsignedTransaction::Blob(blob) => &blob.blob_hashes,
        other => panic!("{other:?} has no blobs"),
    }
}

#[test]
fn network_form_carries_the_sidecar_of_both_versions() {
    for version in [SidecarVersion::BlobProofs, SidecarVersion::CellProofs] {
        let network = blobs(version, 2);
        let bytes = network.encode();
        assert_eq!(NetworkEnvelope::decode(&bytes).as_ref(), Ok(&network));
        assert_eq!(Envelope::decode(&bytes), Err(DecodeError::UnexpectedSidecar));
        let sidecar = network.sidecar.clone().expect("built with one");
        assert_eq!(sidecar.check(hashes(&network)), Ok(()));
        assert_eq!(NetworkEnvelope::decode(&bytes[..bytes.len() - 1]).ok(), None);
    }
}

#[test]
fn a_sidecar_that_does_not_fit_is_refused() {
    let network = blobs(SidecarVersion::CellProofs, 2);
    let whole = network.sidecar.clone().expect("built with one");
    let check = |change: fn(&mut BlobSidecar), expected| {
        let mut sidecar = whole.clone();
        change(&mut sidecar);
        assert_eq!(sidecar.check(hashes(&network)), Err(expected));
    };
    check(|sidecar| sidecar.blobs.truncate(1), SidecarError::BlobCount { expected: 2, found: 1 });
    check(
        |sidecar| sidecar.commitments.truncate(1),
        SidecarError::CommitmentCount { expected: 2, found: 1 },
    );
    check(
        |sidecar| sidecar.proofs.truncate(2),
        SidecarError::ProofCount { expected: 256, found: 2 },
    );
    check(
        |sidecar| sidecar.version = SidecarVersion::BlobProofs,
        SidecarError::ProofCount { expected: 2, found: 256 },
    );
    check(
        |sidecar| sidecar.blobs[1] = vec![0; 9].into(),
        SidecarError::BlobSize { index: 1, found: 9 },
    );
    let mut wrong = whole.clone();
    wrong.commitments.swap(0, 1);
    assert!(matches!(wrong.check(hashes(&network)), Err(SidecarError::BlobHash { index: 0, .. })));
}

#[test]
fn v_means_what_eip_155_says() {
    let key = SecretKey::from_bytes(&[3; 32]).expect("in range");
    for chain_id in [None, Some(0), Some(1), Some(18), Some(u64::MAX)] {
        let envelope = LegacyTransaction { chain_id, ..LegacyTransaction::default() }.sign(&key);
        let decoded = Envelope::decode(&envelope.encode()).expect("our encoding");
        assert_eq!(decoded.unsigned.chain_id(), chain_id);
        assert_eq!(decoded.sender(), Ok(key.address()));
    }
    let unprotected = LegacyTransaction::default().sign(&key).encode();
    let place = unprotected.len() - 67;
    assert!(matches!(unprotected[place], 27 | 28));
    for v in [1, 2, 26, 29, 34] {
        let mut bytes = unprotected.clone();
        bytes[place] = v;
        assert_eq!(Envelope::decode(&bytes), Err(DecodeError::V { found: U256::from(v) }));
    }
}

#[test]
fn a_high_s_is_refused_since_homestead() {
    let key = SecretKey::from_bytes(&[3; 32]).expect("in range");
    let mut envelope =
        LegacyTransaction { gas_limit: 60_000, ..LegacyTransaction::default() }.sign(&key);
    envelope.signature = envelope.signature.twin();
    let judge = |revision| envelope.validate(&EnvelopeRules::ethereum(revision, 1));
    assert_eq!(judge(Revision::Frontier).map(|transaction| transaction.sender), Ok(key.address()));
    assert!(matches!(judge(Revision::Homestead), Err(InvalidTransaction::Signature(_))));
}

/// The fuzz target's seeds are one transaction of each type and form; they also pin the encoding.
#[test]
fn seeds_of_the_fuzz_target_decode_and_encode() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/envelope");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the seeds are in the repository") {
        let path = entry.expect("the folder is readable").path();
        let bytes = std::fs::read(&path).expect("the seed is readable");
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        match NetworkEnvelope::decode(&bytes) {
            Ok(network) => assert_eq!(network.encode(), bytes, "{name}"),
            Err(_) => assert!(name.starts_with("bad_") || name.len() == 40, "{name}"),
        }
        names.push(name);
    }
    for seed in [
        "legacy",
        "legacy_unprotected",
        "access_list",
        "dynamic_fee",
        "blob",
        "set_code",
        "bad_trailing_byte",
    ] {
        assert!(names.iter().any(|name| name == seed), "{seed} is missing");
    }
}
