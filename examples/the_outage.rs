//! The shape of the transaction that stopped CyberMiles on 26 May 2019: a contract creation, price zero, 500,001 gas.
//!
//! `cargo run --release -p cybermiles-examples --example the_outage`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use cybermiles_cvm::{Envelope, EnvelopeRules, IntrinsicGas, Revision, Target, Transaction};
use cybermiles_gas_policy as policy;
use policy::{
    Calldata, Decision, Offer, Request, Rules, Stage, StrictRules, TravisRules, Usage, explain,
};
use primitive_types::U256;

/// Signed for chain 18; one unit of gas more than runs for free.
const OUTAGE: &str = "f85680808307a12180808a600160005360016000f347a04d32bbd1655beb9994acbc23c1738bb79888765c312ee62fe3080ea7\
                      232ad238a05d5d126965beddfb7bb9806ccc3d3d201dee401d642749b5836a0a473fa6643a";

/// The facts that the policy decides from.
fn request(transaction: &Transaction, stage: Stage) -> Request {
    let intrinsic_gas = IntrinsicGas::of(Revision::Byzantium, transaction).initial;
    Request {
        stage,
        sender: transaction.sender,
        sender_balance: U256::zero(),
        target: match transaction.target {
            Target::Create => policy::Target::Create,
            Target::Call(_) => unreachable!("the outage transaction creates"),
        },
        offer: Offer::legacy(transaction.max_fee_per_gas),
        base_fee: U256::zero(),
        gas_limit: transaction.gas_limit,
        intrinsic_gas,
        value: transaction.value,
        calldata: if transaction.input.is_empty() { Calldata::Empty } else { Calldata::Present },
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let envelope = Envelope::decode(&hex::decode(OUTAGE)?)?;
    let rules = EnvelopeRules::ethereum(Revision::Byzantium, 18);
    let transaction = envelope.validate(&rules)?;
    println!("transaction {:?}", envelope.hash());
    println!("  from {:?}, a contract creation: there is no recipient", transaction.sender);
    println!("  gas limit {}, price {}\n", transaction.gas_limit, transaction.max_fee_per_gas);

    let rule_sets = [
        ("before the hotfix (v0.1.7, v0.1.8)", Rules::Travis017(TravisRules::default())),
        ("after the hotfix", Rules::TravisHotfix(TravisRules::default())),
        ("strict, the default here", Rules::Strict(StrictRules::default())),
    ];
    for (name, rules) in rule_sets {
        println!("{name}:");
        for stage in [Stage::Admission, Stage::Delivery] {
            let explained = explain(&rules, &Usage::new(1), &request(&transaction, stage));
            let verdict = match explained.decision {
                Decision::Accepted(_) => "accepted".to_owned(),
                Decision::Refused(refusal) => format!("refused: {}", refusal.rejection),
            };
            println!("  {stage:?}: rule {:?}, {verdict}", explained.rule);
        }
    }
    Ok(())
}
