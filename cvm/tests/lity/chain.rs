//! A chain of one account in memory, the published Lity contracts, and as much of the ABI as they need.

use cybermiles_cvm::{
    Address, Block, Environment, Executed, FeeTerms, H256, Host, MemoryAccount, MemoryState,
    Outcome, Rules, Target, Transaction, U256, Vm, keccak256,
};
use std::{env, fs, path::Path};

pub(crate) const SENDER: Address = Address::repeat_byte(0x5e);
pub(crate) const BENEFICIARY: Address = Address::repeat_byte(0xff);

/// Where the contracts are when `CYBERMILES_FIXTURES` does not say.
const DEFAULT_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");

/// The creation code of a published contract, or `None`, and says so, when the file is not there.
#[expect(clippy::print_stdout, reason = "a test that skips says so")]
pub(crate) fn contract(name: &str) -> Option<Vec<u8>> {
    let root = env::var_os("CYBERMILES_FIXTURES").unwrap_or_else(|| DEFAULT_FOLDER.into());
    let path = Path::new(&root).join("data/lity-contracts.json");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: there is no {}; set CYBERMILES_FIXTURES", path.display());
        return None;
    };
    let contracts: serde_json::Value = serde_json::from_str(&text).expect("the file is JSON");
    let code = contracts[name]["bytecode"].as_str().expect("the contract has code");
    Some(hex::decode(code.trim_start_matches("0x")).expect("code is hexadecimal"))
}

/// Answers that a test can choose.
#[derive(Debug, Default)]
pub(crate) struct TestHost {
    pub(crate) validators: Vec<Address>,
    pub(crate) seed: H256,
}

impl Host for TestHost {
    fn is_validator(&self, address: &Address) -> bool {
        self.validators.contains(address)
    }

    fn random_seed(&self) -> H256 {
        self.seed
    }
}

/// A state and a machine; the sender owns coins.
pub(crate) struct Chain {
    pub(crate) state: MemoryState,
    pub(crate) host: TestHost,
    block: Block,
    machine: Vm,
}

impl Chain {
    pub(crate) fn new(rules: Rules) -> Self {
        let mut state = MemoryState::default();
        let balance = U256::from(1_000_000_000_000_000_000u64);
        state.insert(SENDER, MemoryAccount { balance, ..MemoryAccount::default() });
        let block =
            Block { number: 1, gas_limit: u64::MAX, beneficiary: BENEFICIARY, ..Block::default() };
        Self { state, host: TestHost::default(), block, machine: Vm::new(rules) }
    }

    /// A transaction of the sender, with the nonce that is next, at price 0.
    pub(crate) fn transaction(&self) -> Transaction {
        let nonce = self.state.accounts()[&SENDER].nonce;
        Transaction { sender: SENDER, nonce, gas_limit: 10_000_000, ..Transaction::default() }
    }

    pub(crate) fn balance(&self, address: Address) -> U256 {
        self.state.accounts().get(&address).map(|account| account.balance).unwrap_or_default()
    }

    /// Executes a transaction and keeps its changes.
    pub(crate) fn execute(&mut self, transaction: &Transaction, fee: &FeeTerms) -> Executed {
        let environment =
            Environment { host: &self.host, ..Environment::new(&self.block, &self.state) };
        let executed = self
            .machine
            .execute_in(environment, transaction, fee)
            .expect("the transaction is valid");
        self.state.apply(&executed.diff);
        executed
    }

    /// Creates a contract.
    pub(crate) fn deploy(&mut self, code: &[u8]) -> Address {
        let transaction = Transaction {
            target: Target::Create,
            input: code.to_vec().into(),
            ..self.transaction()
        };
        match self.execute(&transaction, &FeeTerms::default()).outcome {
            Outcome::Created { address, .. } => address,
            other => panic!("not created: {other:?}"),
        }
    }

    /// Calls a contract and gives how that ended.
    pub(crate) fn outcome(&mut self, contract: Address, input: Vec<u8>) -> Outcome {
        let transaction = Transaction {
            target: Target::Call(contract),
            input: input.into(),
            ..self.transaction()
        };
        self.execute(&transaction, &FeeTerms::default()).outcome
    }

    /// Calls a contract, which must succeed, and gives its output.
    pub(crate) fn call(&mut self, contract: Address, input: Vec<u8>) -> Vec<u8> {
        match self.outcome(contract, input) {
            Outcome::Success { output } => output.to_vec(),
            other => panic!("not a success: {other:?}"),
        }
    }
}

/// Call data in the making: words in the head, strings behind it.
pub(crate) struct Abi {
    selector: [u8; 4],
    head: Vec<Slot>,
}

enum Slot {
    Word([u8; 32]),
    String(Vec<u8>),
}

impl Abi {
    pub(crate) fn call(signature: &str) -> Self {
        let hash = keccak256(signature.as_bytes());
        Self { selector: [hash.0[0], hash.0[1], hash.0[2], hash.0[3]], head: Vec::new() }
    }

    pub(crate) fn word(mut self, word: U256) -> Self {
        self.head.push(Slot::Word(word.to_big_endian()));
        self
    }

    pub(crate) fn address(self, address: Address) -> Self {
        self.word(U256::from_big_endian(address.as_bytes()))
    }

    pub(crate) fn string(mut self, bytes: &[u8]) -> Self {
        self.head.push(Slot::String(bytes.to_vec()));
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        [&self.selector[..], &self.arguments()].concat()
    }

    /// The arguments without the selector.
    pub(crate) fn arguments(&self) -> Vec<u8> {
        let (mut head, mut tail) = (Vec::new(), Vec::new());
        for slot in &self.head {
            match slot {
                Slot::Word(word) => head.extend_from_slice(word),
                Slot::String(bytes) => {
                    head.extend_from_slice(
                        &U256::from(32 * self.head.len() + tail.len()).to_big_endian(),
                    );
                    tail.extend_from_slice(&U256::from(bytes.len()).to_big_endian());
                    tail.extend_from_slice(bytes);
                    tail.resize(tail.len().next_multiple_of(32), 0);
                }
            }
        }
        [head, tail].concat()
    }

    /// The string that a function with one result returned.
    pub(crate) fn read_string(output: &[u8]) -> Vec<u8> {
        let at = |offset: usize| U256::from_big_endian(&output[offset..offset + 32]).as_usize();
        let start = at(0);
        output[start + 32..start + 32 + at(start)].to_vec()
    }
}
