//! Which server has a key: libmemcached's weighted ketama.

use md5::{Digest, Md5};

/// A ring of points; a key belongs to the server of the first point at or after its own.
#[derive(Debug)]
pub(crate) struct Ring {
    points: Vec<(u32, usize)>,
}

impl Ring {
    /// A ring of servers by their names and weights. The names decide the placement: a server keeps its keys only as long as it is
    /// called the same.
    pub(crate) fn new<'a>(servers: impl ExactSizeIterator<Item = (&'a str, u32)> + Clone) -> Self {
        let total: f32 = servers.clone().map(|(_, weight)| weight as f32).sum();
        let count = servers.len() as f32;
        let mut points = Vec::new();
        for (index, (name, weight)) in servers.enumerate() {
            // Reckoned in single precision, with its remedy for rounding, as libmemcached does: a group more or less moves keys.
            let groups = (weight as f32 / total * GROUPS * count + ROUNDING).floor() as u32;
            for group in 0..groups {
                let digest = Md5::digest(format!("{name}-{group}"));
                points.extend(digest.chunks_exact(4).map(|bytes| (point(bytes), index)));
            }
        }
        points.sort_unstable();
        Self { points }
    }

    /// The servers of `key` in the order in which they are to be tried. May name a server more than once.
    pub(crate) fn servers(&self, key: &[u8]) -> impl Iterator<Item = usize> {
        let hash = point(&Md5::digest(key)[..4]);
        let first = self.points.partition_point(|(point, _)| *point < hash);
        self.points[first..].iter().chain(&self.points[..first]).map(|(_, server)| *server)
    }
}

fn point(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// Groups of four points for a server of average weight.
const GROUPS: f32 = 40.0;
const ROUNDING: f32 = 1e-10;

#[cfg(test)]
mod tests {
    use super::Ring;

    /// The placements are those of libmemcached, see the head of the file.
    #[test]
    fn placements_are_those_of_libmemcached() {
        let mut ring = None;
        let mut checked = 0;
        for line in include_str!("ring/placements.txt").lines().filter(|line| !line.starts_with('#')) {
            if let Some(servers) = line.strip_prefix("servers ") {
                let servers: Vec<(&str, u32)> = servers
                    .split(' ')
                    .map(|server| server.split_once('=').unwrap())
                    .map(|(name, weight)| (name, weight.parse().unwrap()))
                    .collect();
                ring = Some(Ring::new(servers.into_iter()));
                continue;
            }
            let (key, expect) = line.rsplit_once(' ').unwrap();
            let server = ring.as_ref().unwrap().servers(key.as_bytes()).next();
            assert_eq!(server, Some(expect.parse().unwrap()), "{key}");
            checked += 1;
        }
        assert_eq!(checked, 7 * 200);
    }

    #[test]
    fn a_server_more_moves_few_keys() {
        let names: Vec<String> = (0..11).map(|number| format!("10.0.0.{number}:11311")).collect();
        let ring = |count: usize| Ring::new(names[..count].iter().map(|name| (name.as_str(), 1)));
        let (ten, eleven) = (ring(10), ring(11));
        let first = |ring: &Ring, key: usize| ring.servers(format!("key:{key}").as_bytes()).next();
        let moved = (0..10_000).filter(|key| first(&ten, *key) != first(&eleven, *key)).count();
        assert!((500..1_400).contains(&moved), "{moved} of 10000 keys moved; a tenth and a bit is what it should be");
    }
}
