use alloc::{vec, vec::Vec};

use super::{latency::Latencies, random::Random};
use crate::{ValidatorBits, ValidatorIndex, ValidatorSet};

/// What kind of schedules to make.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SimOptions {
    /// How many validators, at most [`ValidatorSet::MEMBERS_MAX`] together with the twins.
    pub validators: usize,
    /// How many of them are Byzantine.
    pub byzantine: usize,
    /// How many heights to decide.
    pub heights: u64,
    /// Whether nodes crash and come back.
    pub crashes: bool,
    /// Whether links are cut for a while.
    pub partitions: bool,
    /// Where the validators are.
    pub latencies: Latencies,
}

impl SimOptions {
    /// Returns options for so many validators, with the largest number of Byzantine ones that must do no harm, crashes
    /// and partitions.
    #[must_use]
    pub fn new(validators: usize) -> Self {
        Self {
            validators,
            byzantine: validators.saturating_sub(1) / 3,
            heights: 2,
            crashes: true,
            partitions: true,
            latencies: Latencies::synthetic(),
        }
    }
}

/// What a Byzantine validator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Behaviour {
    /// Runs two correct copies with one key, each for one side of the network.
    Twin,
    /// Votes one thing to these peers, another to those.
    Equivocator,
    /// Proposes different values, invalid ones among them, to different peers.
    DoubleProposer,
    /// Talks to some peers only.
    Withholder,
    /// Says nothing.
    Silent,
    /// Makes up certificates and votes of others, and lies to those who catch up.
    Forger,
    /// Votes in rounds long past and far ahead.
    Spammer,
    /// Forgets its locks.
    Amnesiac,
    /// Comes back without its log, as after a restored backup: it forgets its locks, but its vote lock keeps it from
    /// signing twice.
    Restored,
    /// Talks to some peers only, and to nobody once the network has healed: nobody gets by without the others.
    Deserter,
}

impl Behaviour {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Twin,
        Self::Equivocator,
        Self::DoubleProposer,
        Self::Withholder,
        Self::Silent,
        Self::Forger,
        Self::Spammer,
        Self::Amnesiac,
        Self::Restored,
        Self::Deserter,
    ];
}

/// Something that goes wrong at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Messages from these nodes to those do not arrive. Two of them make a symmetric partition.
    Cut {
        /// From when, in microseconds.
        from_us: u64,
        /// Until when, in microseconds.
        until_us: u64,
        /// Who is not heard.
        senders: ValidatorBits,
        /// Who does not hear them.
        receivers: ValidatorBits,
    },
    /// A node dies, and comes back with what its log had synced.
    Crash {
        /// From when, in microseconds.
        at_us: u64,
        /// Which validator.
        node: u16,
        /// How many outputs it still performs: it dies between two of them.
        outputs: u8,
        /// How long it is down, in microseconds.
        down_us: u64,
        /// How many bytes of what was not synced are on disk nevertheless.
        torn_bytes: u16,
    },
    /// A node is down from the start and never comes back.
    Down {
        /// Which validator.
        node: u16,
    },
}

/// What the network does to each message on its way to each receiver, before it heals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Disturbance {
    /// How many of a thousand are lost.
    pub loss_permille: u64,
    /// How many of a thousand arrive twice.
    pub duplicate_permille: u64,
    /// How many of a thousand are overtaken.
    pub reorder_permille: u64,
}

/// One run, entirely: equal schedules run equally.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// Where it comes from; also the seed of chance within the run.
    pub seed: u64,
    /// The voting powers, from high to low.
    pub powers: Vec<u64>,
    /// How many heights to decide.
    pub heights: u64,
    /// Who is Byzantine and how, in the order of the validators.
    pub byzantine: Vec<(u16, Behaviour)>,
    /// Which validators the first copy of each twin talks to; the second copy talks to the others.
    pub side: ValidatorBits,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What the network does.
    pub disturbance: Disturbance,
    /// When cuts and disturbances end, in microseconds.
    pub heal_us: u64,
    /// How long executing a value takes on average, in microseconds.
    pub execution_us: u64,
    /// By how many of a thousand clocks run too fast or too slow.
    pub skew_permille: u64,
    /// Where the validators are.
    pub latencies: Latencies,
}

impl Schedule {
    /// Returns a schedule in which nothing goes wrong.
    #[must_use]
    pub fn calm(validators: usize, heights: u64) -> Self {
        Self {
            seed: 0,
            powers: vec![10; validators.clamp(1, ValidatorSet::MEMBERS_MAX)],
            heights,
            byzantine: Vec::new(),
            side: ValidatorBits::EMPTY,
            faults: Vec::new(),
            disturbance: Disturbance::default(),
            heal_us: 0,
            execution_us: 0,
            skew_permille: 0,
            latencies: Latencies::synthetic(),
        }
    }

    /// Makes the schedule of a seed.
    #[must_use]
    pub fn generate(options: &SimOptions, seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5eed_0000_0000_0000);
        let mut schedule = Self {
            seed,
            latencies: options.latencies.clone(),
            ..Self::calm(options.validators, options.heights)
        };
        let count = schedule.powers.len();
        schedule.choose_byzantine(options.byzantine.min(count), &mut random);
        schedule.choose_powers(&mut random);
        let some = |random: &mut Random, limit: u64| {
            let value = random.below(limit);
            if random.is_in(500) { value } else { 0 }
        };
        schedule.disturbance = Disturbance {
            loss_permille: some(&mut random, 300),
            duplicate_permille: some(&mut random, 100),
            reorder_permille: some(&mut random, 300),
        };
        schedule.skew_permille = some(&mut random, 100);
        schedule.execution_us = some(&mut random, 800_000);
        schedule.heal_us = random.below(8_000_000);
        if options.partitions && random.is_in(700) {
            schedule.cut(&mut random);
        }
        if options.crashes && random.is_in(700) {
            for _ in 0..=random.below(3) {
                let crash = schedule.crash(&mut random);
                schedule.faults.push(crash);
            }
        }
        schedule
    }

    /// Returns the power of the Byzantine validators.
    #[must_use]
    pub fn byzantine_power(&self) -> u64 {
        self.byzantine.iter().map(|(node, _)| self.powers[usize::from(*node)]).sum()
    }

    /// Tells whether agreement and progress are promised: less than one third is Byzantine or down for ever.
    #[must_use]
    pub fn is_within_bounds(&self) -> bool {
        let is_down = |node: usize| self.faults.contains(&Fault::Down { node: node as u16 });
        let is_byzantine =
            |node: usize| self.byzantine.iter().any(|(other, _)| usize::from(*other) == node);
        let lost: u64 = (0..self.powers.len())
            .filter(|node| is_down(*node) || is_byzantine(*node))
            .map(|node| self.powers[node])
            .sum();
        lost * 3 < self.powers.iter().sum::<u64>()
    }

    fn choose_byzantine(&mut self, count: usize, random: &mut Random) {
        let validators = self.powers.len() as u64;
        let mut chosen = ValidatorBits::EMPTY;
        while chosen.count() < count {
            chosen.insert(ValidatorIndex(random.below(validators) as u16));
        }
        // Where one behaviour alone could do harm, others would only hide it.
        let common = random.is_in(500).then(|| random.below(Behaviour::ALL.len() as u64));
        self.byzantine = chosen
            .iter()
            .map(|node| {
                let at = common.unwrap_or_else(|| random.below(Behaviour::ALL.len() as u64));
                (node.0, Behaviour::ALL[at as usize])
            })
            .collect();
        self.side =
            (0..validators as u16).filter(|_| random.is_in(500)).map(ValidatorIndex).collect();
        // Twins need room for their copies.
        let room = ValidatorSet::MEMBERS_MAX - self.powers.len();
        for (_, behaviour) in self.byzantine.iter_mut().skip(room) {
            *behaviour = Behaviour::Equivocator;
        }
    }

    /// Gives some schedules unequal powers, unless that changes what is promised.
    fn choose_powers(&mut self, random: &mut Random) {
        if !random.is_in(200) {
            return;
        }
        let is_promised = self.is_within_bounds();
        let equal = self.powers.clone();
        self.powers.iter_mut().for_each(|power| *power = 1 + random.below(10));
        self.powers.sort_unstable_by(|one, other| other.cmp(one));
        if self.is_within_bounds() != is_promised {
            self.powers = equal;
        }
    }

    /// Cuts the sides apart, or some links in one direction only.
    fn cut(&mut self, random: &mut Random) {
        let everybody = ValidatorBits::first(self.powers.len());
        let is_symmetric = random.is_in(600);
        let pieces = if is_symmetric { 1 } else { 1 + random.below(3) };
        for _ in 0..pieces {
            let from_us = if random.is_in(500) { 0 } else { random.below(self.heal_us) };
            let until_us = self.heal_us;
            if is_symmetric {
                let other = everybody.difference(&self.side);
                for (senders, receivers) in [(self.side, other), (other, self.side)] {
                    self.faults.push(Fault::Cut { from_us, until_us, senders, receivers });
                }
            } else {
                let mut some = || everybody.iter().filter(|_| random.is_in(400)).collect();
                let (senders, receivers) = (some(), some());
                self.faults.push(Fault::Cut { from_us, until_us, senders, receivers });
            }
        }
    }

    fn crash(&self, random: &mut Random) -> Fault {
        Fault::Crash {
            at_us: random.below(self.heal_us.clamp(1, 3_000_000)),
            node: random.below(self.powers.len() as u64) as u16,
            outputs: random.below(12) as u8,
            down_us: random.below(3_000_000),
            torn_bytes: random.below(400) as u16,
        }
    }
}
