//! Where the nodes of a trie lie: branches, leaves, and runs of children in flat arrays that refer by index.

use primitive_types::H256;

use super::encode::LeafValue;

/// A node by index; the top bit tells leaves from branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(u32);

const LEAF_BIT: u32 = 1 << 31;

/// What a node is, with its index among its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    Branch(u32),
    Leaf(u32),
}

impl NodeId {
    pub(super) const PLACEHOLDER: Self = Self(u32::MAX);

    const fn branch(index: u32) -> Self {
        Self(index)
    }

    const fn leaf(index: u32) -> Self {
        Self(index | LEAF_BIT)
    }

    #[inline]
    pub(super) const fn kind(self) -> Child {
        if self.0 & LEAF_BIT == 0 { Child::Branch(self.0) } else { Child::Leaf(self.0 & !LEAF_BIT) }
    }
}

/// A branch node: which nibbles have children, and where their run begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    /// Index of the first child in `Arena::children` and `Arena::references`.
    start: u32,
    /// Bit n: there is a child at nibble n.
    pub(super) present: u16,
    /// Bit n: the reference to the child at nibble n is stale.
    pub(super) dirty: u16,
    /// Bit n: the reference to the child at nibble n is the child itself, being shorter than a hash.
    pub(super) inline: u16,
    /// Nibbles of the path in front of the branching nibble.
    pub(super) depth: u8,
}

/// A key and its value; one cache line for the values used here.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Leaf<V> {
    pub(super) key: H256,
    pub(super) value: V,
}

/// Run lengths that are allocated; a branch's children lie in the smallest that holds them.
const RUN_LENGTHS: [usize; 7] = [2, 3, 4, 6, 8, 12, 16];

#[derive(Clone, Debug)]
pub(super) struct Arena<V> {
    branches: Vec<Branch>,
    leaves: Vec<Leaf<V>>,
    children: Vec<NodeId>,
    references: Vec<[u8; 32]>,
    free_branches: Vec<u32>,
    free_leaves: Vec<u32>,
    free_runs: [Vec<u32>; RUN_LENGTHS.len()],
}

impl<V: LeafValue> Arena<V> {
    pub(super) const fn new() -> Self {
        Self {
            branches: Vec::new(),
            leaves: Vec::new(),
            children: Vec::new(),
            references: Vec::new(),
            free_branches: Vec::new(),
            free_leaves: Vec::new(),
            free_runs: [const { Vec::new() }; RUN_LENGTHS.len()],
        }
    }

    pub(super) const fn leaf_count(&self) -> usize {
        self.leaves.len() - self.free_leaves.len()
    }

    pub(super) const fn branch_count(&self) -> usize {
        self.branches.len() - self.free_branches.len()
    }

    pub(super) fn memory_size_bytes(&self) -> usize {
        let free = self.free_branches.capacity() + self.free_leaves.capacity();
        let free_runs: usize = self.free_runs.iter().map(Vec::capacity).sum();
        size_of::<Branch>() * self.branches.capacity()
            + size_of::<Leaf<V>>() * self.leaves.capacity()
            + (size_of::<NodeId>() + 32) * self.children.capacity()
            + size_of::<u32>() * (free + free_runs)
    }

    pub(super) fn reserve_leaves(&mut self, count: usize) {
        self.leaves.reserve_exact(count);
    }

    pub(super) fn shrink(&mut self) {
        self.branches.shrink_to_fit();
        self.leaves.shrink_to_fit();
        self.children.shrink_to_fit();
        self.references.shrink_to_fit();
    }

    #[inline]
    pub(super) fn branch(&self, index: u32) -> &Branch {
        &self.branches[index as usize]
    }

    #[inline]
    pub(super) fn branch_mut(&mut self, index: u32) -> &mut Branch {
        &mut self.branches[index as usize]
    }

    #[inline]
    pub(super) fn leaf(&self, index: u32) -> &Leaf<V> {
        &self.leaves[index as usize]
    }

    #[inline]
    pub(super) fn leaf_mut(&mut self, index: u32) -> &mut Leaf<V> {
        &mut self.leaves[index as usize]
    }

    /// The child at a nibble.
    #[inline]
    pub(super) fn child(&self, branch: u32, nibble: usize) -> Option<NodeId> {
        let branch = self.branch(branch);
        branch.has(nibble).then(|| self.children[branch.slot(nibble)])
    }

    /// The child at a nibble, whose reference is marked as stale.
    #[inline]
    pub(super) fn touch_child(&mut self, branch: u32, nibble: usize) -> Option<NodeId> {
        let branch = &mut self.branches[branch as usize];
        if !branch.has(nibble) {
            return None;
        }
        branch.dirty |= 1 << nibble;
        Some(self.children[branch.slot(nibble)])
    }

    /// Loads branches and where their children lie. The loads do not wait for each other, as those of a walk would.
    pub(super) fn prefetch_children(&self, branches: impl Iterator<Item = u32> + Clone) {
        let headers = branches.clone().fold(0, |sum: u32, branch| sum ^ self.branch(branch).start);
        let children = branches.fold(0, |sum: u32, branch| {
            let children = self.children(self.branch(branch));
            sum ^ children[0].0 ^ children[children.len() - 1].0
        });
        std::hint::black_box(headers ^ children);
    }

    /// Loads branches and the references to their children; see [`Arena::prefetch_children`].
    pub(super) fn prefetch_references(&self, branches: impl Iterator<Item = u32>) {
        let references = branches.fold(0, |sum: u8, branch| {
            // Every other reference: each cache line holds two.
            self.references(self.branch(branch))
                .iter()
                .step_by(2)
                .fold(sum, |sum, reference| sum ^ reference[0])
        });
        std::hint::black_box(references);
    }

    /// Loads leaves; see [`Arena::prefetch_children`].
    pub(super) fn prefetch_leaves(&self, leaves: impl Iterator<Item = u32>) {
        std::hint::black_box(leaves.fold(0, |sum: u8, leaf| sum ^ self.leaf(leaf).key.0[0]));
    }

    /// The references of a branch's children, in the order of their nibbles.
    #[inline]
    pub(super) fn references(&self, branch: &Branch) -> &[[u8; 32]] {
        let start = branch.start as usize;
        &self.references[start..start + branch.child_count()]
    }

    /// The children of a branch in the order of their nibbles.
    #[inline]
    pub(super) fn children(&self, branch: &Branch) -> &[NodeId] {
        let start = branch.start as usize;
        &self.children[start..start + branch.child_count()]
    }

    #[inline]
    pub(super) fn put_reference(
        &mut self,
        branch: u32,
        nibble: usize,
        reference: [u8; 32],
        is_inline: bool,
    ) {
        let branch = &mut self.branches[branch as usize];
        let bit = 1 << nibble;
        branch.inline = if is_inline { branch.inline | bit } else { branch.inline & !bit };
        self.references[branch.slot(nibble)] = reference;
    }

    /// The lowest key under a node.
    pub(super) fn first_key(&self, mut node: NodeId) -> H256 {
        loop {
            match node.kind() {
                Child::Leaf(leaf) => return self.leaf(leaf).key,
                Child::Branch(branch) => node = self.children[self.branch(branch).start as usize],
            }
        }
    }

    pub(super) fn add_leaf(&mut self, key: H256, value: V) -> NodeId {
        let leaf = Leaf { key, value };
        let index = if let Some(index) = self.free_leaves.pop() {
            self.leaves[index as usize] = leaf;
            index
        } else {
            self.leaves.push(leaf);
            index_of(self.leaves.len() - 1)
        };
        NodeId::leaf(index)
    }

    pub(super) fn remove_leaf(&mut self, index: u32) -> V {
        self.free_leaves.push(index);
        self.leaves[index as usize].value.clone()
    }

    /// Adds a branch with two children, both stale.
    pub(super) fn add_branch(
        &mut self,
        depth: usize,
        mut children: [(usize, NodeId); 2],
    ) -> NodeId {
        children.sort_unstable_by_key(|(nibble, _)| *nibble);
        let present = 1 << children[0].0 | 1 << children[1].0;
        self.add_full_branch(depth, present, &children.map(|(_, child)| child))
    }

    /// Adds a branch with all its children, in the order of their nibbles; all are stale.
    pub(super) fn add_full_branch(
        &mut self,
        depth: usize,
        present: u16,
        children: &[NodeId],
    ) -> NodeId {
        debug_assert_eq!(present.count_ones() as usize, children.len());
        let start = self.add_run(children.len());
        self.children[start as usize..start as usize + children.len()].copy_from_slice(children);
        let branch = Branch { start, present, dirty: present, inline: 0, depth: depth as u8 };
        let index = if let Some(index) = self.free_branches.pop() {
            self.branches[index as usize] = branch;
            index
        } else {
            self.branches.push(branch);
            index_of(self.branches.len() - 1)
        };
        NodeId::branch(index)
    }

    /// Adds a child at a nibble that has none.
    pub(super) fn add_child(&mut self, index: u32, nibble: usize, child: NodeId) {
        let mut branch = *self.branch(index);
        debug_assert!(!branch.has(nibble));
        let count = branch.child_count();
        let old_start = branch.start as usize;
        let class = run_class(count);
        if RUN_LENGTHS[class] == count {
            branch.start = self.add_run(count + 1);
            let start = branch.start as usize;
            self.children.copy_within(old_start..old_start + count, start);
            self.references.copy_within(old_start..old_start + count, start);
            self.free_runs[class].push(index_of(old_start));
        }
        let slot = branch.slot(nibble);
        let end = branch.start as usize + count;
        self.children.copy_within(slot..end, slot + 1);
        self.references.copy_within(slot..end, slot + 1);
        self.children[slot] = child;
        branch.present |= 1 << nibble;
        branch.dirty |= 1 << nibble;
        *self.branch_mut(index) = branch;
    }

    /// Puts another node in the place of a child; its reference is stale.
    pub(super) fn replace_child(&mut self, index: u32, nibble: usize, child: NodeId) {
        let branch = &mut self.branches[index as usize];
        branch.dirty |= 1 << nibble;
        self.children[branch.slot(nibble)] = child;
    }

    /// Removes a child. When one child is left, frees the branch and returns that child.
    pub(super) fn remove_child(&mut self, index: u32, nibble: usize) -> Option<NodeId> {
        let mut branch = *self.branch(index);
        let count = branch.child_count();
        let slot = branch.slot(nibble);
        let end = branch.start as usize + count;
        self.children.copy_within(slot + 1..end, slot);
        self.references.copy_within(slot + 1..end, slot);
        let keep = !(1 << nibble);
        branch.present &= keep;
        branch.dirty &= keep;
        branch.inline &= keep;
        if count == 2 {
            self.free_runs[run_class(2)].push(branch.start);
            self.free_branches.push(index);
            return Some(self.children[branch.start as usize]);
        }
        let (class, old_class) = (run_class(count - 1), run_class(count));
        if class < old_class {
            let old_start = branch.start as usize;
            branch.start = self.add_run(count - 1);
            self.children.copy_within(old_start..old_start + count - 1, branch.start as usize);
            self.references.copy_within(old_start..old_start + count - 1, branch.start as usize);
            self.free_runs[old_class].push(index_of(old_start));
        }
        *self.branch_mut(index) = branch;
        None
    }

    /// Finds room for so many children; what lies there is left over.
    fn add_run(&mut self, count: usize) -> u32 {
        let class = run_class(count);
        if let Some(start) = self.free_runs[class].pop() {
            return start;
        }
        let start = self.children.len();
        self.children.resize(start + RUN_LENGTHS[class], NodeId::PLACEHOLDER);
        self.references.resize(start + RUN_LENGTHS[class], [0; 32]);
        index_of(start)
    }
}

impl Branch {
    #[inline]
    const fn has(&self, nibble: usize) -> bool {
        self.present >> nibble & 1 == 1
    }

    #[inline]
    pub(super) const fn child_count(&self) -> usize {
        self.present.count_ones() as usize
    }

    #[inline]
    const fn slot(&self, nibble: usize) -> usize {
        let before = self.present & ((1 << nibble) - 1);
        self.start as usize + before.count_ones() as usize
    }
}

fn run_class(count: usize) -> usize {
    RUN_LENGTHS.partition_point(|length| *length < count)
}

fn index_of(index: usize) -> u32 {
    assert!(index < LEAF_BIT as usize, "a trie holds at most 2^31 leaves");
    index as u32
}

/// The nibbles whose bits are set, in ascending order.
pub(super) fn nibbles_of(mut bits: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let nibble = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (nibble < 16).then_some(nibble)
    })
}
