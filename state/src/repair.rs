//! Repairing a store that refuses to open: restore all that can be, say what cannot, and change nothing unasked.

use crate::{
    checkpoint,
    disk_error::DiskError,
    journal::{
        End, JournalFiles, acknowledged, mend,
        record::RecordHash,
        scan::{Hole, KnownRecord, NextRecord, Scan, ScanError, ScanMode, scan},
    },
    open::{OpenError, OpenReport, journal_files, lock, view_ladder::proven_view},
    options::{Engine, Options},
    schema::Position,
    snapshot::SnapshotError,
    state::State,
};

/// How far a repair may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepairMode {
    /// Says what would be done. The engine of the view may tidy its own files when it is opened for a look.
    DryRun,
    /// Gives up blocks, receipts and history that cannot be read any more, but no state.
    KeepState,
    /// Goes back to the last state that can be proven, even below what was acknowledged.
    ///
    /// A validator must not vote again at heights that it gave up.
    AcceptRewind,
}

/// One thing that a repair does, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepairStep {
    /// Restores parts of the journal from the mirror or from what surrounds them.
    HealJournal {
        /// How many.
        count: usize,
    },
    /// Marks blocks as lost; the state after them is kept.
    MarkLost {
        /// The first lost block.
        from: u64,
        /// The first block behind the lost ones.
        below: u64,
    },
    /// Goes back to an earlier block, since the changes of a later one are lost.
    Rewind {
        /// The first block given up.
        from: u64,
        /// All blocks below were acknowledged.
        below: u64,
    },
}

/// What a repair found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// In order.
    pub steps: Vec<RepairStep>,
    /// What the store reported when it was opened afterwards; `None` after a dry run.
    pub open: Option<OpenReport>,
}

/// A repair cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The store cannot be opened, before or after the repair.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal is of a newer version, of another chain, or unreadable.
    #[error(transparent)]
    Journal(#[from] ScanError),
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The repair would give up state that was acknowledged.
    #[error("blocks {from}..{below} cannot be restored; to go back to block {from} allow a rewind")]
    RewindNeeded {
        /// The first block that would be given up.
        from: u64,
        /// All blocks below were acknowledged.
        below: u64,
    },
    /// The repaired store could not be closed in order.
    #[error(transparent)]
    Close(#[from] Box<crate::state::CloseError>),
    /// The view could not be written down as the new base.
    #[error("the repaired store could not be given a new base")]
    Base(#[from] SnapshotError),
}

/// A view whose entries were all checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProvenView {
    pub(crate) next_height: u64,
    pub(crate) record_hash: RecordHash,
}

impl State {
    /// Repairs a store that is not open.
    ///
    /// # Errors
    ///
    /// `RepairError::RewindNeeded` when acknowledged state is beyond repair and `mode` does not allow to give it up.
    pub fn repair(options: Options, mode: RepairMode) -> Result<RepairReport, RepairError> {
        let mut report = RepairReport::default();
        let files = journal_files(&options);
        for folder in &files.folders {
            options.disk.create_folder(folder).map_err(DiskError::on("create", folder))?;
        }
        {
            let _lock = lock(&options)?;
            mend_journal(&options, &files, mode, &mut report)?;
        }
        if mode == RepairMode::DryRun {
            return Ok(report);
        }
        let (state, opened) = Self::open(options)?;
        report.open = Some(opened);
        if report.steps.iter().any(|step| matches!(step, RepairStep::MarkLost { .. })) {
            // The journal alone can no longer rebuild the view: give it a base behind the lost blocks.
            state.make_base(&mut |_| ())?;
        }
        state.close().map_err(Box::new)?;
        Ok(report)
    }
}

fn mend_journal(
    options: &Options,
    files: &JournalFiles,
    mode: RepairMode,
    report: &mut RepairReport,
) -> Result<(), RepairError> {
    let checkpoints = checkpoint::read(options.disk.as_ref(), &options.folder, options.chain_id)?;
    let noted = acknowledged::acknowledged_below(files)
        .max(checkpoints.newest.map_or(0, |it| it.next_height));
    let scan_mode = if mode == RepairMode::DryRun { ScanMode::LookOnly } else { ScanMode::Heal };
    let mut found = scan(files, None, scan_mode)?;
    if found.healed_count > 0 {
        report.steps.push(RepairStep::HealJournal { count: found.healed_count });
    }
    if found.hole.is_none() && found.end.next_height >= noted {
        return Ok(());
    }
    let view = if options.engine == Engine::Memory { None } else { proven_view(options) };
    let known = noted.max(view.map_or(0, |view| view.next_height));
    let mut changed = false;
    loop {
        let below = known.max(found.hole.map_or(0, |hole| hole.durable_below));
        if found.end.next_height >= below {
            break;
        }
        let hole = found.hole.unwrap_or_else(|| hole_at_end(&found, below));
        changed = true;
        match choose(&hole, view) {
            Choice::Mark { below, hash, behind } => {
                let acknowledged = known.max(hole.durable_below);
                if behind.is_none() && acknowledged > below && mode == RepairMode::KeepState {
                    return Err(RepairError::RewindNeeded { from: below, below: acknowledged });
                }
                report.steps.push(RepairStep::MarkLost { from: hole.height, below });
                if mode != RepairMode::DryRun {
                    mend::mark_lost(files, &Hole { next: behind, ..hole }, below, hash)?;
                }
                let Some(next) = behind else {
                    cut_behind_view(files, mode, &found, acknowledged, below, report)?;
                    break;
                };
                let from = KnownRecord {
                    next_height: next.height,
                    hash: next.previous,
                    next: next.position,
                };
                found = scan(files, Some(from), scan_mode)?;
            }
            Choice::Rewind => {
                report.steps.push(RepairStep::Rewind { from: hole.height, below });
                match mode {
                    RepairMode::DryRun => {}
                    RepairMode::KeepState => {
                        return Err(RepairError::RewindNeeded { from: hole.height, below });
                    }
                    RepairMode::AcceptRewind => {
                        mend::set_aside(files, found.end_segment)?;
                        mend::cut_tail(files, &mut found)?;
                    }
                }
                break;
            }
        }
    }
    if changed && mode != RepairMode::DryRun {
        let end = scan(files, None, ScanMode::Heal)?.end;
        acknowledged::reset(files, end.next_height, &end.hash)?;
        checkpoint::remove(options.disk.as_ref(), &options.folder)?;
    }
    Ok(())
}

fn hole_at_end(found: &Scan, durable_below: u64) -> Hole {
    let End { next_height, hash, offset } = found.end;
    let start = segment_start();
    let position = Position { segment: found.end_segment.max(1), offset: offset.unwrap_or(start) };
    Hole { position, height: next_height, previous: hash, next: None, durable_below }
}

const fn segment_start() -> u64 {
    crate::journal::segment::SEGMENT_HEADER_BYTES as u64
}

enum Choice {
    Mark { below: u64, hash: RecordHash, behind: Option<NextRecord> },
    Rewind,
}

/// Blocks can be given up without losing state when the view is past them.
fn choose(hole: &Hole, view: Option<ProvenView>) -> Choice {
    let Some(view) = view.filter(|view| view.next_height > hole.height) else {
        return Choice::Rewind;
    };
    match hole.next {
        Some(next) if next.height > hole.height && view.next_height >= next.height => {
            Choice::Mark { below: next.height, hash: next.previous, behind: Some(next) }
        }
        _ => Choice::Mark { below: view.next_height, hash: view.record_hash, behind: None },
    }
}

/// Deals with blocks behind the last one that the view holds, which nothing can restore.
fn cut_behind_view(
    files: &JournalFiles,
    mode: RepairMode,
    found: &Scan,
    acknowledged_below: u64,
    view_below: u64,
    report: &mut RepairReport,
) -> Result<(), RepairError> {
    if acknowledged_below > view_below {
        report.steps.push(RepairStep::Rewind { from: view_below, below: acknowledged_below });
    }
    if mode != RepairMode::DryRun {
        for segment in found.segments.iter().filter(|segment| segment.sequence > found.end_segment)
        {
            mend::set_aside(files, segment.sequence)?;
            for folder in &files.folders {
                let path = crate::journal::segment::segment_path(folder, segment.sequence);
                files.disk.remove(&path).map_err(DiskError::on("remove", &path))?;
            }
        }
    }
    Ok(())
}
