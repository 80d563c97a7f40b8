//! One transaction, from its checks to its diff.

use crate::{
    CallKind, Environment, ExecuteError, Executed, FeePaid, FeeTerms, GasPrice, Halt, Outcome,
    Payer, Refusal, Rules, Target, Transaction, TransactionKind, Word,
    call_stack::{self, Ended, Status},
    code,
    context::{CallRequest, ConsentState, Context, CreateRequest, Pools},
    envelope::IntrinsicGas,
    fee_terms::{Consent, ConsentSeen},
    frame::{Frame, Range},
    journal::{AccountId, Checkpoint, Fault},
    rules::ConsentScope,
    tracer::NoTracer,
    vm::GAS_LIMIT_MAX,
};
use alloc::vec::Vec;
use primitive_types::{H160 as Address, U256};

/// Gas of one blob (EIP-4844).
const GAS_PER_BLOB: u64 = 1 << 17;

/// Given back for an authorization whose account exists (EIP-7702): the price charged for an empty account, less the
/// price of an authorization.
const AUTHORIZATION_REFUND: i64 = 25_000 - 12_500;

/// Executes a transaction. See [`Vm::execute`](crate::Vm::execute).
pub(crate) fn execute(
    rules: &Rules,
    pools: &mut Pools,
    frames: &mut Vec<Frame>,
    environment: Environment<'_>,
    transaction: &Transaction,
    fee: &FeeTerms,
) -> Result<Executed, ExecuteError> {
    let intrinsic = transaction.validate(&rules.envelope)?;
    check_block(rules, environment.block, transaction, fee)?;
    let is_call = transaction.target != Target::Create;
    pools.start(if is_call { &transaction.input } else { &[] });
    let mut no_tracer = NoTracer;
    let is_traced = environment.tracer.is_some();
    let price = price(environment.block, transaction, fee);
    let mut context = Context {
        rules,
        block: environment.block,
        state: environment.state,
        host: environment.host,
        pools,
        origin: transaction.sender,
        gas_price: price.into(),
        blob_hashes: &transaction.blob_hashes,
        call: None,
        create: None,
        consent: ConsentState::default(),
        tracer: environment.tracer.unwrap_or(&mut no_tracer),
        is_traced,
        random_count: 0,
        scheduled: Vec::new(),
    };
    let done = Execution { transaction, fee, intrinsic, price }.run(frames, &mut context);
    match done {
        Ok(executed) => Ok(executed),
        Err(Stop::Refused(refusal)) => Err(ExecuteError::Refused(refusal)),
        Err(Stop::Fault) => Err(ExecuteError::Backend(pools.take_backend_error())),
    }
}

/// Why execution did not come to an outcome.
enum Stop {
    Refused(Refusal),
    Fault,
}

impl From<Fault> for Stop {
    fn from(_: Fault) -> Self {
        Self::Fault
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Checks the transaction against the block.
fn check_block(
    rules: &Rules,
    block: &crate::Block,
    transaction: &Transaction,
    fee: &FeeTerms,
) -> Result<(), Refusal> {
    let found = transaction.gas_limit;
    if found > GAS_LIMIT_MAX {
        return Err(Refusal::GasLimitAboveMachine { found });
    }
    if rules.checks.block_gas_limit && found > block.gas_limit {
        return Err(Refusal::GasLimitAboveBlock { available: block.gas_limit, found });
    }
    let offered = transaction.max_fee_per_gas;
    if fee.price == GasPrice::Offered && offered < block.base_fee {
        return Err(Refusal::FeeBelowBase { required: block.base_fee, found: offered });
    }
    let blob_fee = transaction.max_fee_per_blob_gas;
    if transaction.kind == TransactionKind::Blob && blob_fee < block.blob_base_fee {
        return Err(Refusal::BlobFeeBelowBase { required: block.blob_base_fee, found: blob_fee });
    }
    Ok(())
}

/// The price of gas: the base fee and what is offered on top of it, at most the offered maximum (EIP-1559).
fn price(block: &crate::Block, transaction: &Transaction, fee: &FeeTerms) -> U256 {
    match fee.price {
        GasPrice::Fixed(price) => price,
        GasPrice::Offered => {
            let with_tip = block.base_fee.checked_add(transaction.max_priority_fee_per_gas);
            with_tip.unwrap_or(U256::MAX).min(transaction.max_fee_per_gas)
        }
    }
}

/// A transaction that passed the checks which need no state.
struct Execution<'t> {
    transaction: &'t Transaction,
    fee: &'t FeeTerms,
    intrinsic: IntrinsicGas,
    price: U256,
}

/// The accounts that pay or are paid.
#[derive(Clone, Copy)]
struct Parties {
    sender: AccountId,
    payer: Option<AccountId>,
}

/// What the fee terms make of how the call ended.
#[derive(Clone, Copy)]
struct Verdict {
    seen: ConsentSeen,
    /// Consent was required and missing.
    is_refused: bool,
}

/// Whether consent given there is what the rules ask for.
const fn counts(scope: ConsentScope, seen: ConsentSeen) -> bool {
    match (scope, seen) {
        (_, ConsentSeen::OwnFrame) | (ConsentScope::Anywhere, ConsentSeen::Elsewhere) => true,
        (_, ConsentSeen::Nowhere) | (ConsentScope::OwnFrame, ConsentSeen::Elsewhere) => false,
    }
}

impl Execution<'_> {
    fn run(&self, frames: &mut Vec<Frame>, context: &mut Context<'_>) -> Result<Executed, Stop> {
        let journal = &mut context.pools.journal;
        let sender = journal.account_id(&self.transaction.sender);
        let payer = match self.fee.payer {
            Payer::Sender => Some(sender),
            Payer::Account(address) => Some(journal.account_id(&address)),
            Payer::Nobody => None,
        };
        let parties = Parties { sender, payer };
        self.check_sender(context, sender)?;
        self.buy_gas(context, parties)?;
        self.warm_up(context, sender)?;
        if self.transaction.target != Target::Create {
            let nonce = context.load(sender)?.nonce;
            context.pools.journal.set_nonce(sender, nonce.saturating_add(1));
        }
        self.authorize(context)?;

        let before = context.pools.journal.checkpoint();
        let mut ended = self.start(frames, context, sender)?;
        let seen = self.consent_seen(context, &ended);
        let scope = context.rules.consent_scope;
        let is_refused = self.fee.consent == Consent::Required && !counts(scope, seen);
        if is_refused && ended.status == Status::Success {
            ended.status = Status::Halt(Halt::ConsentMissing);
            // The historical rules kept the effects of a call that they called failed.
            if scope == ConsentScope::OwnFrame {
                self.undo(context, before, sender);
            }
        }
        Ok(self.settle(context, parties, &ended, Verdict { seen, is_refused })?)
    }

    /// Takes back all that the call or creation did, but not the sender's nonce.
    fn undo(&self, context: &mut Context<'_>, before: Checkpoint, sender: AccountId) {
        let journal = &mut context.pools.journal;
        let nonce = journal.account(sender).nonce;
        journal.revert(before);
        if self.transaction.target == Target::Create {
            journal.set_nonce(sender, nonce);
        }
        context.scheduled.clear();
    }

    /// Where consent was given. A creation has no called contract that could give it.
    fn consent_seen(&self, context: &Context<'_>, ended: &Ended) -> ConsentSeen {
        let is_call = self.transaction.target != Target::Create;
        if context.consent.own_frame && is_call && ended.status == Status::Success {
            ConsentSeen::OwnFrame
        } else if context.consent.anywhere {
            ConsentSeen::Elsewhere
        } else {
            ConsentSeen::Nowhere
        }
    }

    /// Checks nonce and code of the sender.
    fn check_sender(&self, context: &mut Context<'_>, id: AccountId) -> Result<(), Stop> {
        let (sender, found) = (self.transaction.sender, self.transaction.nonce);
        let account = context.load(id)?;
        let (expected, has_code) = (account.nonce, account.has_code());
        if context.rules.checks.nonce && found < expected {
            return Err(Refusal::NonceTooLow { sender, expected, found }.into());
        }
        if context.rules.checks.nonce && found > expected {
            return Err(Refusal::NonceTooHigh { sender, expected, found }.into());
        }
        if context.rules.checks.sender_code && has_code {
            let may_delegate = context.rules.schedule.delegates;
            if !may_delegate || context.delegate(id)?.is_none() {
                return Err(Refusal::SenderIsContract { sender }.into());
            }
        }
        Ok(())
    }

    /// Checks that everybody can pay what may be due, and takes the price of all gas and blobs.
    fn buy_gas(&self, context: &mut Context<'_>, parties: Parties) -> Result<(), Stop> {
        let transaction = self.transaction;
        let most_per_gas = match self.fee.price {
            GasPrice::Fixed(price) => price,
            GasPrice::Offered => transaction.max_fee_per_gas,
        };
        let most_for_gas = most_per_gas.checked_mul(transaction.gas_limit.into());
        let most_for_blobs = transaction.max_fee_per_blob_gas.checked_mul(self.blob_gas().into());
        let beside_gas = most_for_blobs.and_then(|blobs| blobs.checked_add(transaction.value));
        let from_sender = match parties.payer {
            Some(payer) if payer == parties.sender => {
                beside_gas.and_then(|beside| beside.checked_add(most_for_gas?))
            }
            _ => beside_gas,
        };
        check_balance(context, parties.sender, from_sender)?;
        if let Some(payer) = parties.payer {
            if payer != parties.sender {
                check_balance(context, payer, most_for_gas)?;
            }
            let cost = self.price * U256::from(transaction.gas_limit);
            context.pools.journal.take_balance(payer, cost.into());
        }
        let blob_cost = self.blob_cost(context.block);
        if !blob_cost.is_zero() {
            context.pools.journal.take_balance(parties.sender, blob_cost.into());
        }
        Ok(())
    }

    fn blob_gas(&self) -> u64 {
        GAS_PER_BLOB * self.transaction.blob_hashes.len() as u64
    }

    /// What is burned for blobs; at most what the sender was checked to own.
    fn blob_cost(&self, block: &crate::Block) -> U256 {
        if self.transaction.blob_hashes.is_empty() {
            return U256::zero();
        }
        block.blob_base_fee.saturating_mul(self.blob_gas().into())
    }

    /// Marks what the transaction names as accessed (EIP-2929, EIP-2930, EIP-3651).
    fn warm_up(&self, context: &mut Context<'_>, sender: AccountId) -> Result<(), Fault> {
        let is_beneficiary_warm = context.rules.revision >= crate::Revision::Shanghai;
        let journal = &mut context.pools.journal;
        journal.warm_account(sender);
        if let Target::Call(target) = &self.transaction.target {
            let target = journal.account_id(target);
            journal.warm_account(target);
        }
        if is_beneficiary_warm {
            let beneficiary = journal.account_id(&context.block.beneficiary);
            journal.warm_account(beneficiary);
        }
        for item in &self.transaction.access_list {
            let account = journal.account_id(&item.address);
            journal.warm_account(account);
            // A slot is read under an account that is known.
            journal.load(account, context.state)?;
            for key in &item.storage_keys {
                let slot = journal.slot_id(account, (*key).into());
                journal.warm_slot(slot);
            }
        }
        Ok(())
    }

    /// Sets the code of accounts that signed for it (EIP-7702); an authorization that does not hold is skipped.
    fn authorize(&self, context: &mut Context<'_>) -> Result<(), Fault> {
        for authorization in &self.transaction.authorizations {
            let chain_id = authorization.chain_id;
            if !chain_id.is_zero() && chain_id != U256::from(context.rules.chain_id()) {
                continue;
            }
            let Some(next_nonce) = authorization.nonce.checked_add(1) else { continue };
            let Some(authority) = authorization.authority() else { continue };
            let id = context.pools.journal.account_id(&authority);
            context.pools.journal.warm_account(id);
            let account = context.load(id)?;
            let (nonce, has_code, is_empty) =
                (account.nonce, account.has_code(), account.is_empty());
            if has_code && context.delegate(id)?.is_none() || nonce != authorization.nonce {
                continue;
            }
            let Pools { journal, programs, .. } = &mut *context.pools;
            if !is_empty {
                journal.refund += AUTHORIZATION_REFUND;
            }
            if authorization.address.is_zero() {
                journal.set_code(id, &[], programs);
            } else {
                journal.set_code(id, &code::delegation_to(&authorization.address), programs);
            }
            journal.set_nonce(id, next_nonce);
        }
        Ok(())
    }

    /// Runs the call or creation.
    fn start(
        &self,
        frames: &mut Vec<Frame>,
        context: &mut Context<'_>,
        sender: AccountId,
    ) -> Result<Ended, Fault> {
        let transaction = self.transaction;
        let gas = (transaction.gas_limit - self.intrinsic.initial) as i64;
        let value = Word::from(transaction.value);
        match transaction.target {
            Target::Create => {
                let end = context.pools.memory.append(&transaction.input);
                let code = Range { start: end, size: transaction.input.len() };
                let (kind, creator) = (CallKind::Create, sender);
                let request =
                    CreateRequest { kind, depth: 0, gas, creator, value, salt: Word::ZERO, code };
                call_stack::run_create(frames, context, &request)
            }
            Target::Call(address) => {
                let target = context.pools.journal.account_id(&address);
                let delegate =
                    if context.rules.schedule.delegates { context.delegate(target)? } else { None };
                if let Some(delegate) = delegate {
                    context.pools.journal.warm_account(delegate);
                }
                let request = CallRequest {
                    kind: CallKind::Call,
                    depth: 0,
                    gas,
                    caller: transaction.sender,
                    from: sender,
                    target,
                    code: target,
                    delegate,
                    value,
                    transfers: true,
                    is_static: false,
                    input: Range { start: 0, size: transaction.input.len() },
                    result: Range::default(),
                };
                call_stack::run_call(frames, context, &request)
            }
        }
    }

    /// Refunds gas, pays the fee, and collects what changed.
    fn settle(
        &self,
        context: &mut Context<'_>,
        parties: Parties,
        ended: &Ended,
        verdict: Verdict,
    ) -> Result<Executed, Fault> {
        let is_refused = verdict.is_refused;
        let limit = self.transaction.gas_limit;
        let gas_left = ended.gas_left as u64;
        let used_before_refund = limit - gas_left;
        let refund_most = used_before_refund / context.rules.schedule.refund_quotient;
        let gas_refunded = (context.pools.journal.refund.max(0) as u64).min(refund_most);
        let gas_used = (used_before_refund - gas_refunded).max(self.intrinsic.floor);

        let mut fee = FeePaid {
            payer: None,
            price: self.price,
            amount: U256::zero(),
            blob_amount: self.blob_cost(context.block),
            consent: verdict.seen,
        };
        let beneficiary = context.pools.journal.account_id(&context.block.beneficiary);
        context.load(beneficiary)?;
        if let Some(payer) = parties.payer {
            let charged_gas = if is_refused { 0 } else { gas_used };
            let given_back = self.price * U256::from(limit - charged_gas);
            context.pools.journal.add_balance(payer, given_back.into());
            if !is_refused {
                fee.payer = Some(context.pools.journal.account(payer).address);
                fee.amount = self.price * U256::from(gas_used);
            }
        }
        let earned = match self.fee.price {
            // The base fee is burned (EIP-1559).
            GasPrice::Offered if fee.payer.is_some() => {
                self.price.saturating_sub(context.block.base_fee) * U256::from(gas_used)
            }
            GasPrice::Offered => U256::zero(),
            // What a contract paid by consent was burned (spec section 3.4).
            GasPrice::Fixed(_) if self.is_burned(context) => U256::zero(),
            GasPrice::Fixed(_) => fee.amount,
        };
        context.pools.journal.add_balance(beneficiary, earned.into());
        let executed = self.collect(context, ended, fee);
        Ok(Executed { gas_used, gas_refunded, ..executed })
    }

    /// Whether nobody earns the fee: the historical rules and a payer who had to agree.
    fn is_burned(&self, context: &Context<'_>) -> bool {
        context.rules.consent_scope == ConsentScope::Anywhere
            && self.fee.consent == Consent::Required
    }

    /// Collects outcome, events, scheduled calls and changes.
    fn collect(&self, context: &mut Context<'_>, ended: &Ended, fee: FeePaid) -> Executed {
        let scheduled = core::mem::take(&mut context.scheduled);
        let Pools { journal, programs, return_data, .. } = &mut *context.pools;
        let outcome = match (ended.status, ended.created) {
            (Status::Success, Some(address)) => {
                let id = journal.account_id(&address);
                let code =
                    journal.account(id).program.map(|program| programs.program(program).code());
                Outcome::Created {
                    address,
                    code: code.map(bytes::Bytes::copy_from_slice).unwrap_or_default(),
                }
            }
            _ => ended.outcome(return_data),
        };
        let logs = core::mem::take(&mut journal.logs);
        Executed {
            outcome,
            gas_used: 0,
            gas_refunded: 0,
            logs,
            diff: journal.diff(programs),
            fee,
            scheduled,
        }
    }
}

/// Checks that an account owns what may be due; `None` is more than any account owns.
fn check_balance(
    context: &mut Context<'_>,
    id: AccountId,
    required: Option<U256>,
) -> Result<(), Stop> {
    let account = context.load(id)?;
    let (address, available): (Address, U256) = (account.address, account.balance.into());
    if required.is_some_and(|required| required <= available) {
        return Ok(());
    }
    let required = required.unwrap_or(U256::MAX);
    Err(Refusal::InsufficientBalance { account: address, required, available }.into())
}
