use crate::{Height, Round, ValueId, Verdict};

/// What is simulated on top of the votes: builds values and executes them, for all nodes.
///
/// Answers depend on nothing but the calls since [`reset`](Application::reset), so that a schedule replays exactly.
pub trait Application {
    /// Forgets everything: a schedule of so many nodes starts. A twin is a node of its own.
    fn reset(&mut self, nodes: usize);
    /// Builds a value that is valid at this node.
    fn build(&mut self, node: usize, height: Height, round: Round) -> ValueId;
    /// Executes a value.
    fn validate(&mut self, node: usize, height: Height, value: ValueId) -> Verdict;
    /// Stores a decided value; it is durable from now on.
    fn decided(&mut self, node: usize, height: Height, value: ValueId);
    /// Loses what is not durable.
    fn crashed(&mut self, node: usize);
}

/// Values without content: valid unless their last byte says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opaque;

impl Opaque {
    /// Makes a value that no node executes.
    #[must_use]
    pub const fn garbage(mut value: ValueId) -> ValueId {
        value.0[31] = 0xff;
        value
    }
}

impl Application for Opaque {
    fn reset(&mut self, _nodes: usize) {}

    fn build(&mut self, node: usize, height: Height, round: Round) -> ValueId {
        let mut value = [0; 32];
        value[..8].copy_from_slice(&height.as_u64().to_be_bytes());
        value[8..12].copy_from_slice(&round.as_u32().to_be_bytes());
        value[12..14].copy_from_slice(&(node as u16).to_be_bytes());
        ValueId(value)
    }

    fn validate(&mut self, _node: usize, _height: Height, value: ValueId) -> Verdict {
        if value.0[31] == 0xff { Verdict::Invalid } else { Verdict::Valid }
    }

    fn decided(&mut self, _node: usize, _height: Height, _value: ValueId) {}

    fn crashed(&mut self, _node: usize) {}
}
