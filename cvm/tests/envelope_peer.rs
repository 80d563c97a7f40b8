//! The same transactions through alloy: hash, signing hash, sender, and what each refuses.

use alloy_consensus::{EthereumTxEnvelope, TxEip4844, transaction::SignerRecoverable};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use arbitrary::{Arbitrary, Unstructured};
use cybermiles_cvm::{Envelope, SecretKey, UnsignedTransaction};
use proptest::{collection::vec, prelude::*};

type Peer = EthereumTxEnvelope<TxEip4844>;

fn unsigned() -> impl Strategy<Value = UnsignedTransaction> {
    vec(any::<u8>(), 0..2_000).prop_map(|bytes| {
        let mut unsigned =
            UnsignedTransaction::arbitrary(&mut Unstructured::new(&bytes)).expect("enough bytes");
        clamp(&mut unsigned);
        unsigned
    })
}

/// Keeps fees to the 128 bits, and the legacy chain id to the 63 bits, that the peer's types hold.
fn clamp(unsigned: &mut UnsignedTransaction) {
    let narrow = |fee: &mut cybermiles_cvm::U256| *fee = (*fee).low_u128().into();
    match unsigned {
        UnsignedTransaction::Legacy(legacy) => {
            narrow(&mut legacy.gas_price);
            legacy.chain_id = legacy.chain_id.map(|chain_id| chain_id >> 2);
        }
        UnsignedTransaction::AccessList(access_list) => narrow(&mut access_list.gas_price),
        UnsignedTransaction::DynamicFee(dynamic_fee) => {
            narrow(&mut dynamic_fee.max_fee_per_gas);
            narrow(&mut dynamic_fee.max_priority_fee_per_gas);
        }
        UnsignedTransaction::Blob(blob) => {
            narrow(&mut blob.max_fee_per_gas);
            narrow(&mut blob.max_priority_fee_per_gas);
            narrow(&mut blob.max_fee_per_blob_gas);
        }
        UnsignedTransaction::SetCode(set_code) => {
            narrow(&mut set_code.max_fee_per_gas);
            narrow(&mut set_code.max_priority_fee_per_gas);
        }
    }
}

fn fits_peer(envelope: &Envelope) -> bool {
    let mut clamped = envelope.unsigned.clone();
    clamp(&mut clamped);
    clamped == envelope.unsigned
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_peer_reads_what_we_write(unsigned in unsigned(), seed in 1_u8..255) {
        let key = SecretKey::from_bytes(&[seed; 32]).expect("in range");
        let envelope = unsigned.sign(&key);
        let bytes = envelope.encode();
        let peer = Peer::decode_2718_exact(&bytes).expect("the peer decodes it");
        prop_assert_eq!(peer.encoded_2718(), bytes);
        prop_assert_eq!(peer.tx_hash().0, envelope.hash().0);
        prop_assert_eq!(peer.signature_hash().0, envelope.signing_hash().0);
        let sender = peer.recover_signer().expect("the peer recovers the sender");
        prop_assert_eq!(sender.0.0, key.address().0);
    }

    #[test]
    fn the_peer_agrees_on_damaged_bytes(
        unsigned in unsigned(), place in any::<usize>(), byte in any::<u8>(), is_removed in any::<bool>(),
    ) {
        let key = SecretKey::from_bytes(&[1; 32]).expect("in range");
        let mut bytes = unsigned.sign(&key).encode();
        let place = place % bytes.len();
        if is_removed {
            bytes.remove(place);
        } else {
            bytes[place] = byte;
        }
        let ours = Envelope::decode(&bytes);
        let peer = Peer::decode_2718_exact(&bytes);
        match (ours, peer) {
            (Ok(ours), Ok(peer)) => {
                prop_assert_eq!(peer.tx_hash().0, ours.hash().0);
                let signer = peer.recover_signer_unchecked().ok().map(|address| address.0.0);
                prop_assert_eq!(signer, ours.sender().ok().map(|address| address.0));
            }
            (Err(_), Err(_)) => {}
            (Ok(ours), Err(_)) if !fits_peer(&ours) => {}
            (ours, peer) => prop_assert!(false, "{:?} against {:?}", ours, peer),
        }
    }
}
