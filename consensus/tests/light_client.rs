//! The verdicts that a model checker derived from the specification of the Tendermint light client, on real headers
//! with ed25519 signatures: the adaptor below is all that is Tendermint about it.

mod fixture_archive;

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cybermiles_consensus::{
    Height, LightBlock, LightOptions, LightVerdict, Threshold, Validator, ValidatorSet,
    VotingPower, verify_light_block,
};
use ed25519_dalek::{Signature, VerifyingKey};
use primitive_types::H160;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| text(value).parse().expect("a number"))
}

fn hexadecimal(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap_or_default()).expect("hexadecimal")
}

/// Seconds and nanoseconds since 1970 of a time like `2019-11-02T15:04:00.5Z`.
fn time(value: &Value) -> (u64, u32) {
    let text = text(value).strip_suffix('Z').expect("UTC");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<u64> =
        whole.split(['-', 'T', ':']).map(|part| part.parse().expect("a number")).collect();
    let [year, month, day, hour, minute, second] = parts[..] else {
        unreachable!("{text} is no time")
    };
    // Days from civil, with years that start in March.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let nanoseconds = format!("{fraction:0<9}")[..9].parse().expect("a number");
    (days * 86_400 + hour * 3_600 + minute * 60 + second, nanoseconds)
}

fn nanoseconds(value: &Value) -> u64 {
    let (seconds, rest) = time(value);
    seconds * 1_000_000_000 + u64::from(rest)
}

// Protocol buffers, as far as headers and votes need them.

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn varint_field(field: u8, number: u64, out: &mut Vec<u8>) {
    if number != 0 {
        out.push(field << 3);
        varint(number, out);
    }
}

fn fixed_field(field: u8, number: u64, out: &mut Vec<u8>) {
    if number != 0 {
        out.push(field << 3 | 1);
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn message_field(field: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(field << 3 | 2);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn bytes_field(field: u8, bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.is_empty() {
        message_field(field, bytes, out);
    }
}

fn built(fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    fill(&mut out);
    out
}

fn timestamp(value: &Value) -> Vec<u8> {
    let (seconds, nanoseconds) = time(value);
    built(|out| {
        varint_field(1, seconds, out);
        varint_field(2, u64::from(nanoseconds), out);
    })
}

fn block_id(value: &Value) -> Vec<u8> {
    built(|out| {
        if value.is_null() {
            message_field(2, &[], out);
            return;
        }
        let parts = &value["part_set_header"];
        bytes_field(1, &hexadecimal(&value["hash"]), out);
        let header = built(|out| {
            varint_field(1, number(&parts["total"]), out);
            bytes_field(2, &hexadecimal(&parts["hash"]), out);
        });
        message_field(2, &header, out);
    })
}

/// The Merkle tree of RFC 6962.
fn merkle_root(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => Sha256::new().chain_update([0]).chain_update(leaf).finalize().into(),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let hasher = Sha256::new().chain_update([1]).chain_update(merkle_root(left));
            hasher.chain_update(merkle_root(right)).finalize().into()
        }
    }
}

/// A validator set with the keys that Tendermint's hash covers, in its order.
#[derive(Clone)]
struct KeyedSet {
    set: ValidatorSet,
    keys: Vec<(H160, [u8; 32])>,
    hash: [u8; 32],
}

/// None for what is no validator set, such as an empty one.
fn keyed_set(value: &Value) -> Option<KeyedSet> {
    let mut members: Vec<(Validator, [u8; 32])> = Vec::new();
    for entry in value["validators"].as_array().expect("validators") {
        let key: [u8; 32] = STANDARD
            .decode(text(&entry["pub_key"]["value"]))
            .expect("base64")
            .try_into()
            .expect("32 bytes");
        let address = H160::from_slice(&Sha256::digest(key)[..20]);
        members.push((
            Validator { address, power: VotingPower::new(number(&entry["voting_power"])) },
            key,
        ));
    }
    let set = ValidatorSet::new(members.iter().map(|(member, _)| *member).collect()).ok()?;
    let key_of = |address: &H160| {
        members.iter().find(|(member, _)| member.address == *address).expect("a member").1
    };
    let keys: Vec<_> =
        set.members().iter().map(|member| (member.address, key_of(&member.address))).collect();
    let leaves: Vec<Vec<u8>> = set
        .members()
        .iter()
        .map(|member| {
            built(|out| {
                message_field(
                    1,
                    &built(|out| message_field(1, &key_of(&member.address), out)),
                    out,
                );
                varint_field(2, member.power.as_u64(), out);
            })
        })
        .collect();
    Some(KeyedSet { hash: merkle_root(&leaves), set, keys })
}

fn header_hash(header: &Value) -> [u8; 32] {
    let wrapped = |bytes: Vec<u8>| built(|out| bytes_field(1, &bytes, out));
    let version = built(|out| {
        varint_field(1, number(&header["version"]["block"]), out);
        varint_field(2, number(&header["version"]["app"]), out);
    });
    let chain = wrapped(text(&header["chain_id"]).as_bytes().to_vec());
    let height = built(|out| varint_field(1, number(&header["height"]), out));
    let mut leaves = vec![
        version,
        chain,
        height,
        timestamp(&header["time"]),
        block_id(&header["last_block_id"]),
    ];
    for name in [
        "last_commit_hash",
        "data_hash",
        "validators_hash",
        "next_validators_hash",
        "consensus_hash",
        "app_hash",
        "last_results_hash",
        "evidence_hash",
        "proposer_address",
    ] {
        leaves.push(wrapped(hexadecimal(&header[name])));
    }
    merkle_root(&leaves)
}

#[derive(Clone)]
struct TendermintBlock {
    header: Value,
    commit: Value,
    validators: KeyedSet,
    /// None for an empty set, which has the hash of an empty tree.
    next_validators: Option<KeyedSet>,
}

impl TendermintBlock {
    fn read(value: &Value) -> Option<Self> {
        let next_validators = keyed_set(&value["next_validator_set"]);
        // A trusted starting point comes without its own validators.
        let validators =
            value.get("validator_set").map_or_else(|| next_validators.clone(), keyed_set)?;
        Some(Self {
            header: value["signed_header"]["header"].clone(),
            commit: value["signed_header"]["commit"].clone(),
            validators,
            next_validators,
        })
    }

    fn sign_bytes(&self, signature: &Value) -> Vec<u8> {
        let vote = built(|out| {
            varint_field(1, 2, out);
            fixed_field(2, number(&self.commit["height"]), out);
            fixed_field(3, number(&self.commit["round"]), out);
            message_field(4, &block_id(&self.commit["block_id"]), out);
            message_field(5, &timestamp(&signature["timestamp"]), out);
            bytes_field(6, text(&self.header["chain_id"]).as_bytes(), out);
        });
        built(|out| {
            varint(vote.len() as u64, out);
            out.extend_from_slice(&vote);
        })
    }
}

impl LightBlock for TendermintBlock {
    fn chain_id(&self) -> &str {
        text(&self.header["chain_id"])
    }

    fn height(&self) -> Height {
        Height::new(number(&self.header["height"]))
    }

    fn time_ns(&self) -> u64 {
        nanoseconds(&self.header["time"])
    }

    fn validators(&self) -> &ValidatorSet {
        &self.validators.set
    }

    fn validators_hash(&self) -> [u8; 32] {
        hexadecimal(&self.header["validators_hash"]).try_into().expect("32 bytes")
    }

    fn next_validators(&self) -> Option<&ValidatorSet> {
        self.next_validators.as_ref().map(|keyed| &keyed.set)
    }

    fn next_validators_hash(&self) -> [u8; 32] {
        hexadecimal(&self.header["next_validators_hash"]).try_into().expect("32 bytes")
    }

    fn is_coherent(&self) -> bool {
        self.validators.hash == self.validators_hash()
            && self.next_validators.as_ref().map_or_else(|| merkle_root(&[]), |keyed| keyed.hash)
                == self.next_validators_hash()
            && hexadecimal(&self.commit["block_id"]["hash"]) == header_hash(&self.header)
            && self.commit["height"] == self.header["height"]
    }

    fn signers(&self) -> Option<Vec<H160>> {
        let mut signers = Vec::new();
        for signature in self.commit["signatures"].as_array().map_or(&[][..], Vec::as_slice) {
            if signature["block_id_flag"] != 2 {
                continue;
            }
            let address = H160::from_slice(&hexadecimal(&signature["validator_address"]));
            let (_, key) = self.validators.keys.iter().find(|(member, _)| *member == address)?;
            let bytes = STANDARD.decode(signature["signature"].as_str()?).ok()?;
            let key = VerifyingKey::from_bytes(key).ok()?;
            key.verify_strict(&self.sign_bytes(signature), &Signature::from_slice(&bytes).ok()?)
                .ok()?;
            signers.push(address);
        }
        Some(signers)
    }
}

fn options(trusting_period_ns: u64, clock_drift_ns: u64) -> LightOptions {
    LightOptions { trust_level: Threshold::ONE_THIRD, trusting_period_ns, clock_drift_ns }
}

fn files(folder: &str) -> Vec<(PathBuf, Value)> {
    let Some(vectors) = fixture_archive::consensus_vectors() else { return Vec::new() };
    let folder = vectors.join("tendermint-rs-light-client").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the vectors are complete")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        serde_json::from_str(&fs::read_to_string(path).expect("the file is there"))
            .expect("the file is JSON")
    };
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

#[test]
fn every_verdict_of_the_model() {
    let mut verdicts = [0; 3];
    for (path, case) in files("single_step") {
        let mut trusted = TendermintBlock::read(&case["initial"]).expect("a trusted block");
        let options = options(number(&case["initial"]["trusting_period"]), 1_000_000_000);
        for (number, step) in case["input"].as_array().expect("a list").iter().enumerate() {
            let block = TendermintBlock::read(&step["block"]);
            let now_ns = nanoseconds(&step["now"]);
            let verdict =
                block.as_ref().map(|block| verify_light_block(&trusted, block, &options, now_ns));
            let (name, kind) = match verdict {
                Some(LightVerdict::Verified) => ("SUCCESS", 0),
                Some(LightVerdict::NotEnoughTrust) => ("NOT_ENOUGH_TRUST", 1),
                Some(LightVerdict::Invalid(_)) | None => ("INVALID", 2),
            };
            assert_eq!(
                text(&step["verdict"]),
                name,
                "{} step {number}: {verdict:?}",
                path.display()
            );
            verdicts[kind] += 1;
            if let (Some(LightVerdict::Verified), Some(block)) = (verdict, block) {
                trusted = block;
            }
        }
    }
    println!("{} verified, {} not enough trust, {} invalid", verdicts[0], verdicts[1], verdicts[2]);
}
