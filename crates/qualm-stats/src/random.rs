//! Seeded random streams whose results this crate defines itself.
//!
//! A figure in a report must come out the same years later, so nothing here depends on how a
//! library of random numbers turns bits into values. ChaCha with 8 rounds (a published cipher,
//! so its key stream cannot change) gives the words; everything above the words is defined in
//! this file, calls no mathematical function of the platform, and is pinned by tests.
//!
//! [`Stream`] is for drawing many numbers in order. [`unit_hash`] and [`hash_bytes`] are for
//! decisions about one row: whether a row is held back depends on the seed and on the row's
//! id or group alone, not on how many rows came before it or which shard it is in.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The seed used where nobody gave one.
pub const DEFAULT_SEED: u64 = 2022;

/// 2^64 divided by the golden ratio, odd: the step of the splitmix64 sequence.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// One of 2^64 independent random streams of a seed.
///
/// Numbered streams let parallel work be reproducible: piece `r` draws from stream `r`, on
/// whichever thread it runs.
///
/// ```
/// use qualm_stats::random::{DEFAULT_SEED, Stream};
///
/// let mut first = Stream::new(DEFAULT_SEED, 0);
/// let mut again = Stream::new(DEFAULT_SEED, 0);
/// let mut other = Stream::new(DEFAULT_SEED, 1);
/// let drawn = first.next_u64();
/// assert_eq!(drawn, again.next_u64());
/// assert_ne!(drawn, other.next_u64());
///
/// let mut rows = [0, 1, 2, 3, 4];
/// first.shuffle(&mut rows);
/// rows.sort_unstable();
/// assert_eq!(rows, [0, 1, 2, 3, 4]);
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    words: ChaCha8Rng,
}

impl Stream {
    /// Starts stream number `stream` of `seed`.
    ///
    /// The key is the first four numbers of the splitmix64 sequence started at `seed`, in
    /// little-endian bytes; `stream` is the 64-bit nonce.
    pub fn new(seed: u64, stream: u64) -> Stream {
        let mut key = [0; 32];
        let mut state = seed;
        for word in key.chunks_exact_mut(8) {
            state = state.wrapping_add(GOLDEN);
            word.copy_from_slice(&mix(state).to_le_bytes());
        }
        let mut words = ChaCha8Rng::from_seed(key);
        words.set_stream(stream);
        Stream { words }
    }

    /// 64 random bits: two words of the key stream, the low one first.
    pub fn next_u64(&mut self) -> u64 {
        let low = u64::from(self.words.next_u32());
        let high = u64::from(self.words.next_u32());
        high << 32 | low
    }

    /// A uniform number in `[0, 1)`: the upper 53 bits of [`Stream::next_u64`] over 2^53.
    pub fn unit(&mut self) -> f64 {
        unit_from_bits(self.next_u64())
    }

    /// A whole number below `n`, each equally likely; 0 if `n` is 0.
    ///
    /// Lemire's multiply-and-reject method ("Fast random integer generation in an interval",
    /// 2019), on one word of 32 bits where `n` fits into one, else on 64 bits. Resampling
    /// spends most of its time here, so half the key stream is half the price.
    #[inline]
    pub fn below(&mut self, n: usize) -> usize {
        match u32::try_from(n) {
            Ok(n) => self.below_u32(n) as usize,
            Err(_) => self.below_u64(n as u64) as usize,
        }
    }

    #[inline]
    fn below_u32(&mut self, n: u32) -> u32 {
        let mut product = u64::from(self.words.next_u32()) * u64::from(n);
        if (product as u32) < n {
            let rejected = n.wrapping_neg() % n;
            while (product as u32) < rejected {
                product = u64::from(self.words.next_u32()) * u64::from(n);
            }
        }
        (product >> 32) as u32
    }

    fn below_u64(&mut self, n: u64) -> u64 {
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let rejected = n.wrapping_neg() % n;
            while (product as u64) < rejected {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// A draw from the normal distribution of mean 0 and variance 1.
    ///
    /// Leva's ratio of uniforms ("A fast normal random number generator", 1992): the result
    /// is a quotient of two uniform numbers; a logarithm decides only about draws next to the
    /// border of acceptance.
    pub fn normal(&mut self) -> f64 {
        loop {
            let u = 1.0 - self.unit();
            let v = 1.7156 * (self.unit() - 0.5);
            let x = u - 0.449_871;
            let y = v.abs() + 0.386_595;
            let q = x * x + y * (0.196 * y - 0.254_72 * x);
            if q < 0.275_97 || (q <= 0.278_46 && v * v <= -4.0 * libm::log(u) * u * u) {
                return v / u;
            }
        }
    }

    /// Puts `items` into a random order, each order equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }
}

/// A number in `[0, 1)` that depends on `seed` and `key` alone and looks uniform over keys.
///
/// Rows with `unit_hash(seed, row) < share` are a reproducible sample of about that share,
/// nested in the sample of any larger share.
///
/// ```
/// use qualm_stats::random::unit_hash;
///
/// let held_back = (0..10_000).filter(|&row| unit_hash(7, row) < 0.2).count();
/// assert!((1_900..2_100).contains(&held_back));
/// ```
pub fn unit_hash(seed: u64, key: u64) -> f64 {
    let keyed = mix(mix(seed.wrapping_add(GOLDEN)) ^ key);
    unit_from_bits(mix(keyed.wrapping_add(GOLDEN)))
}

/// A 64-bit hash of `bytes` that depends on `seed`, the bytes and their number.
///
/// Turns a group's name into a key for [`unit_hash`]. Names that differ collide with
/// probability about 2^-64, unless someone who knows the seed set out to make them collide.
///
/// ```
/// use qualm_stats::random::hash_bytes;
///
/// assert_eq!(hash_bytes(7, b"patient-12"), hash_bytes(7, b"patient-12"));
/// assert_ne!(hash_bytes(7, b"patient-12"), hash_bytes(7, b"patient-13"));
/// assert_ne!(hash_bytes(7, b"patient-12"), hash_bytes(8, b"patient-12"));
/// ```
pub fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    // The length tells "a" from "a\0", which pad to the same word.
    let mut state = mix(mix(seed.wrapping_add(GOLDEN)) ^ bytes.len() as u64);
    for chunk in bytes.chunks(8) {
        let word = chunk
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte));
        state = mix((state ^ word).wrapping_add(GOLDEN));
    }
    mix(state.wrapping_add(GOLDEN))
}

/// The finaliser of splitmix64 (Stafford's variant 13): every input bit moves every output bit.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn unit_from_bits(bits: u64) -> f64 {
    const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
    (bits >> 11) as f64 * UNIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_hits_every_number_about_equally_often() {
        let mut stream = Stream::new(1, 0);
        let mut seen = [0_u32; 7];
        for _ in 0..70_000 {
            seen[stream.below(7)] += 1;
        }
        // Five standard deviations of a binomial count are 463.
        assert!(
            seen.iter().all(|&count| count.abs_diff(10_000) < 463),
            "{seen:?}"
        );
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.below(1), 0);
    }

    #[test]
    fn below_is_unbiased_where_a_modulus_would_not_be() {
        // Of 3 * 2^30 numbers a 32-bit word hits the first third twice as often by modulus.
        let n = 3 << 30;
        let mut stream = Stream::new(2, 0);
        let low = (0..30_000)
            .filter(|_| stream.below(n) < (1 << 30))
            .count()
            .abs_diff(10_000);
        assert!(low < 409, "{low} away from a third");
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn below_spreads_over_ranges_wider_than_a_word() {
        let n = 3_usize << 40;
        let mut stream = Stream::new(3, 0);
        let draws: Vec<_> = (0..3_000).map(|_| stream.below(n)).collect();
        assert!(draws.iter().all(|&draw| draw < n));
        let low = draws.iter().filter(|&&draw| draw < n / 3).count();
        assert!(low.abs_diff(1_000) < 130, "{low}");
    }

    #[test]
    fn normal_draws_follow_the_normal_distribution() {
        let mut stream = Stream::new(4, 0);
        let mut draws: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        draws.sort_unstable_by(f64::total_cmp);
        let rows = draws.len() as f64;
        let distance = draws
            .iter()
            .enumerate()
            .map(|(index, draw)| {
                let cdf = 0.5 * libm::erfc(-draw / std::f64::consts::SQRT_2);
                (cdf - index as f64 / rows)
                    .abs()
                    .max((cdf - (index + 1) as f64 / rows).abs())
            })
            .fold(0.0, f64::max);
        // Kolmogorov's statistic exceeds 2.23 / sqrt(n) once in ten thousand seeds.
        assert!(distance < 2.23 / rows.sqrt(), "distance {distance}");
    }

    #[test]
    fn every_order_of_three_is_about_equally_likely() {
        let mut stream = Stream::new(5, 0);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut items = [0, 1, 2];
            stream.shuffle(&mut items);
            *seen.entry(items).or_insert(0_u32) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(
            seen.values().all(|&count| count.abs_diff(1_000) < 145),
            "{seen:?}"
        );
    }

    #[test]
    fn unit_hash_is_uniform_over_consecutive_keys() {
        for seed in [0, 1, DEFAULT_SEED, u64::MAX] {
            let mut cells = [0_u32; 100];
            for key in 0..100_000 {
                cells[(unit_hash(seed, key) * 100.0) as usize] += 1;
            }
            let chi_square: f64 = cells
                .iter()
                .map(|&count| (f64::from(count) - 1_000.0).powi(2) / 1_000.0)
                .sum();
            // 99 degrees of freedom: 40 to 180 holds all but one in a hundred thousand.
            assert!(
                (40.0..180.0).contains(&chi_square),
                "seed {seed}: {chi_square}"
            );
        }
    }

    #[test]
    fn hash_bytes_tells_padding_and_position_apart() {
        let names: [&[u8]; 6] = [b"", b"\0", b"a", b"a\0", b"12345678a", b"a12345678"];
        for (index, left) in names.iter().enumerate() {
            for right in &names[index + 1..] {
                assert_ne!(hash_bytes(0, left), hash_bytes(0, right));
            }
        }
    }
}
