//! Reads code as instructions, one after the other.

use crate::{Opcode, Rules};
use core::fmt;

/// One instruction of a listing.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Where it is in the code.
    pub pc: usize,
    /// Its byte.
    pub byte: u8,
    /// What the byte means; `None` when it halts.
    pub opcode: Option<&'a Opcode>,
    /// The bytes that belong to it.
    pub immediate: &'a [u8],
    /// How many of these bytes lie beyond the end of the code, where they are zero.
    pub missing: usize,
}

/// The instructions of `code` from its first byte on. Data after the instructions is read as instructions too: only
/// running the code tells the two apart.
pub fn disassemble<'a>(rules: &'a Rules, code: &'a [u8]) -> impl Iterator<Item = Line<'a>> {
    let mut pc = 0;
    core::iter::from_fn(move || {
        let byte = *code.get(pc)?;
        let opcode = rules.opcode(byte);
        let length = opcode.map_or(0, |opcode| usize::from(opcode.immediate));
        let rest = &code[pc + 1..];
        let immediate = &rest[..length.min(rest.len())];
        let line = Line { pc, byte, opcode, immediate, missing: length - immediate.len() };
        pc += 1 + length;
        Some(line)
    })
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(opcode) = self.opcode else {
            return write!(formatter, "{:06x}  {:02x}  not an opcode", self.pc, self.byte);
        };
        write!(formatter, "{:06x}  {:02x}  {}", self.pc, self.byte, opcode.name)?;
        if !self.immediate.is_empty() {
            write!(formatter, " 0x{}", hex::encode(self.immediate))?;
        }
        match self.missing {
            0 => Ok(()),
            1 => formatter.write_str("  (1 byte beyond the end is zero)"),
            missing => write!(formatter, "  ({missing} bytes beyond the end are zero)"),
        }
    }
}

/// The opcodes of `rules` as a table: byte, name, words taken and put, gas, first revision or block.
#[must_use]
pub fn opcode_table(rules: &Rules) -> String {
    let mut table = format!(
        "{:<4}  {:<14}  {:>2}  {:>3}  {:>5}  {}\n",
        "byte", "name", "in", "out", "gas", "since"
    );
    for row in rules.opcodes() {
        let since = row
            .since_height
            .map_or_else(|| row.since.to_string(), |height| format!("block {height}"));
        table.push_str(&format!(
            "0x{:02x}  {:<14}  {:>2}  {:>3}  {:>5}  {since}\n",
            row.byte, row.name, row.inputs, row.outputs, row.gas
        ));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Revision;

    #[test]
    fn immediates_belong_to_their_instruction() {
        let rules = Rules::ethereum(Revision::Osaka);
        let code = [0x60, 0x5b, 0x5f, 0x0c, 0x7f, 0xaa];
        let lines: Vec<String> = disassemble(&rules, &code).map(|line| line.to_string()).collect();
        let expected = [
            "000000  60  PUSH1 0x5b",
            "000002  5f  PUSH0",
            "000003  0c  not an opcode",
            "000004  7f  PUSH32 0xaa  (31 bytes beyond the end are zero)",
        ];
        assert_eq!(lines, expected);
        let paris = Rules::ethereum(Revision::Paris);
        assert_eq!(
            disassemble(&paris, &[0x5f]).next().unwrap().to_string(),
            "000000  5f  not an opcode"
        );
    }

    #[test]
    fn the_table_follows_the_revision() {
        let has = |revision, name: &str| opcode_table(&Rules::ethereum(revision)).contains(name);
        assert!(has(Revision::Osaka, "CLZ") && !has(Revision::Prague, "CLZ"));
        assert_eq!(opcode_table(&Rules::ethereum(Revision::Frontier)).lines().count(), 1 + 130);
    }
}
