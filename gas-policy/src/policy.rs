use crate::{
    decision::Decision,
    request::Request,
    rules::Rules,
    strict,
    travis::{self, Revision},
    usage::Usage,
};

/// Decides who pays for a transaction, or why it may not run.
///
/// Pure and total: the same arguments give the same answer, every input has one, nothing panics, allocates or reads
/// anything but the arguments.
///
/// # Examples
///
/// The creation that halted the chain on 26 May 2019, under the three rule sets:
///
/// ```
/// use cybermiles_gas_policy::*;
/// use primitive_types::{H160, U256};
///
/// let creation = Request {
///     stage: Stage::Delivery,
///     sender: H160::repeat_byte(7),
///     sender_balance: U256::zero(),
///     target: Target::Create,
///     offer: Offer::legacy(U256::zero()),
///     base_fee: U256::zero(),
///     gas_limit: 500_001,
///     intrinsic_gas: 53_000,
///     value: U256::zero(),
///     calldata: Calldata::Present,
/// };
/// let rule = |rules| decide(&rules, &Usage::new(1_724_748), &creation).rule();
/// assert_eq!(rule(Rules::Travis017(TravisRules::default())), Rule::HistoricalCrash);
/// assert_eq!(rule(Rules::TravisHotfix(TravisRules::default())), Rule::CreationGas);
/// assert_eq!(rule(Rules::default()), Rule::CreationGas);
/// ```
#[must_use]
pub fn decide(rules: &Rules, usage: &Usage, request: &Request) -> Decision {
    match rules {
        Rules::Travis017(rules) => travis::decide(Revision::V017, rules.params(), usage, request),
        Rules::TravisHotfix(rules) => {
            travis::decide(Revision::Hotfix, rules.params(), usage, request)
        }
        Rules::Strict(rules) => strict::decide(rules, usage, request),
    }
}
