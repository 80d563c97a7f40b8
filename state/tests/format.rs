//! The bytes on disk: whoever changes them changes these hashes, raises the schema version, and writes a migration.

use std::sync::Arc;

use bytes::Bytes;
use cybermiles_state::{
    AccountChange, AccountWrite, Apply, Block, EMPTY_CODE_HASH, Engine, Options, SCHEMA_VERSION,
    State, disk::simulated::SimulatedDisk, keccak256,
};
use primitive_types::{H160, H256, U256};

fn blocks() -> [Block; 2] {
    let mut genesis = Block {
        hash: H256::repeat_byte(1),
        body: Bytes::from_static(b"genesis"),
        ..Block::default()
    };
    for number in 1..4_u8 {
        let mut write = AccountWrite::new(number.into(), U256::from(number) << 64, EMPTY_CODE_HASH);
        write.storage.insert(H256::repeat_byte(number), U256::from(number));
        genesis.changes.accounts.insert(H160::repeat_byte(number), AccountChange::Written(write));
    }
    let code = Bytes::from(vec![0x60; 9000]);
    genesis.changes.codes.insert(keccak256(&code), code);
    let mut next = Block {
        height: 1,
        hash: H256::repeat_byte(2),
        body: Bytes::from_static(b"block"),
        certificate: Bytes::from_static(b"certificate"),
        receipts: Bytes::from_static(b"receipts"),
        logs: Bytes::from_static(b"logs"),
        ..Block::default()
    };
    next.changes.accounts.insert(H160::repeat_byte(1), AccountChange::Deleted);
    next.lookups.insert(b"transaction".to_vec(), Bytes::from_static(b"1/0"));
    next.metadata.insert("validators".to_owned(), Some(Bytes::from_static(b"set")));
    [genesis, next]
}

#[test]
fn files_of_schema_1_keep_their_bytes() {
    let disk = SimulatedDisk::new();
    let options = Options {
        disk: Arc::new(disk.clone()),
        engine: Engine::Memory,
        apply: Apply::Inline,
        chain_id: H256::repeat_byte(18),
        ..Options::new("/store")
    };
    let (state, _) = State::open(options).expect("opens");
    for block in blocks() {
        state.commit(&block).expect("valid");
    }
    state.create_snapshot(1, "/snapshot".as_ref(), &mut |_| ()).expect("the tip");
    state.close().expect("closes");
    assert_eq!(SCHEMA_VERSION, 1);
    let found: Vec<(String, H256)> = disk
        .files()
        .iter()
        .map(|(path, bytes)| (path.display().to_string(), keccak256(bytes)))
        .collect();
    let found: Vec<String> = found.iter().map(|(path, hash)| format!("{path} {hash:x}")).collect();
    assert_eq!(found, EXPECTED);
}

const EXPECTED: [&str; 7] = [
    "/snapshot/06a13b236b4e1a72817f02543feff779e05bf0e6d4cc14743e8d5408982b9cb8.chunk 9256813a9dc495d663d64e7b2d84099a0628356ecd6f802cc56e324904b339e6",
    "/snapshot/70a5acb95e674b1378808577f81df989a13112cf054e150ec7e22f508361fd2b.chunk b1cc3b02fad5dc3b38ea09a81c477a3275d5c24ae6c1d62a11d3771c51b0e171",
    "/snapshot/71f40298b669768ba17a80c7e9d64bc3d7cbb7df4b31bdabaf837c4179a11448.chunk 7b68efb433094865750df6f6622ae9ebc08e724ed89c7554339c7be5227b344a",
    "/snapshot/manifest 889dac343a148763b2e7ef060ba0251a97d7158a75a0f3dcbecba4689f371999",
    "/store/checkpoint-1 4207a837aff769ebb231c365feaa2053d163658fe97b47211415bddc01d09520",
    "/store/journal/000000000001.journal 009eab35773850708770b214f62fac4c7d051ed46c5db7ebcccc6a04f0e32686",
    "/store/journal/acknowledged b068787781984684511eec3b703f818a33ad64bf989d1ee745a22fc44a3628de",
];
