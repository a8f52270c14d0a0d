//! Random choices that can be repeated, and bytes changed at random.

/// A small generator (splitmix64): the same seed gives the same choices on every machine.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Begins at a seed.
    pub fn from_seed(seed: u64) -> Rng {
        Rng(seed)
    }

    /// Begins at what some bytes are, so that an input alone says what is done with it.
    pub(crate) fn of(bytes: &[u8]) -> Rng {
        // FNV-1a.
        Rng(bytes
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)))
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound as u64) as usize
    }

    /// One of them; there must be one.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// The most bytes of an input: what is wrong shows in small ones.
const LEN_MAX: usize = 16 << 10;

/// The bytes with a few changes, some of them made of `pieces`; at times only the pieces.
pub(crate) fn mutated(rng: &mut Rng, bytes: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
    let mut out = if rng.below(4) == 0 && !pieces.is_empty() { Vec::new() } else { bytes.to_vec() };
    for _ in 0..=rng.below(12) {
        let at = rng.below(out.len() + 1);
        let to = (at + rng.below(9)).min(out.len());
        match rng.below(7) {
            0 if at < out.len() => out[at] = rng.bits() as u8,
            1 if at < out.len() => out[at] ^= 1 << rng.below(8),
            2 => drop(out.drain(at..to)),
            3 => {
                let part = out[at..to].to_vec();
                drop(out.splice(at..at, part));
            }
            4 if rng.below(8) == 0 => out.truncate(at),
            5 if pieces.is_empty() => {
                let number = [u32::MAX, i32::MAX as u32, 0, 0x0fff_ffff][rng.below(4)].to_le_bytes();
                let end = (at + 4).min(out.len());
                out[at..end].copy_from_slice(&number[..end - at]);
            }
            _ if pieces.is_empty() => {}
            4 => drop(out.splice(at..to, rng.pick(pieces).iter().copied())),
            _ => drop(out.splice(at..at, rng.pick(pieces).iter().copied())),
        }
    }
    out.truncate(LEN_MAX);
    out
}
