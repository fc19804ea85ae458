use std::collections::HashMap;
use std::convert::Infallible;

use rand_core::TryRng;

/// One block of `name: hex` lines.
pub(crate) struct Record<'a>(HashMap<&'a str, &'a str>);

impl Record<'_> {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("no field {name}"))
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        hex(self.text(name))
    }

    pub(crate) fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap_or_else(|_| panic!("{name} is not of {N} bytes"))
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
    let digit = |digit: u8| char::from(digit).to_digit(16).expect("hexadecimal") as u8;
    text.trim().as_bytes().as_chunks().0.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect()
}

/// A generator that repeats one byte, as a broken one might.
pub(crate) struct Constant(pub(crate) u8);

impl TryRng for Constant {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes([self.0; 4]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes([self.0; 8]))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        dst.fill(self.0);
        Ok(())
    }
}
