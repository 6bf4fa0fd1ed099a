//! Rules of the sealed format, by property and against another implementation's vectors.

use super::*;
use aws_lc_rs::digest::{SHA256, digest};
use proptest::prelude::*;

const FIRST: usize = SEGMENT_SIZE - HEADER_SIZE - TAG_SIZE;
const OTHERS: usize = SEGMENT_SIZE - TAG_SIZE;

fn key() -> DataKey {
    DataKey::from_slice(&[7; 32]).unwrap()
}
fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i * 31 + (i >> 8) * 17) as u8).collect()
}
fn seal_with(sealer: Sealer, plain: &[u8], piece: usize) -> Vec<u8> {
    let (mut sealer, mut out) = (sealer, Vec::new());
    let mut emit = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        Ok::<(), SealError>(())
    };
    for part in plain.chunks(piece) {
        sealer.push(part, &mut emit).unwrap();
    }
    sealer.finish(&mut emit).unwrap();
    out
}
fn seal(plain: &[u8], piece: usize) -> Vec<u8> {
    seal_with(Sealer::new(&key(), b"aad").unwrap(), plain, piece)
}
/// What came out, and how it ended.
fn open_as(key: DataKey, associated: &[u8], sealed: &[u8], piece: usize) -> (Vec<u8>, Result<(), SealError>) {
    let (mut opener, mut out) = (Opener::new(key, associated), Vec::new());
    let mut emit = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        Ok::<(), SealError>(())
    };
    let result = sealed.chunks(piece).try_for_each(|part| opener.push(part, &mut emit)).and_then(|()| opener.finish(&mut emit));
    (out, result)
}
fn open(sealed: &[u8], piece: usize) -> (Vec<u8>, Result<(), SealError>) {
    open_as(key(), b"aad", sealed, piece)
}

#[test]
fn what_tink_seals_opens_and_the_same_header_gives_the_same_bytes() {
    let file: serde_json::Value = serde_json::from_str(include_str!("../../tests/tink/vectors.json")).unwrap();
    let key = || DataKey::from_slice(&hex::decode(file["key"].as_str().unwrap()).unwrap()).unwrap();
    let associated = file["associatedData"].as_str().unwrap().as_bytes();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 8);
    for vector in vectors {
        let size = vector["size"].as_u64().unwrap() as usize;
        let header: [u8; HEADER_SIZE] = hex::decode(vector["header"].as_str().unwrap()).unwrap().try_into().unwrap();
        let sealed = seal_with(Sealer::with_header(&key(), associated, header).unwrap(), &pattern(size), 65_537);
        assert_eq!(sealed.len() as u64, vector["sealedSize"].as_u64().unwrap(), "{size}");
        assert_eq!(hex::encode(digest(&SHA256, &sealed)), vector["sha256"].as_str().unwrap(), "{size}");
        if let Some(whole) = vector["sealed"].as_str() {
            assert_eq!(hex::encode(&sealed), whole);
        }
        // The digest shows that these are tink's bytes.
        let (plain, result) = open_as(key(), associated, &sealed, 1 << 16);
        assert_eq!(result, Ok(()), "{size}");
        assert!(plain == pattern(size), "{size}");
    }
}

#[test]
fn every_size_around_a_segment_comes_back() {
    for size in [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + OTHERS - 1, FIRST + OTHERS, FIRST + OTHERS + 1] {
        let (plain, result) = open(&seal(&pattern(size), 1 << 18), 1 << 18);
        assert_eq!(result, Ok(()), "{size}");
        assert!(plain == pattern(size), "{size}");
    }
}

#[test]
fn a_cut_stream_never_finishes() {
    let sealed = seal(&pattern(FIRST + OTHERS + 10), 1 << 18);
    for end in [0, 1, 39, 40, 41, 56, SEGMENT_SIZE - 1, SEGMENT_SIZE, SEGMENT_SIZE + 1, 2 * SEGMENT_SIZE, sealed.len() - 1] {
        let (plain, result) = open(&sealed[..end], 1 << 16);
        assert!(result.is_err(), "{end}");
        assert!(pattern(FIRST + OTHERS + 10).starts_with(&plain), "{end}");
    }
}

#[test]
fn swapped_repeated_and_foreign_segments_are_refused() {
    let sealed = seal(&pattern(FIRST + 3 * OTHERS), 1 << 18);
    let at = |n: usize| n * SEGMENT_SIZE..(n + 1) * SEGMENT_SIZE;
    let mut swapped = sealed.clone();
    swapped[at(1)].copy_from_slice(&sealed[at(2)]);
    swapped[at(2)].copy_from_slice(&sealed[at(1)]);
    let (plain, result) = open(&swapped, 1 << 18);
    assert_eq!(result, Err(SealError::Altered { segment: 1 }));
    assert_eq!(plain.len(), FIRST, "nothing beyond the last good segment");
    let mut repeated = sealed.clone();
    repeated.extend_from_slice(&sealed[at(3)]);
    assert!(open(&repeated, 1 << 18).1.is_err());
    let mut dropped = sealed.clone();
    dropped.drain(at(1));
    assert!(open(&dropped, 1 << 18).1.is_err());
}

#[test]
fn another_key_or_stream_does_not_open() {
    let sealed = seal(b"payload", 100);
    assert_eq!(open_as(key(), b"aae", &sealed, 100).1, Err(SealError::Altered { segment: 0 }));
    assert_eq!(open_as(DataKey::generate().unwrap(), b"aad", &sealed, 100).1, Err(SealError::Altered { segment: 0 }));
}

#[test]
fn any_flipped_byte_of_a_short_stream_is_refused() {
    let sealed = seal(b"every byte of this counts", 100);
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(open(&altered, 100).1.is_err(), "byte {at}");
    }
}

#[test]
fn chunks_are_whole_and_their_digests_tie_up() {
    for size in [0usize, 1, 99, 100, 101, 250] {
        let (mut chunker, mut chunks, data) = (Chunker::new(100), Vec::new(), pattern(size));
        for mut part in data.chunks(33) {
            while !part.is_empty() {
                if chunker.needs_buffer() {
                    chunker.provide(vec![1, 2, 3]);
                }
                let (taken, chunk) = chunker.push(part);
                chunks.extend(chunk);
                part = &part[taken..];
            }
        }
        chunks.extend(chunker.finish());
        assert_eq!(chunks.iter().flat_map(|c| c.bytes.clone()).collect::<Vec<_>>(), data);
        assert_eq!(chunks.len(), size.div_ceil(100));
        assert!(chunks.iter().rev().skip(1).all(|c| c.bytes.len() == 100));
        assert!((0..).zip(&chunks).all(|(n, c)| c.seq == n && c.digest == chunk_digest(&c.bytes)));
        let joined: Vec<u8> = chunks.iter().flat_map(|c| c.digest).collect();
        assert_eq!(chunker.stream_digest(), hex::encode(chunk_digest(&joined)));
        assert_eq!((chunker.chunks() as usize, chunker.total() as usize), (chunks.len(), size));
    }
}

#[test]
fn a_wrapped_key_comes_back_only_with_the_right_private_key() {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
    use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
    use base64::{Engine, engine::general_purpose::STANDARD};
    let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let other = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let pkcs8 = |key: &PrivateDecryptingKey| AsDer::<Pkcs8V1Der>::as_der(key).unwrap().as_ref().to_vec();
    let spki = AsDer::<PublicKeyX509Der>::as_der(&private.public_key()).unwrap();
    let text = STANDARD.encode(spki.as_ref());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    let wrapped = wrap_key(&key(), &pem).unwrap();
    assert_eq!(unwrap_key(&wrapped, &pkcs8(&private)).unwrap().expose(), key().expose());
    assert!(unwrap_key(&wrapped, &pkcs8(&other)).is_err());
    assert!(wrap_key(&key(), "no key").is_err());
    assert!(unwrap_key("AAAA", &pkcs8(&private)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_cut_of_the_pushes_gives_the_same_stream(size in 0usize..2_300_000, into in 1usize..400_000, out in 1usize..400_000) {
        let (plain, result) = open(&seal(&pattern(size), into), out);
        prop_assert_eq!(result, Ok(()));
        prop_assert!(plain == pattern(size));
    }

    #[test]
    fn any_flipped_bit_is_refused_and_only_good_data_comes_out(size in 1usize..2_300_000, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut sealed = seal(&pattern(size), 1 << 20);
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        let (plain, result) = open(&sealed, 1 << 20);
        prop_assert!(result.is_err());
        prop_assert!(pattern(size).starts_with(&plain));
    }

    #[test]
    fn any_cut_end_is_refused(size in 0usize..1_500_000, cut in 1usize..1_000_000) {
        let sealed = seal(&pattern(size), 1 << 20);
        let (_, result) = open(&sealed[..sealed.len().saturating_sub(cut)], 1 << 20);
        prop_assert!(result.is_err());
    }
}
