use crate::{HaltReason, Height, ValidatorBits, ValidatorIndex, ValueId};

/// What an honest validator never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rule {
    /// It says one thing in one phase of one round, across all crashes.
    #[error("signs two different statements of one kind in one round")]
    SignsOnce,
    /// Its vote lock never has to refuse: the log alone is enough.
    #[error("asks its vote lock for something that it refuses")]
    AsksOnlyForTheNew,
    /// It has written down what it signs.
    #[error("signs what it has not written down")]
    PersistsBeforeSigning,
    /// It has written down what it sends.
    #[error("sends what it has not written down")]
    PersistsBeforeSending,
    /// It precommits what two thirds prevoted in the same round.
    #[error("precommits without a polka")]
    PrecommitNeedsPolka,
    /// It prevotes what was proposed in the same round.
    #[error("prevotes what was not proposed")]
    PrevoteNeedsProposal,
    /// It votes for what its own application has executed.
    #[error("votes for what its application did not find valid")]
    VotesForValid,
    /// It prevotes against its lock only after a polka at least as late.
    #[error("prevotes against its lock")]
    KeepsLock,
    /// It proposes when it is its turn.
    #[error("proposes out of turn")]
    ProposesInTurn,
    /// It names a valid round in which there was a polka.
    #[error("proposes with a valid round without a polka")]
    ProposesWithPolka,
    /// It decides what two thirds precommitted.
    #[error("decides without a commit")]
    DecidesOnCommit,
    /// It decides what its own application has executed.
    #[error("decides what its application did not find valid")]
    DecidesValid,
    /// It decides a height once.
    #[error("decides a height twice, or out of order")]
    DecidesOnce,
    /// The locked round is not after the valid one, nor that after the current one.
    #[error("is locked after its valid round, or has a valid round that is not here yet")]
    LockedValidRound,
    /// It skips rounds only where one third is already.
    #[error("skips to a round in which one third is not")]
    SkipsWithOthers,
    /// Its valid value had a polka.
    #[error("believes in a polka that was not there")]
    ValidNeedsPolka,
    /// Height, round, step, lock and valid round only grow.
    #[error("goes back")]
    OnlyForward,
    /// What it reports as evidence is true.
    #[error("is accused, or reports evidence that proves nothing")]
    EvidenceIsTrue,
    /// An input that it refuses leaves nothing behind.
    #[error("acts on an input that it refuses")]
    RefusesWithoutEffect,
    /// It reads its log back.
    #[error("cannot go on from its own log")]
    ReadsItsLog,
}

/// What a run must not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Violation {
    /// Two honest nodes have decided differently.
    #[error(
        "height {height} forked: {first} and {second}; {} validators have provably broken the rules",
        .guilty.count()
    )]
    Fork {
        /// At this height.
        height: Height,
        /// What was decided first.
        first: ValueId,
        /// What was decided as well.
        second: ValueId,
        /// Who voted twice in one phase or against a lock.
        guilty: ValidatorBits,
        /// Whether the guilty are at least one third of the power, and nobody honest is among them.
        is_accountable: bool,
    },
    /// An honest validator has broken a rule.
    #[error("validator {} at height {height} {rule}", .validator.0)]
    Broken {
        /// Who.
        validator: ValidatorIndex,
        /// At this height.
        height: Height,
        /// Which rule.
        rule: Rule,
    },
    /// A certificate was accepted that proves nothing.
    #[error("a forged certificate for height {height} was accepted")]
    ForgedCertificate {
        /// The height it names.
        height: Height,
    },
    /// A vote or proposal was accepted that its author did not sign.
    #[error("a forged statement for height {height} was accepted")]
    ForgedStatement {
        /// The height it names.
        height: Height,
    },
    /// An honest node has stopped.
    #[error("validator {} halted: {reason}", .validator.0)]
    Halted {
        /// Which.
        validator: ValidatorIndex,
        /// Why.
        reason: HaltReason,
    },
    /// Not everybody has decided long after the network healed.
    #[error("validator {} has decided {decided} heights only, {waited_us} us after healing", .validator.0)]
    NoProgress {
        /// A node that is behind.
        validator: ValidatorIndex,
        /// How many heights it has decided.
        decided: u64,
        /// For how long the network had been calm, in microseconds.
        waited_us: u64,
    },
}
