use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;

use rand_core::TryRng;

/// One block of `name: value` lines.
pub(crate) struct Record<'a>(HashMap<&'a str, &'a str>);

impl Record<'_> {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("no field {name}"))
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        hex(self.text(name))
    }

    pub(crate) fn array<const N: usize>(&self, name: &str) -> Option<[u8; N]> {
        let text = self.0.get(name)?;
        Some(hex(text).try_into().unwrap_or_else(|_| panic!("{name} is not of {N} bytes")))
    }
}

/// The records of a file: blocks of lines between empty lines, without comments.
pub(crate) fn records(file: &str) -> Vec<Record<'_>> {
    let block = |block| Record(str::lines(block).filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": ")).collect());
    let records: Vec<_> = file.split("\n\n").map(block).filter(|record| !record.0.is_empty()).collect();
    assert!(!records.is_empty(), "a file without records proves nothing");
    records
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).expect("hexadecimal") as u8).collect();
    digits.as_chunks().0.iter().map(|[high, low]| high << 4 | low).collect()
}

/// A generator that gives out what it was given, then zeros.
pub(crate) struct Script(VecDeque<u8>);

impl Script {
    pub(crate) fn new(bytes: impl IntoIterator<Item = u8>) -> Self {
        Self(bytes.into_iter().collect())
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.try_next_u64()? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        dst.fill_with(|| self.0.pop_front().unwrap_or(0));
        Ok(())
    }
}
