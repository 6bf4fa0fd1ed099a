//! A backup set is one backup of one database: streams of chunks, then one flip.
//!
//! Always holds: chunks are contiguous from 0; all but the last of a stream have the set's chunk
//! size; a set is visible as a recovery point only when Committed; bytes of an old generation can
//! never become part of a commit (design §3).

use super::{BackupFacts, BackupKind};
use crate::fault::{Fault, FaultKind, Result};
use crate::id::{CommandId, ItemId, SetId, VaultId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Ciphertext bytes of each chunk but the last of a stream.
pub const CHUNK_SIZE: u32 = 8 * 1024 * 1024;

/// Life of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetState {
    /// Takes chunks.
    Open,
    /// Is a recovery point.
    Committed,
    /// Never will be; its chunks are garbage.
    Aborted,
    /// Its objects are being deleted; the row goes last.
    Collecting,
}

impl SetState {
    /// Stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Committed => "Committed",
            Self::Aborted => "Aborted",
            Self::Collecting => "Collecting",
        }
    }
    /// Parses the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Committed, Self::Aborted, Self::Collecting].into_iter().find(|s| s.as_str() == word)
    }
}

/// A data key wrapped by the vault's key-encryption key (RSA-OAEP-256).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WrappedKey {
    /// Which key-encryption key.
    pub key_id: String,
    /// Its version.
    pub version: u32,
    /// RSA-OAEP-256 ciphertext of the 32-byte data key, base64.
    pub wrapped: String,
}

/// What makes two offers of the same backup one: item, kind and slot or command.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DedupeKey(pub String);

/// A backup set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSet {
    /// Id.
    pub id: SetId,
    /// Vault it is stored for.
    pub vault_id: VaultId,
    /// Item it belongs to.
    pub item_id: ItemId,
    /// Command that asked for it.
    pub command_id: CommandId,
    /// Kind.
    pub kind: BackupKind,
    /// State.
    pub state: SetState,
    /// Fences old agents: only writes of this generation count.
    pub generation: i64,
    /// Two opens with this key are the same set.
    pub dedupe_key: DedupeKey,
    /// Ciphertext bytes per chunk.
    pub chunk_size: u32,
    /// Key the agent was told to wrap for.
    pub key_id: String,
    /// Version of that key.
    pub key_version: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was committed or aborted.
    pub closed_at: Option<Timestamp>,
    /// What was committed: the manifest (None until then).
    pub manifest: Option<Manifest>,
}

impl BackupSet {
    /// Object key prefix of everything the set's current generation stores.
    pub fn prefix(&self) -> String {
        Self::prefix_of(self.vault_id, self.item_id, self.id, self.generation)
    }
    /// Object key prefix for a generation of a set.
    pub fn prefix_of(vault: VaultId, item: ItemId, set: SetId, generation: i64) -> String {
        format!("vaults/{vault}/items/{item}/sets/{set}/{generation}")
    }
    /// Object key of one chunk of the current generation.
    pub fn chunk_key(&self, stream: u32, seq: u32) -> String {
        format!("{}/{stream}/{seq:08}", self.prefix())
    }
    /// Object key of the manifest.
    pub fn manifest_key(&self) -> String {
        format!("{}/manifest.json", self.prefix())
    }
    /// Refuses a write of another generation or on a set that is not open.
    pub fn accepts(&self, generation: i64) -> Result<()> {
        if generation != self.generation {
            return Err(Fault::new(
                FaultKind::Stale,
                "StaleGeneration",
                format!(
                    "Backup set {} is at generation {}; this request is of generation {generation}. Another attempt has taken over: stop this one.",
                    self.id, self.generation
                ),
            ));
        }
        if self.state != SetState::Open {
            return Err(Fault::conflict(
                "SetNotOpen",
                format!("Backup set {} is {}; only an open set takes data.", self.id, self.state.as_str()),
            ));
        }
        Ok(())
    }
}

/// A ledger row: one durable chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkRow {
    /// Stream (stripe) number.
    pub stream: u32,
    /// Position in the stream.
    pub seq: u32,
    /// Ciphertext bytes.
    pub size: u32,
    /// BLAKE3 of the ciphertext.
    pub digest: [u8; 32],
}

/// What the agent says a stream holds, at commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamSummary {
    /// Stream number, from 0 without gaps.
    pub stream: u32,
    /// Number of chunks.
    pub chunks: u32,
    /// Ciphertext bytes in all.
    pub sealed_bytes: u64,
    /// Bytes handed to the sealer (after compression).
    pub packed_bytes: u64,
    /// Bytes read from the engine.
    pub source_bytes: u64,
    /// BLAKE3 over the chunk digests in order, hex: ties the ledger to what the agent sent.
    pub digest: String,
    /// `zstd` when the plaintext is a row of zstd frames, `none` otherwise.
    pub compression: String,
}

/// One chunk in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestChunk {
    /// Ciphertext bytes.
    pub size: u32,
    /// BLAKE3 of the ciphertext, hex.
    pub blake3: String,
}

/// One stream in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestStream {
    /// What the agent said.
    #[serde(flatten)]
    pub summary: StreamSummary,
    /// The ledger's rows in order.
    pub chunk_list: Vec<ManifestChunk>,
}

/// The manifest object that stands next to the chunks: enough to rebuild the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of this document: 1.
    pub format: u32,
    /// Set.
    pub set_id: SetId,
    /// Generation whose chunks count.
    pub generation: i64,
    /// Vault.
    pub vault_id: VaultId,
    /// Item.
    pub item_id: ItemId,
    /// ARM id of the server the database was on.
    pub source_resource_id: String,
    /// Instance.
    pub instance: String,
    /// Database.
    pub database: String,
    /// Kind.
    pub kind: BackupKind,
    /// What the engine reported.
    pub facts: BackupFacts,
    /// Ciphertext bytes per chunk.
    pub chunk_size: u32,
    /// The wrapped data key.
    pub key: WrappedKey,
    /// Streams.
    pub streams: Vec<ManifestStream>,
}

impl Manifest {
    /// Ciphertext bytes in all.
    pub fn sealed_bytes(&self) -> u64 {
        self.streams.iter().map(|s| s.summary.sealed_bytes).sum()
    }
}

/// Checks what the agent claims against the ledger and gives the manifest's streams. `digest_of`
/// hashes the concatenated chunk digests of a stream (BLAKE3, hex); passed in because the domain
/// holds no cryptography.
pub fn verify_streams(
    chunk_size: u32,
    ledger: &[ChunkRow],
    claimed: &[StreamSummary],
    digest_of: &dyn Fn(&[u8]) -> String,
) -> Result<Vec<ManifestStream>> {
    let refuse = |message: String| Fault::invalid("ManifestMismatch", message).at("streams");
    if claimed.is_empty() {
        return Err(refuse("The manifest names no stream. A backup set has at least one.".into()));
    }
    let mut streams = Vec::with_capacity(claimed.len());
    for (n, summary) in (0u32..).zip(claimed) {
        if summary.stream != n {
            return Err(refuse(format!("Streams must be listed as 0, 1, 2 …; found {} where {n} was due.", summary.stream)));
        }
        let rows: Vec<&ChunkRow> = ledger.iter().filter(|c| c.stream == n).collect();
        if rows.len() != summary.chunks as usize || rows.is_empty() {
            return Err(refuse(format!(
                "Stream {n}: the manifest counts {} chunks, the vault holds {}. Send the missing ones, then commit again.",
                summary.chunks,
                rows.len()
            )));
        }
        for (seq, row) in (0u32..).zip(&rows) {
            let last = seq + 1 == summary.chunks;
            if row.seq != seq {
                return Err(refuse(format!("Stream {n}: chunk {seq} is missing. Send it, then commit again.")));
            }
            if (!last && row.size != chunk_size) || row.size == 0 || row.size > chunk_size {
                return Err(refuse(format!(
                    "Stream {n}, chunk {seq}: {} bytes, but every chunk except the last has exactly {chunk_size}.",
                    row.size
                )));
            }
        }
        let sealed: u64 = rows.iter().map(|r| u64::from(r.size)).sum();
        if sealed != summary.sealed_bytes {
            return Err(refuse(format!("Stream {n}: the manifest counts {} bytes, the vault holds {sealed}.", summary.sealed_bytes)));
        }
        let joined: Vec<u8> = rows.iter().flat_map(|r| r.digest).collect();
        if digest_of(&joined) != summary.digest {
            return Err(refuse(format!("Stream {n}: the digest over its chunks differs from the manifest's.")));
        }
        streams.push(ManifestStream {
            summary: summary.clone(),
            chunk_list: rows.iter().map(|r| ManifestChunk { size: r.size, blake3: hex(&r.digest) }).collect(),
        });
    }
    if let Some(stray) = ledger.iter().find(|c| c.stream as usize >= claimed.len()) {
        return Err(refuse(format!("The vault holds chunks of stream {} that the manifest does not name.", stray.stream)));
    }
    Ok(streams)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(sizes: &[u32]) -> Vec<ChunkRow> {
        (0u32..).zip(sizes).map(|(seq, &size)| ChunkRow { stream: 0, seq, size, digest: [seq as u8; 32] }).collect()
    }
    fn claim(rows: &[ChunkRow]) -> StreamSummary {
        StreamSummary {
            stream: 0,
            chunks: rows.len() as u32,
            sealed_bytes: rows.iter().map(|r| u64::from(r.size)).sum(),
            packed_bytes: 0,
            source_bytes: 0,
            digest: weighed(&rows.iter().flat_map(|r| r.digest).collect::<Vec<_>>()),
            compression: "none".into(),
        }
    }

    #[test]
    fn a_complete_ledger_is_accepted() {
        let rows = rows(&[10, 10, 3]);
        let streams = verify_streams(10, &rows, &[claim(&rows)], &weighed).unwrap();
        assert_eq!(streams[0].chunk_list.len(), 3);
    }

    #[test]
    fn gaps_short_chunks_wrong_digests_and_stray_streams_are_refused() {
        let good = rows(&[10, 10, 3]);
        let summary = claim(&good);
        let mut gap = good.clone();
        gap[1].seq = 7;
        assert!(verify_streams(10, &gap, std::slice::from_ref(&summary), &weighed).is_err());
        let short = rows(&[10, 9, 3]);
        assert!(verify_streams(10, &short, &[claim(&short)], &weighed).is_err());
        let mut forged = summary.clone();
        forged.digest = "x".into();
        assert!(verify_streams(10, &good, &[forged], &weighed).is_err());
        let mut stray = good.clone();
        stray.push(ChunkRow { stream: 1, seq: 0, size: 1, digest: [0; 32] });
        assert!(verify_streams(10, &stray, &[summary], &weighed).is_err());
        assert!(verify_streams(10, &[], &[], &weighed).is_err());
    }

    /// A ledger of streams with whole chunks of 10 and a shorter last one, and the claim that fits it.
    fn stored() -> impl Strategy<Value = (Vec<ChunkRow>, Vec<StreamSummary>)> {
        prop::collection::vec((0u32..6, 1u32..=10, any::<u8>()), 1..4).prop_map(|streams| {
            let (mut ledger, mut claims) = (Vec::new(), Vec::new());
            for (stream, (whole, last, mark)) in (0u32..).zip(streams) {
                let rows: Vec<ChunkRow> = (0..=whole)
                    .map(|seq| ChunkRow { stream, seq, size: if seq == whole { last } else { 10 }, digest: [mark ^ seq as u8; 32] })
                    .collect();
                claims.push(StreamSummary { stream, ..claim(&rows) });
                ledger.extend(rows);
            }
            (ledger, claims)
        })
    }

    proptest! {
        #[test]
        fn what_is_stored_and_claimed_alike_is_accepted_chunk_by_chunk((ledger, claims) in stored()) {
            let streams = verify_streams(10, &ledger, &claims, &weighed).unwrap();
            let listed: Vec<(u32, u32, String)> = streams
                .iter()
                .flat_map(|s| (0u32..).zip(&s.chunk_list).map(move |(seq, c)| (s.summary.stream, seq, c.blake3.clone())))
                .collect();
            let rows: Vec<_> = ledger.iter().map(|r| (r.stream, r.seq, hex(&r.digest))).collect();
            prop_assert_eq!(listed, rows);
            prop_assert_eq!(streams.iter().map(|s| s.summary.sealed_bytes).sum::<u64>(), ledger.iter().map(|r| u64::from(r.size)).sum::<u64>());
        }

        #[test]
        fn any_one_difference_between_ledger_and_claim_is_refused(
            (mut ledger, mut claims) in stored(),
            at in any::<prop::sample::Index>(),
            of in any::<prop::sample::Index>(),
            change in 0u8..9,
        ) {
            let row = at.index(ledger.len());
            let stream = of.index(claims.len());
            match change {
                0 => drop(ledger.remove(row)),
                1 => ledger[row].digest[7] ^= 1,
                2 => ledger[row].size = if ledger[row].size == 10 { 9 } else { ledger[row].size + 1 },
                3 => ledger.push(ChunkRow { stream: claims.len() as u32, seq: 0, size: 1, digest: [0; 32] }),
                4 => claims[stream].chunks += 1,
                5 => claims[stream].sealed_bytes += 1,
                6 => claims[stream].digest.push('0'),
                7 => drop(claims.remove(stream)),
                _ => claims[stream].stream += 1,
            }
            let fault = verify_streams(10, &ledger, &claims, &weighed).unwrap_err();
            prop_assert_eq!(fault.code.as_ref(), "ManifestMismatch");
        }
    }

    /// Unlike a sum, it notices order.
    fn weighed(bytes: &[u8]) -> String {
        bytes.iter().fold(7u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(*b) + 1)).to_string()
    }
}
