//! The storage slots that a transaction touched.

use super::AccountId;
use crate::Word;
use alloc::{boxed::Box, vec, vec::Vec};
use core::{
    hash::Hash,
    ops::{Index, IndexMut},
};
use hashbrown::HashMap;

/// A slot's number within one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SlotId(u32);

/// A slot as the transaction sees it.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) key: Word,
    /// The value before the transaction.
    pub(super) original: Word,
    pub(super) current: Word,
    pub(super) account: AccountId,
    pub(super) is_loaded: bool,
    pub(super) is_warm: bool,
}

/// Entries of the memo in front of the map.
const RECENT: usize = 1024;

/// What is larger is dropped between transactions: memory is not kept for the greatest of them, and clearing a map takes
/// time in proportion to its size.
const RETAINED_ENTRIES_MAX: usize = 1 << 14;

/// Empties a look-up map, keeping a moderate capacity.
pub(super) fn clear_index<K: Eq + Hash, V>(index: &mut HashMap<K, V>) {
    if index.capacity() > RETAINED_ENTRIES_MAX {
        *index = HashMap::new();
    } else {
        index.clear();
    }
}

/// Empties a list, keeping a moderate capacity.
pub(super) fn clear_list<T>(list: &mut Vec<T>) {
    if list.capacity() > RETAINED_ENTRIES_MAX {
        *list = Vec::new();
    } else {
        list.clear();
    }
}

/// Slots by number, and numbers by account and key.
pub(super) struct SlotTable {
    entries: Vec<Slot>,
    index: HashMap<(AccountId, Word), SlotId>,
    /// The numbers last found, by a cheap digest; verified by comparing account and key.
    recent: Box<[SlotId]>,
}

impl Default for SlotTable {
    fn default() -> Self {
        let recent = vec![SlotId(u32::MAX); RECENT].into_boxed_slice();
        Self { entries: Vec::new(), index: HashMap::new(), recent }
    }
}

impl SlotTable {
    pub(super) fn clear(&mut self) {
        if !self.entries.is_empty() {
            clear_list(&mut self.entries);
            clear_index(&mut self.index);
        }
    }

    #[inline]
    pub(super) fn intern(&mut self, account: AccountId, key: Word) -> SlotId {
        let place = digest(account, &key);
        let recent = self.recent[place];
        if self
            .entries
            .get(recent.0 as usize)
            .is_some_and(|slot| slot.key == key && slot.account == account)
        {
            return recent;
        }
        self.intern_slow(account, key, place)
    }

    fn intern_slow(&mut self, account: AccountId, key: Word, place: usize) -> SlotId {
        let next = SlotId(self.entries.len() as u32);
        let id = *self.index.entry((account, key)).or_insert(next);
        if id == next {
            self.entries.push(Slot {
                key,
                original: Word::ZERO,
                current: Word::ZERO,
                account,
                is_loaded: false,
                is_warm: false,
            });
        }
        self.recent[place] = id;
        id
    }

    /// The numbers of an account's slots.
    pub(super) fn of_account(&self, account: AccountId) -> Vec<SlotId> {
        let slots = self.entries.iter().enumerate().filter(|(_, slot)| slot.account == account);
        slots.map(|(index, _)| SlotId(index as u32)).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.entries.iter()
    }
}

/// A place in the memo. Collisions cost a look-up in the map, nothing else.
#[inline]
fn digest(account: AccountId, key: &Word) -> usize {
    let [a, b, c, d] = key.limbs();
    let folded = (a ^ b.rotate_left(17) ^ c.rotate_left(31) ^ d.rotate_left(47))
        .wrapping_add(u64::from(account.0));
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize
}

impl Index<SlotId> for SlotTable {
    type Output = Slot;

    #[inline]
    fn index(&self, id: SlotId) -> &Slot {
        &self.entries[id.0 as usize]
    }
}

impl IndexMut<SlotId> for SlotTable {
    #[inline]
    fn index_mut(&mut self, id: SlotId) -> &mut Slot {
        &mut self.entries[id.0 as usize]
    }
}
