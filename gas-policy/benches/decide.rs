//! Measures one decision.
fn main() {}
