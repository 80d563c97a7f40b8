//! The table of rules in the README names every rule, with the code its refusals carry.

use cybermiles_gas_policy::{Rule, Rules, StrictRules, TravisRules};

#[test]
fn every_rule_has_one_row() {
    let readme = include_str!("../README.md");
    for rule in Rule::ALL {
        let row = format!("| `{}` |", rule.name());
        assert_eq!(readme.lines().filter(|line| line.starts_with(&row)).count(), 1, "{row}");
        assert_eq!(format!("{rule}"), rule.name());
        assert_eq!(format!("{rule:>20}").len(), 20);
    }
    let rows = readme
        .lines()
        .filter(|line| line.starts_with("| `") && line.matches('|').count() == 4)
        .count();
    assert!(rows >= Rule::ALL.len());
}

#[test]
fn rule_sets_have_names() {
    let sets = [
        Rules::Travis017(TravisRules::default()),
        Rules::TravisHotfix(TravisRules::default()),
        Rules::Strict(StrictRules::default()),
    ];
    assert_eq!(sets.map(|rules| rules.name()), ["travis-0.1.7", "travis-hotfix", "strict"]);
}
