use alloc::collections::BTreeMap;

use primitive_types::H160;

use crate::{request::Target, rules::Rules};

/// How much of the scarce things has been used: slots and gas of one block, wasted gas of one window.
///
/// Whoever drives the policy owns this value, keeps it with the block it belongs to, and changes it only by
/// [`begin_block`](Self::begin_block) and [`apply`](Self::apply). A pool keeps a second one of its own.
///
/// # Invariants
///
/// The size is bounded by the rules: never more slots than a block has, and never more senders with wasted gas than
/// calls without consent fit in a window. Validated rules bound both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Usage {
    height: u64,
    window_start: u64,
    #[cfg_attr(feature = "serde", serde(with = "entries"))]
    slots: BTreeMap<Slot, u32>,
    slot_count: u32,
    gas: u64,
    underpaid_gas: u64,
    unconsented_count: u32,
    #[cfg_attr(feature = "serde", serde(with = "entries"))]
    wasted_gas: BTreeMap<H160, u64>,
}

impl Usage {
    /// Returns unused counters for the block at this height.
    #[must_use]
    pub const fn new(height: u64) -> Self {
        Self {
            height,
            window_start: height,
            slots: BTreeMap::new(),
            slot_count: 0,
            gas: 0,
            underpaid_gas: 0,
            unconsented_count: 0,
            wasted_gas: BTreeMap::new(),
        }
    }

    /// Starts the block at this height: empties what counts for one block, and what counts for a window if it is over.
    ///
    /// Must be called at the start of every block, also at a height seen before.
    pub fn begin_block(&mut self, rules: &Rules, height: u64) {
        self.height = height;
        self.slots.clear();
        self.slot_count = 0;
        self.gas = 0;
        self.underpaid_gas = 0;
        self.unconsented_count = 0;
        let window_age = height.checked_sub(self.window_start);
        if window_age.is_none_or(|age| age >= rules.window_blocks()) {
            self.window_start = height;
            self.wasted_gas.clear();
        }
    }

    /// Adds what one transaction used.
    pub fn apply(&mut self, delta: &UsageDelta) {
        // Saturation errs on the side of refusal, and decisions keep the counters far below it.
        if let Some(slot) = delta.slot {
            let taken = self.slots.entry(slot).or_default();
            *taken = taken.saturating_add(1);
            self.slot_count = self.slot_count.saturating_add(1);
        }
        self.gas = self.gas.saturating_add(delta.gas);
        self.underpaid_gas = self.underpaid_gas.saturating_add(delta.underpaid_gas);
        if let Some(unconsented) = delta.unconsented {
            self.unconsented_count = self.unconsented_count.saturating_add(1);
            let wasted = self.wasted_gas.entry(unconsented.sender).or_default();
            *wasted = wasted.saturating_add(unconsented.gas);
        }
    }

    /// Returns the height of the block being filled.
    #[must_use]
    pub const fn height(&self) -> u64 {
        self.height
    }

    /// Returns the height at which the current window started.
    #[must_use]
    pub const fn window_start(&self) -> u64 {
        self.window_start
    }

    /// Returns the gas used in this block.
    #[must_use]
    pub const fn gas(&self) -> u64 {
        self.gas
    }

    /// Returns the gas used in this block for which nobody paid the normal price.
    #[must_use]
    pub const fn underpaid_gas(&self) -> u64 {
        self.underpaid_gas
    }

    /// Returns the number of slots taken in this block.
    #[must_use]
    pub const fn slot_count(&self) -> u32 {
        self.slot_count
    }

    /// Returns the number of calls without consent in this block.
    #[must_use]
    pub const fn unconsented_count(&self) -> u32 {
        self.unconsented_count
    }

    /// Returns how many entries the counters hold, which is what their size depends on.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        self.slots.len().saturating_add(self.wasted_gas.len())
    }

    /// Returns how often this pair of sender and target has taken a slot in this block.
    #[must_use]
    pub fn pair_slot_count(&self, slot: &Slot) -> u32 {
        self.slots.get(slot).copied().unwrap_or_default()
    }

    /// Returns how many slots this sender has taken in this block.
    #[must_use]
    pub fn sender_slot_count(&self, sender: H160) -> u32 {
        self.slots_of(sender).fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Returns the counts of the pair and of the sender, in one look.
    pub(crate) fn pair_and_sender_slot_counts(&self, slot: &Slot) -> (u32, u32) {
        self.slots_of(slot.sender).fold((0, 0), |(pair, sum), (target, count)| {
            (if target == slot.target { count } else { pair }, sum.saturating_add(count))
        })
    }

    fn slots_of(&self, sender: H160) -> impl Iterator<Item = (SlotTarget, u32)> {
        // The lowest of all slots of the sender; they are neighbours.
        let first = Slot { sender, target: SlotTarget::Create };
        let slots = self.slots.range(first..).take_while(move |(slot, _)| slot.sender == sender);
        slots.map(|(slot, count)| (slot.target, *count))
    }

    /// Returns the gas this sender has wasted in this window on calls without consent.
    #[must_use]
    pub fn wasted_gas(&self, sender: H160) -> u64 {
        self.wasted_gas.get(&sender).copied().unwrap_or_default()
    }
}

/// The pair of sender and target a slot is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Slot {
    /// The account that signed.
    pub sender: H160,
    /// What the transaction was aimed at.
    pub target: SlotTarget,
}

/// The target of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum SlotTarget {
    /// A creation.
    Create,
    /// A call to this account.
    Call(H160),
    /// A system call to this reserved address.
    System(H160),
}

impl From<&Target> for SlotTarget {
    fn from(target: &Target) -> Self {
        match target {
            Target::Create => Self::Create,
            Target::Call(callee) => Self::Call(callee.address),
            Target::System(address) => Self::System(*address),
        }
    }
}

/// What one transaction adds to the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct UsageDelta {
    /// The slot taken, if any.
    pub slot: Option<Slot>,
    /// The gas used of the block.
    pub gas: u64,
    /// The part of it for which nobody paid the normal price.
    pub underpaid_gas: u64,
    /// The call nobody consented to pay, if it was one.
    pub unconsented: Option<Unconsented>,
}

impl UsageDelta {
    /// Returns what a transaction adds that ran with the consent of whoever pays. Slots mark gas that is underpaid.
    pub(crate) const fn ran(slot: Option<Slot>, gas: u64) -> Self {
        let underpaid_gas = if slot.is_some() { gas } else { 0 };
        Self { slot, gas, underpaid_gas, unconsented: None }
    }
}

/// A call that asked a contract to pay without getting its consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Unconsented {
    /// Whose quota the gas is charged to.
    pub sender: H160,
    /// The gas used, before refunds.
    pub gas: u64,
}

/// Maps as lists of pairs, in order, so that formats whose keys are text can hold them.
#[cfg(feature = "serde")]
mod entries {
    use alloc::{collections::BTreeMap, vec::Vec};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<
        'de,
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    >(
        deserializer: D,
    ) -> Result<BTreeMap<K, V>, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}
