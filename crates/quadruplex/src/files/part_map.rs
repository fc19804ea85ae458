//! Which parts of a file have arrived, in a small file beside it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Mutex;

use super::disk;
use crate::client::lock;

/// How a part map begins; the last byte is its version.
const MAGIC: [u8; 8] = *b"QPLXMAP\x01";
/// The magic, then id, size and length of a part.
const HEADER: usize = 8 + 8 + 8 + 8;

/// What a part map is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) id: i64,
    pub(super) size: u64,
    pub(super) part: u64,
}

/// The map, kept in step with its file.
#[derive(Debug)]
pub(super) struct PartMap {
    whole: Whole,
    bits: Mutex<Vec<u8>>,
    file: File,
}

/// What a file turns out to hold.
#[derive(Debug)]
pub(super) enum Found {
    /// A map of the same whole.
    Same(PartMap),
    /// Nothing, or no map.
    Nothing,
    /// A map of something else.
    Other,
}

impl Whole {
    pub(super) fn parts(&self) -> u64 {
        self.size.div_ceil(self.part)
    }

    fn header(&self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&MAGIC);
        header[8..16].copy_from_slice(&self.id.to_le_bytes());
        header[16..24].copy_from_slice(&self.size.to_le_bytes());
        header[24..].copy_from_slice(&self.part.to_le_bytes());
        header
    }

    fn map_len(&self) -> u64 {
        self.parts().div_ceil(8)
    }
}

impl PartMap {
    /// Reads the map at `path`. Blocks.
    pub(super) fn find(path: &Path, whole: Whole) -> io::Result<Found> {
        let mut file = match File::options().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(error),
        };
        let expected = HEADER as u64 + whole.map_len();
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(expected + 1).read_to_end(&mut bytes)?;
        let Some((header, bits)) = bytes.split_first_chunk::<HEADER>() else { return Ok(Found::Nothing) };
        if header[..8] != MAGIC {
            return Ok(Found::Nothing);
        }
        if *header != whole.header() || bytes.len() as u64 != expected {
            return Ok(Found::Other);
        }
        Ok(Found::Same(Self { whole, bits: Mutex::new(bits.to_vec()), file }))
    }

    /// Makes an empty map at `path`. Blocks.
    pub(super) fn create(path: &Path, whole: Whole) -> io::Result<Self> {
        let file = File::create(path)?;
        let bits = vec![0; whole.map_len() as usize];
        io::Write::write_all(&mut &file, &[&whole.header()[..], &bits].concat())?;
        Ok(Self { whole, bits: Mutex::new(bits), file })
    }

    /// The parts that have not arrived, in order.
    pub(super) fn missing(&self) -> Vec<u64> {
        let bits = lock(&self.bits);
        (0..self.whole.parts()).filter(|part| !has(&bits, *part)).collect()
    }

    /// How many bytes have arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.whole.size
            - self.missing().into_iter().map(|part| (self.whole.size - part * self.whole.part).min(self.whole.part)).sum::<u64>()
    }

    /// Where the last part that has arrived ends.
    pub(super) fn end(&self) -> u64 {
        let bits = lock(&self.bits);
        let last = (0..self.whole.parts()).rev().find(|part| has(&bits, *part));
        last.map_or(0, |last| ((last + 1) * self.whole.part).min(self.whole.size))
    }

    /// Notes that a part has arrived, here and in the file. Blocks.
    pub(super) fn set(&self, part: u64) -> io::Result<()> {
        let at = (part / 8) as usize;
        // Held while it is written: a byte that another part has changed since must not be overwritten by this one.
        let mut bits = lock(&self.bits);
        let Some(byte) = bits.get_mut(at) else { return Ok(()) };
        *byte |= 1 << (part % 8);
        disk::write_all_at(&self.file, &[*byte], (HEADER + at) as u64)
    }
}

fn has(bits: &[u8], part: u64) -> bool {
    bits.get((part / 8) as usize).is_some_and(|byte| byte & 1 << (part % 8) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Whole = Whole { id: 7, size: 1_000_001, part: 4096 };

    #[test]
    fn a_map_outlives_its_process() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("map.parts");
        assert!(matches!(PartMap::find(&path, WHOLE).unwrap(), Found::Nothing));
        let map = PartMap::create(&path, WHOLE).unwrap();
        for part in [0, 9, 244] {
            map.set(part).unwrap();
        }
        let Found::Same(map) = PartMap::find(&path, WHOLE).unwrap() else { panic!("it was just written") };
        let missing = map.missing();
        assert_eq!(missing.len(), 245 - 3);
        assert!(!missing.contains(&9) && missing.contains(&10));
        assert_eq!(map.arrived(), 2 * 4096 + (1_000_001 - 244 * 4096));
        assert_eq!(map.end(), 1_000_001);
        assert!(matches!(PartMap::find(&path, Whole { id: 8, ..WHOLE }).unwrap(), Found::Other));
        assert!(matches!(PartMap::find(&path, Whole { size: 1_000_002, ..WHOLE }).unwrap(), Found::Other));
    }

    #[test]
    fn what_is_no_map_is_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("no-map.parts");
        let whole = PartMap::create(&path, WHOLE).map(|_| std::fs::read(&path).unwrap()).unwrap();
        for len in 0..whole.len() {
            std::fs::write(&path, &whole[..len]).unwrap();
            assert!(!matches!(PartMap::find(&path, WHOLE).unwrap(), Found::Same(_)), "{len} bytes");
        }
        std::fs::write(&path, vec![0; whole.len()]).unwrap();
        assert!(matches!(PartMap::find(&path, WHOLE).unwrap(), Found::Nothing));
    }
}
