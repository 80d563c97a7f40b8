//! Inputs that are read as if zeros without end followed them.

/// Reads `N` bytes from `offset` on; what lies beyond the input is zero.
#[inline]
pub(super) fn read<const N: usize>(input: &[u8], offset: usize) -> [u8; N] {
    let mut bytes = [0; N];
    let available = tail(input, offset);
    let length = available.len().min(N);
    bytes[..length].copy_from_slice(&available[..length]);
    bytes
}

/// Returns the bytes of the input from `offset` on, which may be none.
#[inline]
pub(super) fn tail(input: &[u8], offset: usize) -> &[u8] {
    input.get(offset..).unwrap_or(&[])
}
