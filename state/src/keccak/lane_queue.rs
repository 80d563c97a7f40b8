//! Collects messages by their number of blocks, so that the kernel always hashes equals together.

use super::{
    RATE, keccak256,
    lanes::{Backend, LANES},
};

/// Messages of more blocks than this are hashed one by one. A branch node of 16 hashes has 4.
const BLOCKS_MAX: usize = 5;

/// Hashes messages in groups of eight; each digest goes to the sink together with the ticket of its message.
#[derive(Debug)]
pub(crate) struct LaneQueue {
    backend: Backend,
    groups: [Group; BLOCKS_MAX],
}

#[derive(Debug)]
struct Group {
    messages: Vec<u8>,
    tickets: [u32; LANES],
    count: usize,
}

impl LaneQueue {
    pub(crate) fn new(backend: Backend) -> Self {
        let groups = std::array::from_fn(|index| Group {
            messages: vec![0; LANES * (index + 1) * RATE],
            tickets: [0; LANES],
            count: 0,
        });
        Self { backend, groups }
    }

    /// Takes a message; hands out digests when its group is full.
    #[inline]
    pub(crate) fn push(
        &mut self,
        ticket: u32,
        message: &[u8],
        sink: &mut impl FnMut(u32, [u8; 32]),
    ) {
        let blocks = message.len() / RATE + 1;
        if blocks > BLOCKS_MAX {
            sink(ticket, keccak256(message).0);
            return;
        }
        let group = &mut self.groups[blocks - 1];
        let slot = group.count * blocks * RATE;
        let padded = &mut group.messages[slot..slot + blocks * RATE];
        let (body, padding) = padded.split_at_mut(message.len());
        body.copy_from_slice(message);
        padding.fill(0);
        padding[0] = 0x01;
        padding[padding.len() - 1] |= 0x80;
        group.tickets[group.count] = ticket;
        group.count += 1;
        if group.count == LANES {
            group.hash(self.backend, blocks, sink);
        }
    }

    /// Hashes what waits for a full group.
    pub(crate) fn finish(&mut self, sink: &mut impl FnMut(u32, [u8; 32])) {
        for (index, group) in self.groups.iter_mut().enumerate() {
            if group.count > 0 {
                group.hash(self.backend, index + 1, sink);
            }
        }
    }
}

impl Group {
    fn hash(&mut self, backend: Backend, blocks: usize, sink: &mut impl FnMut(u32, [u8; 32])) {
        let mut digests = [[0; 32]; LANES];
        backend.hash(&self.messages, blocks, self.count, &mut digests);
        for (ticket, digest) in self.tickets.iter().zip(digests).take(self.count) {
            sink(*ticket, digest);
        }
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_each_message_its_own_digest() {
        for backend in Backend::supported() {
            let messages: Vec<Vec<u8>> =
                (0..900_usize).map(|i| vec![i as u8; i * 13 % 821]).collect();
            let mut queue = LaneQueue::new(backend);
            let mut digests = vec![None; messages.len()];
            let mut sink =
                |ticket: u32, digest| assert!(digests[ticket as usize].replace(digest).is_none());
            for (ticket, message) in messages.iter().enumerate() {
                queue.push(ticket as u32, message, &mut sink);
            }
            queue.finish(&mut sink);
            for (message, digest) in messages.iter().zip(digests) {
                assert_eq!(digest, Some(keccak256(message).0), "{} bytes", message.len());
            }
        }
    }
}
