//! A decision allocates nothing, however full the counters are.

mod dimensions;

use std::hint::black_box;

use cybermiles_gas_policy::{ConsentSeen, Decision, Execution, Outcome, decide, explain, settle};
use dimensions::{cases, columns};

#[test]
fn decisions_settlements_and_explanations_allocate_nothing() {
    let execution = Execution {
        gas_used: 50_000,
        gas_refunded: 0,
        outcome: Outcome::Succeeded,
        consent: ConsentSeen::OwnFrame,
    };
    for case in cases() {
        for (rules, stage) in columns() {
            let (usage, request) = (case.usage(), case.request(stage));
            let info = allocation_counter::measure(|| {
                let explanation = explain(&rules, &usage, &request);
                let decision = decide(&rules, &usage, &request);
                assert!(explanation.decision == decision);
                if let Decision::Accepted(grant) = decision {
                    assert!(settle(&request, &grant, &execution).gas_used <= grant.gas_max);
                }
            });
            assert_eq!(info.count_total, 0, "{} {stage:?} {case:?}", rules.name());
        }
    }
    let info = allocation_counter::measure(|| drop(black_box(Box::new(execution))));
    assert_eq!(info.count_total, 1, "the counter counts");
}
