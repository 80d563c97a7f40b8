//! Keeps `docs/truth-table.md` equal to what the code decides.
//!
//! `UPDATE_TRUTH_TABLE=1 cargo test -p cybermiles-gas-policy --test truth_table` writes it anew.

mod dimensions;

use std::{collections::BTreeSet, env, fmt::Write, fs};

use cybermiles_gas_policy::{Decision, Payer, decide};
use dimensions::{Balance, Case, Gas, Price, Slots, TargetKind, cases, columns};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/truth-table.md");

const HEAD: &str = "\
Generated from the code by `UPDATE_TRUTH_TABLE=1 cargo test -p cybermiles-gas-policy --test truth_table`.

Every combination of price, target, gas limit, balance and slots, under every rule set with its default limits. The
transaction sends one wei and carries input data. A number is a refusal with that result code; without one, the
transaction runs. Rows that agree in every column are merged.

| word | meaning |
|---|---|
| zero, low, normal | nothing, one wei less than the normal price, the normal price |
| 2^64 | a price whose low 64 bits are zero |
| account, contract, sponsored | call to an account without code, to a contract, to a contract with a deposit |
| free, above, too much | gas limit 500,000, 500,001 and 10,000,001 (above what a sponsored call may use) |
| enough | everybody owns plenty |
| no sender | the sender owns nothing, not even the wei it sends |
| no contract | contract and deposit hold nothing |
| open | nothing was used before in this block |
| pair, sender, block | the slots of this pair, of this sender, of this block are taken |
| quota | the sender wasted nearly all of its quota |
| burns | the payer loses the gas although the transaction is refused |

| price | target | gas | balance | slots | 0.1.7 admission | 0.1.7 delivery | hotfix admission | hotfix delivery | strict |
|---|---|---|---|---|---|---|---|---|---|
";

type Cells = [String; 5];

fn cells(case: &Case) -> Cells {
    columns().map(|(rules, stage)| match decide(&rules, &case.usage(), &case.request(stage)) {
        Decision::Accepted(grant) => grant.rule.to_string(),
        Decision::Refused(refusal) => {
            let rule = refusal.rejection.rule();
            let burns = refusal.residue.is_some_and(|residue| residue.payer != Payer::Nobody);
            let burns = if burns { " burns" } else { "" };
            refusal
                .code
                .number()
                .map_or_else(|| format!("**{rule}**"), |code| format!("{code} {rule}{burns}"))
        }
    })
}

/// Merges neighbours and strangers alike whose blocks of rows agree; keeps the order of their first members.
fn merge<T: Copy, B: PartialEq>(values: &[T], block: impl Fn(T) -> B) -> Vec<(Vec<T>, B)> {
    let mut groups: Vec<(Vec<T>, B)> = Vec::new();
    for &value in values {
        let rows = block(value);
        match groups.iter_mut().find(|(_, known)| *known == rows) {
            Some((members, _)) => members.push(value),
            None => groups.push((vec![value], rows)),
        }
    }
    groups
}

fn words<T: Copy>(members: &[T], all: usize, word: impl Fn(T) -> &'static str) -> String {
    if members.len() == all {
        return "any".to_owned();
    }
    members.iter().map(|member| word(*member)).collect::<Vec<_>>().join(", ")
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    for price in Price::ALL {
        let targets = merge(&TargetKind::ALL, |target| {
            merge(&Gas::ALL, |gas| {
                merge(&Balance::ALL, |balance| {
                    merge(&Slots::ALL, |slots| cells(&Case { price, target, gas, balance, slots }))
                        .into_iter()
                        .map(|(slots, cells)| (words(&slots, Slots::ALL.len(), slots_word), cells))
                        .collect::<Vec<_>>()
                })
                .into_iter()
                .map(|(balances, rows)| (words(&balances, Balance::ALL.len(), balance_word), rows))
                .collect::<Vec<_>>()
            })
            .into_iter()
            .map(|(gas, rows)| (words(&gas, Gas::ALL.len(), gas_word), rows))
            .collect::<Vec<_>>()
        });
        for (targets, gas_rows) in targets {
            let target = words(&targets, TargetKind::ALL.len(), target_word);
            for (gas, balance_rows) in gas_rows {
                for (balance, slot_rows) in balance_rows {
                    for (slots, cells) in slot_rows {
                        let (price, cells) = (price_word(price), cells.join(" | "));
                        writeln!(
                            text,
                            "| {price} | {target} | {gas} | {balance} | {slots} | {cells} |"
                        )
                        .expect("a string takes every write");
                    }
                }
            }
        }
    }
    text
}

const fn price_word(price: Price) -> &'static str {
    match price {
        Price::Zero => "zero",
        Price::Low => "low",
        Price::Normal => "normal",
        Price::Truncated => "2^64",
    }
}

const fn target_word(target: TargetKind) -> &'static str {
    match target {
        TargetKind::Create => "create",
        TargetKind::Account => "account",
        TargetKind::Contract => "contract",
        TargetKind::Sponsored => "sponsored",
        TargetKind::System => "system",
    }
}

const fn gas_word(gas: Gas) -> &'static str {
    match gas {
        Gas::UpToFree => "free",
        Gas::AboveFree => "above",
        Gas::AboveSponsored => "too much",
    }
}

const fn balance_word(balance: Balance) -> &'static str {
    match balance {
        Balance::Enough => "enough",
        Balance::SenderShort => "no sender",
        Balance::ContractShort => "no contract",
    }
}

const fn slots_word(slots: Slots) -> &'static str {
    match slots {
        Slots::Open => "open",
        Slots::PairTaken => "pair",
        Slots::SenderFull => "sender",
        Slots::BlockFull => "block",
        Slots::QuotaSpent => "quota",
    }
}

#[test]
fn checked_in_truth_table_is_what_the_code_decides() {
    let table = table();
    if env::var_os("UPDATE_TRUTH_TABLE").is_some() {
        fs::write(FILE, &table).unwrap();
    }
    let found = fs::read_to_string(FILE).unwrap();
    assert!(found == table, "docs/truth-table.md is stale; its first line says how to renew it");
}

#[test]
fn merged_rows_cover_every_case_once() {
    let table = table();
    let mut seen = BTreeSet::new();
    for row in table.lines().skip_while(|line| !line.starts_with("| price |")).skip(2) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let members = |cell: &str, all: &[&'static str]| -> Vec<&'static str> {
            all.iter()
                .copied()
                .filter(|word| cell == "any" || cell.split(", ").any(|part| part == *word))
                .collect()
        };
        for target in members(cells[1], &TargetKind::ALL.map(target_word)) {
            for gas in members(cells[2], &Gas::ALL.map(gas_word)) {
                for balance in members(cells[3], &Balance::ALL.map(balance_word)) {
                    for slots in members(cells[4], &Slots::ALL.map(slots_word)) {
                        let case = (cells[0].to_owned(), target, gas, balance, slots);
                        assert!(seen.insert(case.clone()), "{case:?} twice");
                    }
                }
            }
        }
    }
    assert_eq!(seen.len(), cases().count());
    for Case { price, target, gas, balance, slots } in cases() {
        let words = (target_word(target), gas_word(gas), balance_word(balance), slots_word(slots));
        let case = (price_word(price).to_owned(), words.0, words.1, words.2, words.3);
        assert!(seen.contains(&case), "{case:?} is missing");
    }
}
