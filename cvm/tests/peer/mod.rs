//! Running a program here and in revm.

use super::programs;

use cybermiles_cvm::{
    Address, Executed, FeeTerms, MemoryState, Outcome, Revision, Rules, Translate, U256, Vm,
};
use proptest::{prop_assert, prop_assert_eq, test_runner::TestCaseError};
use revm::{
    Context, ExecuteEvm, MainBuilder, MainContext,
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::result::{ExecutionResult, Output, ResultAndState},
    database::{CacheDB, EmptyDB},
    primitives::{TxKind, hardfork::SpecId},
    state::{AccountInfo, Bytecode},
};
use std::collections::BTreeMap;

/// Revisions that both know.
pub(crate) const REVISIONS: [(Revision, SpecId); 14] = [
    (Revision::Frontier, SpecId::FRONTIER),
    (Revision::Homestead, SpecId::HOMESTEAD),
    (Revision::TangerineWhistle, SpecId::TANGERINE),
    (Revision::SpuriousDragon, SpecId::SPURIOUS_DRAGON),
    (Revision::Byzantium, SpecId::BYZANTIUM),
    (Revision::Petersburg, SpecId::PETERSBURG),
    (Revision::Istanbul, SpecId::ISTANBUL),
    (Revision::Berlin, SpecId::BERLIN),
    (Revision::London, SpecId::LONDON),
    (Revision::Paris, SpecId::MERGE),
    (Revision::Shanghai, SpecId::SHANGHAI),
    (Revision::Cancun, SpecId::CANCUN),
    (Revision::Prague, SpecId::PRAGUE),
    (Revision::Osaka, SpecId::OSAKA),
];

type Theirs = revm::primitives::U256;

fn their_address(address: &Address) -> revm::primitives::Address {
    revm::primitives::Address::from(address.0)
}

fn their_word(word: &U256) -> Theirs {
    Theirs::from_limbs(word.0)
}

fn our_word(word: &Theirs) -> U256 {
    U256(*word.as_limbs())
}

fn database(state: &MemoryState) -> CacheDB<EmptyDB> {
    let mut database = CacheDB::new(EmptyDB::default());
    for (address, account) in state.accounts() {
        let code = Bytecode::new_raw(account.code.to_vec().into());
        let (balance, nonce) = (their_word(&account.balance), account.nonce);
        let info = AccountInfo {
            nonce,
            balance,
            code_hash: code.hash_slow(),
            code: Some(code),
            ..AccountInfo::default()
        };
        database.insert_account_info(their_address(address), info);
        for (key, value) in &account.storage {
            let (key, value) = (their_word(key), their_word(value));
            database
                .insert_account_storage(their_address(address), key, value)
                .expect("memory does not fail");
        }
    }
    database
}

fn run_theirs(spec: SpecId, state: &MemoryState, gas_limit: u64) -> ResultAndState {
    let ours = programs::block();
    let mut cfg = CfgEnv::new_with_spec(spec);
    cfg.tx_gas_limit_cap = Some(u64::MAX);
    let mut block = BlockEnv {
        number: Theirs::from(ours.number),
        timestamp: Theirs::from(ours.timestamp),
        gas_limit: ours.gas_limit,
        beneficiary: their_address(&ours.beneficiary),
        basefee: base_fee(spec >= SpecId::LONDON),
        prevrandao: Some(revm::primitives::B256::ZERO),
        difficulty: Theirs::ZERO,
        ..BlockEnv::default()
    };
    block.set_blob_excess_gas_and_price(0, 3_338_477);
    let transaction = programs::transaction(gas_limit);
    let transaction = TxEnv {
        caller: their_address(&transaction.sender),
        kind: TxKind::Call(their_address(&programs::FIRST)),
        gas_limit,
        data: transaction.input.to_vec().into(),
        gas_price: 10,
        ..TxEnv::default()
    };
    let mut evm =
        Context::mainnet().with_db(database(state)).with_cfg(cfg).with_block(block).build_mainnet();
    evm.transact(transaction).expect("the transaction is valid")
}

const fn base_fee(has_market: bool) -> u64 {
    if has_market { 7 } else { 0 }
}

fn run_ours(revision: Revision, state: &MemoryState, gas_limit: u64) -> Executed {
    let mut block = programs::block();
    block.base_fee = base_fee(revision >= Revision::London).into();
    let mut vm = Vm::new(Rules::ethereum(revision)).with_translation(Translate::Always);
    let executed =
        vm.execute(&block, &programs::transaction(gas_limit), &FeeTerms::default(), state);
    executed.expect("the transaction is valid")
}

/// Nonce, balance, code hash and changed storage of an account; `None` for one that does not exist.
type Account = Option<(u64, U256, [u8; 32])>;

fn accounts_of_ours(executed: &Executed) -> BTreeMap<[u8; 20], (Account, BTreeMap<U256, U256>)> {
    let changes = executed.diff.accounts.iter().map(|change| {
        let account = change.account.map(|info| (info.nonce, info.balance, info.code_hash.0));
        (change.address.0, (account, change.storage.iter().copied().collect()))
    });
    changes.collect()
}

/// What revm's state says of the accounts that really changed.
fn accounts_of_theirs(
    result: &ResultAndState,
    before: &MemoryState,
    clears_empty: bool,
) -> BTreeMap<[u8; 20], (Account, BTreeMap<U256, U256>)> {
    let mut changes = BTreeMap::new();
    for (address, account) in result.state.iter().filter(|(_, account)| account.is_touched()) {
        let address = Address::from_slice(address.as_slice());
        let is_gone = account.is_selfdestructed() || (clears_empty && account.is_empty());
        let info = &account.info;
        let after = (!is_gone).then(|| (info.nonce, our_word(&info.balance), info.code_hash.0));
        let storage: BTreeMap<_, _> = account
            .storage
            .iter()
            .filter(|(_, slot)| slot.present_value != slot.original_value && !is_gone)
            .map(|(key, slot)| (our_word(key), our_word(&slot.present_value)))
            .collect();
        let was = before.accounts().get(&address).map(|account| {
            (account.nonce, account.balance, cybermiles_cvm::keccak256(&account.code).0)
        });
        if after != was || !storage.is_empty() {
            changes.insert(address.0, (after, storage));
        }
    }
    changes
}

/// Runs the programs that the bytes make, in both machines; fails where anything differs.
pub(crate) fn compare(
    revision: Revision,
    spec: SpecId,
    bytes: &[u8],
    gas_limit: u64,
) -> Result<(), TestCaseError> {
    let state = programs::state(bytes);
    let ours = run_ours(revision, &state, gas_limit);
    let theirs = run_theirs(spec, &state, gas_limit);
    prop_assert_eq!(ours.gas_used, theirs.result.tx_gas_used(), "gas, {:?}", ours.outcome);
    let (their_success, their_output) = match &theirs.result {
        ExecutionResult::Success { output: Output::Call(output), .. } => (true, output.to_vec()),
        ExecutionResult::Success { output: Output::Create(output, _), .. } => {
            (true, output.to_vec())
        }
        ExecutionResult::Revert { output, .. } => (false, output.to_vec()),
        ExecutionResult::Halt { .. } => {
            prop_assert!(matches!(ours.outcome, Outcome::Halt(_)), "{:?}", ours.outcome);
            (false, Vec::new())
        }
    };
    prop_assert_eq!(ours.outcome.is_success(), their_success);
    prop_assert_eq!(ours.outcome.output(), their_output.as_slice());
    let our_logs: Vec<_> = ours
        .logs
        .iter()
        .map(|log| {
            (
                log.address.0,
                log.topics.iter().map(|topic| topic.0).collect::<Vec<_>>(),
                log.data.to_vec(),
            )
        })
        .collect();
    let their_logs: Vec<_> = theirs
        .result
        .logs()
        .iter()
        .map(|log| {
            (
                log.address.0.0,
                log.topics().iter().map(|topic| topic.0).collect::<Vec<_>>(),
                log.data.data.to_vec(),
            )
        })
        .collect();
    prop_assert_eq!(our_logs, their_logs);
    let clears_empty = revision >= Revision::SpuriousDragon;
    prop_assert_eq!(accounts_of_ours(&ours), accounts_of_theirs(&theirs, &state, clears_empty));
    Ok(())
}
