//! Every engine behaves like a `BTreeMap`, also after it was opened again.

use std::{collections::BTreeMap, ops::ControlFlow, path::Path};

use cybermiles_state::{Batch, KeyValue, MemoryStore, SledStore, disk::simulated::Seed};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn key(random: &mut Seed) -> Vec<u8> {
    let length = 1 + random.below(3);
    (0..length).map(|_| u8::try_from(random.below(6)).expect("below six")).collect()
}

fn write_randomly(store: &dyn KeyValue, model: &mut Model, random: &mut Seed) {
    for _ in 0..40 {
        let mut changes = BTreeMap::new();
        for _ in 0..random.below(30) {
            let value = (random.below(3) != 0)
                .then(|| vec![random.draw().to_le_bytes()[0]; 1 + (random.draw() % 5000) as usize]);
            changes.insert(key(random), value);
        }
        let mut batch = Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => {
                    model.insert(key.clone(), value.clone());
                    batch.put(key, value);
                }
                None => {
                    model.remove(&key);
                    batch.remove(key);
                }
            }
        }
        store.write(batch).expect("the engine works");
    }
    store.sync().expect("the engine works");
}

fn check(store: &dyn KeyValue, model: &Model, random: &mut Seed) {
    for _ in 0..200 {
        let wanted = key(random);
        assert_eq!(store.get(&wanted).expect("readable"), model.get(&wanted).cloned());
        let (start, end) = (key(random), key(random));
        let mut found = Vec::new();
        let limit = 1 + random.below(40);
        store
            .scan(&start, &end, &mut |key, value| {
                found.push((key.to_vec(), value.to_vec()));
                if found.len() as u64 >= limit {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .expect("readable");
        let inside = model.iter().filter(|(key, _)| **key >= start && **key < end);
        let expected: Vec<_> = inside
            .take(usize::try_from(limit).expect("small"))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        assert_eq!(found, expected);
    }
}

fn reopens_like_a_map(open: &dyn Fn(&Path) -> Box<dyn KeyValue>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut random = Seed::new(3);
    let mut model = Model::new();
    for _ in 0..4 {
        let store = open(folder.path());
        check(store.as_ref(), &model, &mut random);
        write_randomly(store.as_ref(), &mut model, &mut random);
        check(store.as_ref(), &model, &mut random);
    }
}

#[test]
fn memory_behaves_like_a_map() {
    let mut random = Seed::new(4);
    let mut model = Model::new();
    let store = MemoryStore::new();
    write_randomly(&store, &mut model, &mut random);
    check(&store, &model, &mut random);
}

#[test]
fn sled_behaves_like_a_map() {
    reopens_like_a_map(&|folder| Box::new(SledStore::open(folder, 16 << 20).expect("opens")));
}

#[test]
fn sled_opens_in_spite_of_a_snapshot_that_was_being_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut model = Model::new();
    let mut random = Seed::new(5);
    {
        let store = SledStore::open(folder.path(), 16 << 20).expect("opens");
        write_randomly(&store, &mut model, &mut random);
    }
    // sled 0.34.7 takes this leftover of a kill for a snapshot, and would refuse to open for ever.
    std::fs::write(folder.path().join("snap.0000000000000FFF.generating"), b"half")
        .expect("writable");
    let store = SledStore::open(folder.path(), 16 << 20).expect("opens");
    check(&store, &model, &mut random);
}

#[cfg(feature = "redb")]
#[test]
fn redb_behaves_like_a_map() {
    reopens_like_a_map(&|folder| {
        Box::new(cybermiles_state::RedbStore::open(folder, 16 << 20).expect("opens"))
    });
}
