use alloc::vec::Vec;
use core::fmt;

/// How long a message takes from one region to another.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Latencies {
    regions: usize,
    /// Row by row, in microseconds.
    one_way_us: Vec<u64>,
}

/// Why a table of latencies cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LatencyError {
    /// There are no rows.
    #[error("no regions in the table")]
    Empty,
    /// A row does not have one column per row of the table.
    #[error("row {row} has {found} columns, expected {expected}")]
    Columns {
        /// The row, counted from 1.
        row: usize,
        /// How many columns it has.
        found: usize,
        /// How many rows there are.
        expected: usize,
    },
    /// A field is not a number of milliseconds below one minute.
    #[error("row {row}, column {column} is not a latency")]
    Field {
        /// The row, counted from 1.
        row: usize,
        /// The column, counted from 1.
        column: usize,
    },
}

impl Latencies {
    /// Within one region.
    const LOCAL_US: u64 = 500;

    /// Returns an invented world: eight regions on a ring, 5 ms plus 30 ms per step of the shorter way.
    #[must_use]
    pub fn synthetic() -> Self {
        let regions = 8;
        let way = |from: usize, to: usize| {
            let steps = from.abs_diff(to).min(regions - from.abs_diff(to)) as u64;
            if steps == 0 { Self::LOCAL_US } else { 5_000 + 30_000 * steps }
        };
        let one_way_us = (0..regions * regions).map(|at| way(at / regions, at % regions)).collect();
        Self { regions, one_way_us }
    }

    /// Reads a table: a header line, then per region its name and one column of milliseconds per region.
    ///
    /// # Errors
    /// See [`LatencyError`].
    pub fn from_csv(text: &str) -> Result<Self, LatencyError> {
        let rows: Vec<&str> = text.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
        if rows.is_empty() {
            return Err(LatencyError::Empty);
        }
        let regions = rows.len();
        let mut one_way_us = Vec::with_capacity(regions * regions);
        for (row, line) in rows.iter().enumerate() {
            let row = row + 1;
            let fields: Vec<&str> = line.split(',').skip(1).collect();
            if fields.len() != regions {
                return Err(LatencyError::Columns { row, found: fields.len(), expected: regions });
            }
            for (column, field) in fields.iter().enumerate() {
                let ms = field.trim().parse::<u64>().ok().filter(|ms| *ms < 60_000);
                let ms = ms.ok_or(LatencyError::Field { row, column: column + 1 })?;
                one_way_us.push((ms * 1_000).max(Self::LOCAL_US));
            }
        }
        Ok(Self { regions, one_way_us })
    }

    /// Returns how many regions there are; never 0.
    #[must_use]
    pub const fn regions(&self) -> usize {
        self.regions
    }

    /// Returns the time from one region to another in microseconds. Regions are counted around.
    #[must_use]
    pub fn one_way_us(&self, from: usize, to: usize) -> u64 {
        self.one_way_us[from % self.regions * self.regions + to % self.regions]
    }
}

/// Short: a schedule is printed with it.
impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Latencies({} regions)", self.regions)
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::synthetic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_table() {
        let found = Latencies::from_csv("from,a,b\na,0,7\nb,9,0\n").unwrap();
        assert_eq!((found.one_way_us(0, 1), found.one_way_us(3, 2)), (7_000, 9_000));
        assert_eq!(found.one_way_us(1, 1), Latencies::LOCAL_US);
    }

    #[test]
    fn refuses_what_is_no_table() {
        for (text, expected) in [
            ("from,a\n", LatencyError::Empty),
            ("from,a,b\na,1\nb,1,2", LatencyError::Columns { row: 1, found: 1, expected: 2 }),
            ("from,a\na,x", LatencyError::Field { row: 1, column: 1 }),
            ("from,a\na,60000", LatencyError::Field { row: 1, column: 1 }),
        ] {
            assert_eq!(Latencies::from_csv(text), Err(expected));
        }
    }

    #[test]
    fn the_synthetic_world_is_symmetric() {
        let world = Latencies::synthetic();
        for from in 0..world.regions() {
            for to in 0..world.regions() {
                assert_eq!(world.one_way_us(from, to), world.one_way_us(to, from));
            }
        }
        assert_eq!(world.one_way_us(0, 7), 35_000);
    }
}
