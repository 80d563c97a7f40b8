use alloc::vec::Vec;

use super::{
    application::Application,
    schedule::{Disturbance, Schedule},
    simulation::{Report, run},
};

/// A failing schedule, made as simple as it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The schedule.
    pub schedule: Schedule,
    /// What it shows.
    pub report: Report,
    /// How many schedules were run to find it.
    pub tried: usize,
}

/// Takes away faults, Byzantine validators and disturbances, one after the other, as long as something still goes
/// wrong; `None` when the schedule shows nothing wrong.
pub fn shrink(schedule: &Schedule, application: &mut dyn Application) -> Option<Shrunk> {
    let fails = |schedule: &Schedule, application: &mut dyn Application| {
        run(schedule, application).ok().filter(|report| report.violation.is_some())
    };
    let mut best =
        Shrunk { schedule: schedule.clone(), report: fails(schedule, application)?, tried: 1 };
    loop {
        let mut is_simpler = false;
        for candidate in simpler(&best.schedule) {
            best.tried += 1;
            if let Some(report) = fails(&candidate, application) {
                (best.schedule, best.report, is_simpler) = (candidate, report, true);
                break;
            }
        }
        if !is_simpler {
            return Some(best);
        }
    }
}

/// All schedules that are simpler by one step, the boldest first. Every step takes something away, so that it ends.
fn simpler(schedule: &Schedule) -> Vec<Schedule> {
    let mut found = Vec::new();
    let mut propose = |change: &dyn Fn(&mut Schedule)| {
        let mut candidate = schedule.clone();
        change(&mut candidate);
        if candidate != *schedule {
            found.push(candidate);
        }
    };
    propose(&|candidate| candidate.faults.clear());
    propose(&|candidate| candidate.disturbance = Disturbance::default());
    propose(&|candidate| candidate.heights = 1);
    propose(&|candidate| candidate.skew_permille = 0);
    propose(&|candidate| candidate.execution_us = 0);
    propose(&|candidate| candidate.disturbance.loss_permille = 0);
    propose(&|candidate| candidate.disturbance.duplicate_permille = 0);
    propose(&|candidate| candidate.disturbance.reorder_permille = 0);
    propose(&|candidate| candidate.powers.fill(1));
    propose(&|candidate| candidate.heal_us /= 2);
    for at in 0..schedule.faults.len() {
        propose(&|candidate| {
            candidate.faults.remove(at);
        });
    }
    for at in 0..schedule.byzantine.len() {
        propose(&|candidate| {
            candidate.byzantine.remove(at);
        });
    }
    found
}
