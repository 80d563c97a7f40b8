//! The few structures of DER that RSA keys need (X.690).

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// What is left to read of a structure's content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The content of the next element, which must be a sequence.
    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.element(SEQUENCE).map(Self)
    }

    /// The content of the next element, which must be an octet string.
    pub(super) fn octet_string(&mut self) -> Option<Self> {
        self.element(OCTET_STRING).map(Self)
    }

    /// The content of the next element, which must be a bit string of whole bytes.
    pub(super) fn bit_string(&mut self) -> Option<Self> {
        self.element(BIT_STRING)?.strip_prefix(&[0]).map(Self)
    }

    /// The next element, which must be a positive integer, without leading zeros.
    pub(super) fn positive_integer(&mut self) -> Option<&'a [u8]> {
        let bytes = self.element(INTEGER)?;
        if bytes.first()? & 0x80 != 0 {
            return None;
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(&bytes[zeros..])
    }

    /// Whether the next element is a sequence.
    pub(super) fn is_at_sequence(&self) -> bool {
        self.0.first() == Some(&SEQUENCE)
    }

    /// The content of the next element, which must have the given tag; lengths of at most two bytes.
    fn element(&mut self, expected: u8) -> Option<&'a [u8]> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
            0x82 => {
                let (length, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (tag == expected).then_some(content)
    }
}
