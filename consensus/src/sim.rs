//! Run an application under simulated validators, some of them faulty, on a simulated network.
//!
//! One seed makes one [`Schedule`]: who is Byzantine and how, which links are cut, who crashes between which two
//! outputs, what is lost, doubled and overtaken. [`run`] plays it in virtual time, on one thread, and looks after every
//! event whether an invariant is broken ([`Violation`], [`Rule`]). Equal schedules run equally, on every machine.
//! A schedule that fails is made simpler by [`shrink`].
//!
//! | checked | how |
//! |---|---|
//! | agreement, integrity | all decisions of honest nodes, per height |
//! | validity | only what was proposed and what the application found valid is prevoted or decided |
//! | accountability | a fork exposes validators with one third of the power, nobody honest among them |
//! | no double signing | everything ever signed is remembered, across crashes |
//! | the lock rule, polkas before precommits | from what all have said, which no node can see |
//! | log before signature, signature before sending | a crash loses what was not synced |
//! | certificates and evidence | what receivers accept has been said; evidence names nobody honest |
//! | progress | everybody decides within bounded virtual time after the network has healed |
//!
//! ```
//! use cybermiles_consensus::sim::{Opaque, Schedule, SimOptions, run};
//!
//! let options = SimOptions::new(4);
//! for seed in 0..20 {
//!     let report = run(&Schedule::generate(&options, seed), &mut Opaque)?;
//!     assert_eq!((report.violation, report.decided_heights), (None, options.heights), "seed {seed}");
//! }
//! # Ok::<(), cybermiles_consensus::ValidatorSetError>(())
//! ```

mod adversary;
mod application;
mod checker;
mod latency;
mod lives;
mod node;
mod random;
mod schedule;
mod seal;
mod shrink;
mod simulation;
mod violation;

pub use application::{Application, Opaque};
pub use latency::{Latencies, LatencyError};
pub use random::Random;
pub use schedule::{Behaviour, Disturbance, Fault, Schedule, SimOptions};
pub use shrink::{Shrunk, shrink};
pub use simulation::{Report, run};
pub use violation::{Rule, Violation};
