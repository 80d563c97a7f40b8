//! How nodes die and come back.

use alloc::{sync::Arc, vec::Vec};

use super::{
    node::Dying,
    schedule::Fault,
    simulation::{Event, Simulation},
    violation::{Rule, Violation},
};
use crate::Driver;

impl Simulation<'_> {
    pub(super) fn begin_to_die(&mut self, at: usize, fault: usize) -> Result<(), Violation> {
        if let Fault::Crash { outputs, down_us, torn_bytes, .. } = self.schedule.faults[fault]
            && self.nodes[at].is_up
            && self.nodes[at].is_honest()
        {
            self.nodes[at].dying = Some(Dying { outputs, down_us, torn_bytes });
            if outputs == 0 {
                self.die(at);
            }
        }
        Ok(())
    }

    pub(super) fn die(&mut self, at: usize) {
        self.pending.clear();
        self.application.crashed(at);
        let node = &mut self.nodes[at];
        node.is_up = false;
        node.lives += 1;
        node.early.clear();
        if let Some(Dying { down_us, torn_bytes, .. }) = node.dying.take() {
            self.push(self.now_us + down_us, at as u16, Event::Restart { torn_bytes });
        }
    }

    pub(super) fn restart(&mut self, at: usize, torn_bytes: u16) -> Result<(), Violation> {
        let node = &mut self.nodes[at];
        node.is_up = true;
        let is_readable = node.reread_log(torn_bytes).is_some();
        if !is_readable {
            return Err(self.broken(at, Rule::ReadsItsLog));
        }
        self.resume(at)
    }

    /// Starts the driver from what the log holds.
    fn resume(&mut self, at: usize) -> Result<(), Violation> {
        let node = &mut self.nodes[at];
        let height = node.next_height();
        let Some(rotation) = self.rotations.get(node.chain.len()) else { return Ok(()) };
        node.log.retain(|entry| entry.height() == height);
        node.synced_count = node.log.len();
        let mut outputs = Vec::new();
        let rotation = Arc::clone(rotation);
        let log = node.log.iter().cloned();
        match Driver::resume(node.config(), height, rotation, log, &mut outputs) {
            Ok(driver) => node.driver = driver,
            Err(_) => return Err(self.broken(at, Rule::ReadsItsLog)),
        }
        self.perform_all(at, outputs)?;
        self.work(at)
    }

    /// Starts the height again with nothing; timers of before mean nothing any more.
    pub(super) fn forget(&mut self, at: usize) -> Result<(), Violation> {
        self.nodes[at].log.clear();
        self.nodes[at].lives += 1;
        self.resume(at)
    }
}
