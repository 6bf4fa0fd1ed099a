//! What a page of a simulated database holds, and the hash of all pages.
//!
//! Always holds: the content of a page is a function of its number and a seed, so a log record needs
//! only the seed; one page is half repeating row text and half random-looking values, and packs about
//! three to one with zstd, as real table pages do. The state hash is a sum over the pages: a change
//! moves it by the pages it touches, whatever the size of the database.

use serde::{Deserialize, Serialize};

/// Bytes of a page.
pub(super) const PAGE_SIZE: usize = 8192;
/// Pages of a MiB.
pub(super) const PAGES_PER_MIB: u32 = 128;
/// Pages that are read, written or sent together (256 KiB: larger writes were slower here).
pub(super) const RUN_PAGES: u32 = 32;

const HEADER: usize = 96;
const ROW: usize = 64;
const TEXT: &[u8; 24] = b"|customer|open  |EUR|net";

/// SplitMix64: a small, fast generator whose whole state is one word.
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    /// Next word.
    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// A seed from text (names of server, instance and database).
pub(super) fn seed_of(text: &str) -> u64 {
    let digest = blake3::hash(text.as_bytes());
    word(digest.as_bytes(), 0)
}

/// Fills `out` (one page) with the content that page `page` has after a change with `seed`.
pub(super) fn generate(page: u32, seed: u64, out: &mut [u8]) {
    out.fill(0);
    out[0] = 1;
    out[4..8].copy_from_slice(&page.to_le_bytes());
    out[8..16].copy_from_slice(&seed.to_le_bytes());
    let mut random = SplitMix(seed ^ (u64::from(page) << 32 | u64::from(page)));
    for (number, row) in out[HEADER..].chunks_exact_mut(ROW).enumerate() {
        row[0] = number as u8;
        row[8..32].copy_from_slice(TEXT);
        // One letter of sixteen per byte: four random bits each.
        let (one, two) = (random.next(), random.next());
        let letters = [one, one >> 4, two, two >> 4].map(|bits| (bits & 0x0F0F_0F0F_0F0F_0F0F) + 0x4141_4141_4141_4141);
        for (place, word) in row[32..].chunks_exact_mut(8).zip(letters) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }
}

fn word(bytes: &[u8; 32], index: usize) -> u64 {
    let mut part = [0; 8];
    part.copy_from_slice(&bytes[index * 8..index * 8 + 8]);
    u64::from_le_bytes(part)
}

/// The hash of a whole database: the sum of the BLAKE3 hashes of all (content, number) pairs, in
/// four lanes of 64 bits. It finds mistakes, not forgers; sealing is the vault's work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct State(pub(super) [u64; 4]);

impl State {
    /// Hash of one page.
    pub(super) fn of_page(page: u32, content: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(content);
        hasher.update(&page.to_le_bytes());
        Self::from_bytes(hasher.finalize().as_bytes())
    }
    /// Hash of a run of pages that starts at `first`.
    pub(super) fn of_run(first: u32, run: &[u8]) -> Self {
        let mut sum = Self::default();
        for (page, content) in (first..).zip(run.chunks_exact(PAGE_SIZE)) {
            sum.add(Self::of_page(page, content));
        }
        sum
    }
    /// Adds pages.
    pub(super) fn add(&mut self, other: Self) {
        for (lane, value) in self.0.iter_mut().zip(other.0) {
            *lane = lane.wrapping_add(value);
        }
    }
    /// Takes pages out.
    pub(super) fn sub(&mut self, other: Self) {
        for (lane, value) in self.0.iter_mut().zip(other.0) {
            *lane = lane.wrapping_sub(value);
        }
    }
    /// As stored.
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (part, lane) in bytes.chunks_exact_mut(8).zip(self.0) {
            part.copy_from_slice(&lane.to_le_bytes());
        }
        bytes
    }
    /// From what was stored.
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(std::array::from_fn(|lane| word(bytes, lane)))
    }
}
impl From<State> for String {
    fn from(state: State) -> Self {
        hex::encode(state.to_bytes())
    }
}
impl TryFrom<String> for State {
    type Error = hex::FromHexError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self::from_bytes(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_pack_about_three_to_one() {
        let mut bytes = vec![0; 128 * PAGE_SIZE];
        for (page, out) in bytes.chunks_exact_mut(PAGE_SIZE).enumerate() {
            generate(page as u32, 7, out);
        }
        let packed = zstd::bulk::compress(&bytes, 1).unwrap().len();
        let ratio = bytes.len() as f64 / packed as f64;
        assert!((2.5..4.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn the_state_depends_on_content_and_place_and_moves_both_ways() {
        let (mut one, mut two) = (vec![0; PAGE_SIZE], vec![0; PAGE_SIZE]);
        generate(0, 1, &mut one);
        generate(1, 1, &mut two);
        let start = State::of_run(0, &[one.clone(), two.clone()].concat());
        assert_ne!(start, State::of_run(0, &[two.clone(), one.clone()].concat()));
        let mut moved = start;
        moved.sub(State::of_page(1, &two));
        moved.add(State::of_page(1, &one));
        assert_eq!(moved, State::of_run(0, &[one.clone(), one].concat()));
        assert_eq!(State::try_from(String::from(start)).unwrap(), start);
    }
}
