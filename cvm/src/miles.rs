//! The rules of a chain that people would run today: Osaka, and the abilities of the Lity language as system contracts, so
//! that stock Solidity reaches them. The interfaces are in `solidity/CyberMiles.sol`.
//!
//! | address | contract | function |
//! |---|---|---|
//! | `0x..cc01` | free gas | `consent() returns (bool)` |
//! | `0x..cc02` | validators | `isValidator(address) returns (bool)` |
//! | `0x..cc03` | native functions | `run(string,bytes) returns (bytes)` |
//! | `0x..cc04` | random values | `random() returns (uint256)` |
//!
//! Every function returns something, since Solidity asks for code at the address of a call that returns nothing.

pub(crate) mod abi;

use crate::{
    NativeFunction, NativeValue, Revision, Rules, SystemContext, SystemContract, SystemFailure,
    Word, native,
    travis::{self, random_word},
};
use alloc::vec::Vec;
use bytes::Bytes;
use primitive_types::H160 as Address;

/// The first two bytes of the low four of every reserved address.
const RESERVED: u8 = 0xcc;

/// Charged for consent, which is kept in the machine.
const CONSENT_GAS: u64 = 100;

/// Charged for a look into the chain's list of validators; as for a cold account (EIP-2929).
const VALIDATOR_GAS: u64 = 2600;

/// Charged for a random value: two accounts, which are warm, and one hash.
const RANDOM_GAS: u64 = 300;

/// Charged for a call of a native function, beside the function's own price.
const NATIVE_GAS: u64 = 400;

const CONSENT_SELECTOR: [u8; 4] = [0xb3, 0xd3, 0x40, 0x4a];
const IS_VALIDATOR_SELECTOR: [u8; 4] = [0xfa, 0xcd, 0x74, 0x3b];
const RUN_SELECTOR: [u8; 4] = [0xb5, 0x3a, 0xd8, 0x0f];
const RANDOM_SELECTOR: [u8; 4] = [0x5e, 0xc0, 0x1e, 0x4d];

impl Rules {
    /// Osaka with CyberMiles' system contracts (chain id 18).
    ///
    /// # Examples
    /// ```
    /// use cybermiles_cvm::{Revision, Rules};
    /// let rules = Rules::miles();
    /// assert_eq!(rules.revision(), Revision::Osaka);
    /// assert_eq!(rules.system_contracts().len(), 4);
    /// ```
    #[must_use]
    pub fn miles() -> Self {
        let mut rules = Self::ethereum(Revision::Osaka).with_chain_id(travis::CHAIN_ID);
        for contract in CONTRACTS {
            rules = rules.with_system_contract(contract);
        }
        native::PRICED.iter().fold(rules, |rules, function| rules.with_native(*function))
    }
}

const CONTRACTS: [SystemContract; 4] = [
    SystemContract { name: "FREE_GAS", address: reserved(1), run: consent },
    SystemContract { name: "VALIDATORS", address: reserved(2), run: is_validator },
    SystemContract { name: "NATIVE", address: reserved(3), run: run_native },
    SystemContract { name: "RANDOM", address: reserved(4), run: random },
];

const fn reserved(number: u8) -> Address {
    let mut bytes = [0; 20];
    bytes[18] = RESERVED;
    bytes[19] = number;
    Address(bytes)
}

/// The arguments behind a selector; refuses coins, which nobody could get back.
fn arguments<'c>(
    context: &SystemContext<'c, '_>,
    selector: [u8; 4],
) -> Result<&'c [u8], SystemFailure> {
    if context.has_value() {
        return Err(SystemFailure::Revert("no coins are taken"));
    }
    context.input().strip_prefix(&selector).ok_or(SystemFailure::Revert("no such function"))
}

/// Agrees to pay. Only an ordinary call counts: a library must not consent for who borrowed its code, nor a view function.
fn consent(context: &mut SystemContext<'_, '_>) -> Result<Bytes, SystemFailure> {
    context.charge(CONSENT_GAS)?;
    arguments(context, CONSENT_SELECTOR)?;
    if context.is_delegated() || context.is_static() {
        return Err(SystemFailure::Revert("consent needs an ordinary call"));
    }
    context.give_consent();
    Ok(abi::word(Word::ONE))
}

fn is_validator(context: &mut SystemContext<'_, '_>) -> Result<Bytes, SystemFailure> {
    context.charge(VALIDATOR_GAS)?;
    let address = abi::Reader::new(arguments(context, IS_VALIDATOR_SELECTOR)?).address(0)?;
    Ok(abi::word(Word::from(context.host().is_validator(&address))))
}

/// As RAND, for the calling contract.
fn random(context: &mut SystemContext<'_, '_>) -> Result<Bytes, SystemFailure> {
    context.charge(RANDOM_GAS)?;
    arguments(context, RANDOM_SELECTOR)?;
    let (origin, caller) = (context.origin(), context.caller());
    let nonce = context.nonce(&origin)?;
    let code_hash = context.code_hash(&caller)?;
    let count = context.next_random_count();
    Ok(abi::word(random_word(&context.host().random_seed(), nonce, &code_hash, count)))
}

/// Runs the native function of a name on ABI-encoded arguments, of the types of its first signature.
fn run_native(context: &mut SystemContext<'_, '_>) -> Result<Bytes, SystemFailure> {
    context.charge(NATIVE_GAS)?;
    let reader = abi::Reader::new(arguments(context, RUN_SELECTOR)?);
    let function =
        context.native(reader.bytes(0)?).ok_or(SystemFailure::Revert("no such native function"))?;
    let values = native_arguments(&function, reader.bytes(1)?)?;
    let price = function.price(&values).map_err(|_halt| WRONG_ARGUMENTS)?;
    context.charge(price)?;
    let value = (function.run)(&values)
        .map_err(|_error| SystemFailure::Revert("native function failed"))?;
    abi::result(&value).ok_or(SystemFailure::Revert("native function failed"))
}

const WRONG_ARGUMENTS: SystemFailure = SystemFailure::Revert("wrong arguments");

fn native_arguments<'c>(
    function: &NativeFunction,
    encoded: &'c [u8],
) -> Result<Vec<NativeValue<'c>>, SystemFailure> {
    let types = function.signatures.first().ok_or(WRONG_ARGUMENTS)?.arguments;
    let reader = abi::Reader::new(encoded);
    types.iter().enumerate().map(|(index, kind)| reader.value(index, *kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keccak256;

    #[test]
    fn selectors_are_those_of_the_interfaces() {
        let rows = [
            ("consent()", CONSENT_SELECTOR),
            ("isValidator(address)", IS_VALIDATOR_SELECTOR),
            ("run(string,bytes)", RUN_SELECTOR),
            ("random()", RANDOM_SELECTOR),
        ];
        for (signature, selector) in rows {
            assert_eq!(keccak256(signature.as_bytes()).0[..4], selector, "{signature}");
        }
    }

    #[test]
    fn contracts_answer_at_reserved_addresses() {
        let rules = Rules::miles();
        let addresses: Vec<u64> = rules
            .system_contracts()
            .iter()
            .map(|contract| contract.address.to_low_u64_be())
            .collect();
        assert_eq!(addresses, [0xcc01, 0xcc02, 0xcc03, 0xcc04]);
    }
}
