//! Reading and writing the little-endian, length-prefixed encodings of `FORMAT.md` without ever panicking.

/// The bytes end too early, or hold what no writer writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed at byte {at}")]
pub struct Malformed {
    /// Offset of the field that does not fit.
    pub at: usize,
}

/// A cursor over bytes from disk.
#[derive(Debug, Clone)]
pub(crate) struct ByteReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> ByteReader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn malformed(&self) -> Malformed {
        Malformed { at: self.at }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length).ok_or_else(|| self.malformed())?;
        let taken = self.bytes.get(self.at..end).ok_or_else(|| self.malformed())?;
        self.at = end;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let malformed = self.malformed();
        self.take(N)?.try_into().map_err(|_other_length| malformed)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// Reads bytes behind a 32-bit length.
    pub(crate) fn long(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_too_large| self.malformed())?)
    }

    /// Reads bytes behind a 16-bit length.
    pub(crate) fn short(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// Reads optional bytes behind a 32-bit length; all ones means absent.
    pub(crate) fn optional(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.u32()? {
            u32::MAX => Ok(None),
            length => {
                self.take(usize::try_from(length).map_err(|_too_large| self.malformed())?).map(Some)
            }
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(crate) const fn finish(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(self.malformed()) }
    }
}

/// Appends bytes behind a 32-bit length.
///
/// # Panics
///
/// When the bytes do not fit the length field; commits are limited far below.
pub(crate) fn put_long(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("commits are limited to less than 4 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Appends bytes behind a 16-bit length.
///
/// # Panics
///
/// When the bytes do not fit; keys and names are limited before.
pub(crate) fn put_short(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).expect("keys and names are limited to 65535 bytes");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Appends optional bytes behind a 32-bit length; all ones means absent.
pub(crate) fn put_optional(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => put_long(out, bytes),
        None => out.extend_from_slice(&u32::MAX.to_le_bytes()),
    }
}
