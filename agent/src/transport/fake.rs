//! A vault in memory, for tests: holds chunks, keys and commands; fails, alters and delays on request.

use super::{ChunkPlace, Vault, VaultError};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use rsvault_domain::backup::{BackupKind, ChunkRow, Manifest, verify_streams};
use rsvault_domain::id::{CommandId, ItemId, SetId};
use rsvault_protocol::messages::*;
use rsvault_protocol::seal::{associated_data_prefix, chunk_digest, unwrap_key};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

pub(crate) const CHUNK: u32 = 1024 * 1024 + 4096;
/// Made for these tests alone: an RSA key pair protects nothing here.
struct Keys {
    private: Vec<u8>,
    public_pem: String,
}

fn keys() -> &'static Keys {
    static KEYS: std::sync::OnceLock<Keys> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| {
        use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
        use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let spki = AsDer::<PublicKeyX509Der>::as_der(&key.public_key()).unwrap();
        let public_pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(spki.as_ref()));
        Keys { private: AsDer::<Pkcs8V1Der>::as_der(&key).unwrap().as_ref().to_vec(), public_pem }
    })
}

/// Chunks of a set by stream and position, each with the digest it was sent under.
type Chunks = BTreeMap<(u32, u32), (Bytes, [u8; 32])>;

#[derive(Default)]
pub(crate) struct FakeVault {
    pub(crate) chunks: Mutex<HashMap<SetId, Chunks>>,
    pub(crate) commits: Mutex<HashMap<SetId, CommitSetBody>>,
    pub(crate) aborted: Mutex<Vec<SetId>>,
    pub(crate) queue: Mutex<VecDeque<CommandView>>,
    pub(crate) results: Mutex<Vec<(CommandId, ResultBody)>>,
    pub(crate) verdicts: Mutex<HashMap<CommandId, Verdict>>,
    pub(crate) beats: AtomicU32,
    /// Every n-th call fails: before its effect if the count is even, after it if odd.
    pub(crate) fail_every: AtomicUsize,
    pub(crate) calls: AtomicUsize,
    pub(crate) down: AtomicBool,
    pub(crate) stale: AtomicBool,
    pub(crate) put_delay: Mutex<Duration>,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) most_in_flight: AtomicUsize,
    pub(crate) repeats: AtomicUsize,
    pub(crate) polls: Mutex<Vec<NextCommandBody>>,
    /// A set that the vault does not know.
    pub(crate) unknown: Mutex<Option<SetId>>,
    /// Answers long polls at once.
    pub(crate) hasty: AtomicBool,
    /// How often a schedule was asked for.
    pub(crate) asks: AtomicUsize,
    pub(crate) schedule: Mutex<Option<ScheduleView>>,
    pub(crate) acknowledged: Mutex<Option<String>>,
    /// Every offer that came through.
    pub(crate) offers: Mutex<Vec<SlotBody>>,
    /// Newest slot and its command, by item and kind.
    pub(crate) slots: Mutex<HashMap<(ItemId, BackupKind), (jiff::Timestamp, CommandView)>>,
    /// Kinds whose slots are refused.
    pub(crate) refused: Mutex<Vec<BackupKind>>,
    /// Slots after this moment have not come.
    pub(crate) early: Mutex<Option<jiff::Timestamp>>,
    /// An item whose slots the vault breaks over.
    pub(crate) broken: Mutex<Option<ItemId>>,
}

impl FakeVault {
    /// Whether this call fails before (true) or after (false) its effect.
    fn fault(&self) -> Option<bool> {
        let (n, every) = (self.calls.fetch_add(1, SeqCst) + 1, self.fail_every.load(SeqCst));
        (every > 0 && n.is_multiple_of(every)).then(|| (n / every).is_multiple_of(2))
    }
    fn around<T>(&self, effect: impl FnOnce() -> Result<T, VaultError>) -> Result<T, VaultError> {
        if self.down.load(SeqCst) {
            return Err(VaultError::unavailable("connection refused"));
        }
        if self.stale.load(SeqCst) {
            return Err(VaultError::Stale("generation 2 has it".into()));
        }
        let fault = self.fault();
        if fault == Some(true) {
            return Err(VaultError::unavailable("connection reset before"));
        }
        let done = effect()?;
        if fault == Some(false) { Err(VaultError::unavailable("connection reset after")) } else { Ok(done) }
    }
    pub(crate) fn result_of(&self, id: CommandId) -> Option<Outcome> {
        self.results.lock().unwrap().iter().find(|(c, _)| *c == id).map(|(_, r)| r.outcome.clone())
    }
    pub(crate) fn offer(&self, id: CommandId, generation: i64, work: Work) {
        self.queue.lock().unwrap().push_back(CommandView { id, generation, lease_seconds: 3, work });
    }
    /// Flips a bit of a stored chunk; the manifest keeps the digest of what was sent, unless `hide`
    /// makes it fit the altered bytes.
    pub(crate) fn flip(&self, set: SetId, stream: u32, seq: u32, at: usize, hide: bool) {
        let mut all = self.chunks.lock().unwrap();
        let (bytes, digest) = all.get_mut(&set).unwrap().get_mut(&(stream, seq)).unwrap();
        let mut altered = bytes.to_vec();
        altered[at] ^= 4;
        *bytes = altered.into();
        if hide {
            *digest = chunk_digest(bytes);
        }
    }
    pub(crate) fn stored(&self, set: SetId) -> u64 {
        self.chunks.lock().unwrap()[&set].values().map(|(b, _)| b.len() as u64).sum()
    }
}

/// Set of a command: the command's own id, so that tests can name it.
pub(crate) fn set_of(command: CommandId) -> SetId {
    SetId(command.0)
}

#[async_trait]
impl Vault for FakeVault {
    async fn next_schedule(&self, ask: &ScheduleBody) -> Result<Option<ScheduleView>, VaultError> {
        self.asks.fetch_add(1, SeqCst);
        for _ in 0..10 {
            if self.down.load(SeqCst) {
                return Err(VaultError::unavailable("connection refused"));
            }
            self.acknowledged.lock().unwrap().clone_from(&ask.have);
            let schedule = self.schedule.lock().unwrap().clone();
            if schedule.as_ref().is_some_and(|s| Some(&s.revision) != ask.have.as_ref()) {
                return Ok(schedule);
            }
            if ask.wait_seconds == 0 || self.hasty.load(SeqCst) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(None)
    }
    async fn offer_slot(&self, body: &SlotBody) -> Result<SlotView, VaultError> {
        self.around(|| {
            self.offers.lock().unwrap().push(body.clone());
            if self.early.lock().unwrap().is_some_and(|now| body.slot > now) {
                return Err(VaultError::Refused { status: 400, code: "SlotNotDue".into(), detail: "it has not come".into() });
            }
            if *self.broken.lock().unwrap() == Some(body.item_id) {
                return Err(VaultError::unavailable("500 Internal Server Error"));
            }
            if self.refused.lock().unwrap().contains(&body.backup) {
                let fault = rsvault_domain::fault::JobFault::catalogue("UserErrorSQLPODoesNotSupportBackupType", "");
                return Ok(SlotView::Refused { fault });
            }
            let work = Work::Backup {
                item_id: body.item_id,
                instance: "I".into(),
                database: format!("{}-{}", body.item_id, body.backup.as_str()),
                backup: body.backup,
                compress: false,
            };
            let mut slots = self.slots.lock().unwrap();
            let key = (body.item_id, body.backup);
            let command = match slots.remove(&key) {
                Some((newest, command)) if newest > body.slot || newest == body.slot && self.result_of(command.id).is_some() => {
                    slots.insert(key, (newest, command));
                    return Ok(SlotView::Done {});
                }
                Some((newest, command)) if newest == body.slot => CommandView { generation: command.generation + 1, ..command },
                _ => CommandView { id: uuid::Uuid::now_v7().into(), generation: 1, lease_seconds: 3, work },
            };
            slots.insert(key, (body.slot, command.clone()));
            Ok(SlotView::Run { command })
        })
    }
    async fn next_command(&self, ask: &NextCommandBody) -> Result<Option<CommandView>, VaultError> {
        self.polls.lock().unwrap().push(ask.clone());
        for _ in 0..10 {
            if self.down.load(SeqCst) {
                return Err(VaultError::unavailable("connection refused"));
            }
            if let Some(next) = self.queue.lock().unwrap().pop_front() {
                return Ok(Some(next));
            }
            if self.hasty.load(SeqCst) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(None)
    }
    async fn heartbeat(&self, command: CommandId, _: &HeartbeatBody) -> Result<HeartbeatView, VaultError> {
        self.around(|| {
            self.beats.fetch_add(1, SeqCst);
            let verdict = self.verdicts.lock().unwrap().get(&command).copied().unwrap_or(Verdict::Continue);
            Ok(HeartbeatView { verdict, lease_seconds: 3 })
        })
    }
    async fn report(&self, command: CommandId, result: &ResultBody) -> Result<(), VaultError> {
        self.around(|| {
            self.results.lock().unwrap().push((command, result.clone()));
            Ok(())
        })
    }
    async fn open_set(&self, command: CommandId, body: &OpenSetBody) -> Result<OpenSetView, VaultError> {
        self.around(|| {
            let set_id = set_of(command);
            self.chunks.lock().unwrap().entry(set_id).or_default();
            Ok(OpenSetView {
                set_id,
                generation: body.generation,
                chunk_size: CHUNK,
                recipient: RecipientView { key_id: "k".into(), version: 1, public_key_pem: keys().public_pem.clone() },
                associated_data_prefix: associated_data_prefix(set_id),
                upload_mode: UploadMode::Proxied,
                present: vec![],
            })
        })
    }
    async fn put_chunk(&self, place: ChunkPlace, digest: [u8; 32], bytes: Bytes) -> Result<(), VaultError> {
        self.most_in_flight.fetch_max(self.in_flight.fetch_add(1, SeqCst) + 1, SeqCst);
        let delay = *self.put_delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        let done = self.around(|| {
            assert_eq!(chunk_digest(&bytes), digest);
            let mut all = self.chunks.lock().unwrap();
            let chunks = all.get_mut(&place.set).unwrap();
            match chunks.get(&(place.stream, place.seq)) {
                Some((_, there)) if *there == digest => {
                    self.repeats.fetch_add(1, SeqCst);
                }
                Some(_) => return Err(VaultError::Refused { status: 409, code: "ChunkExists".into(), detail: "other bytes".into() }),
                None => {
                    chunks.insert((place.stream, place.seq), (bytes.to_vec().into(), digest));
                }
            }
            Ok(())
        });
        self.in_flight.fetch_sub(1, SeqCst);
        done
    }
    async fn commit_set(&self, set: SetId, body: &CommitSetBody) -> Result<CommittedView, VaultError> {
        self.around(|| {
            if *self.unknown.lock().unwrap() == Some(set) {
                return Err(VaultError::Refused { status: 404, code: "SetNotFound".into(), detail: "no such set".into() });
            }
            self.commits.lock().unwrap().insert(set, body.clone());
            Ok(CommittedView { recovery_point: "1".into(), committed_at: jiff::Timestamp::UNIX_EPOCH })
        })
    }
    async fn abort_set(&self, set: SetId, _: &AbortSetBody) -> Result<(), VaultError> {
        self.aborted.lock().unwrap().push(set);
        Ok(())
    }
    async fn restore_set(&self, _: CommandId, set: SetId) -> Result<RestoreSetView, VaultError> {
        self.around(|| {
            let commit = self.commits.lock().unwrap()[&set].clone();
            let ledger: Vec<ChunkRow> = self.chunks.lock().unwrap()[&set]
                .iter()
                .map(|((stream, seq), (bytes, digest))| ChunkRow { stream: *stream, seq: *seq, size: bytes.len() as u32, digest: *digest })
                .collect();
            // The vault's own check at commit, unless a test has forged digests since.
            let streams = verify_streams(CHUNK, &ledger, &commit.streams, &|all| hex::encode(chunk_digest(all)));
            let streams = streams.unwrap_or_else(|_| {
                commit
                    .streams
                    .iter()
                    .map(|summary| rsvault_domain::backup::ManifestStream {
                        summary: summary.clone(),
                        chunk_list: ledger
                            .iter()
                            .filter(|c| c.stream == summary.stream)
                            .map(|c| rsvault_domain::backup::ManifestChunk { size: c.size, blake3: hex::encode(c.digest) })
                            .collect(),
                    })
                    .collect()
            });
            let data_key = unwrap_key(&commit.key.wrapped, &keys().private).unwrap();
            let nil = uuid::Uuid::nil();
            let manifest = Manifest {
                format: 1,
                set_id: set,
                generation: 1,
                vault_id: nil.into(),
                item_id: nil.into(),
                source_resource_id: String::new(),
                instance: "i".into(),
                database: "d".into(),
                kind: BackupKind::Full,
                facts: commit.facts,
                chunk_size: CHUNK,
                key: commit.key,
                streams,
            };
            Ok(RestoreSetView { chunk_count: ledger.len() as u32, manifest, data_key: STANDARD.encode(data_key.expose()) })
        })
    }
    async fn read_chunk(&self, _: CommandId, place: ChunkPlace, _: usize, buffer: &mut Vec<u8>) -> Result<(), VaultError> {
        self.around(|| {
            let all = self.chunks.lock().unwrap();
            let (bytes, _) = all[&place.set].get(&(place.stream, place.seq)).ok_or_else(|| VaultError::Refused {
                status: 404,
                code: "ChunkMissing".into(),
                detail: "no such object".into(),
            })?;
            buffer.clear();
            buffer.extend_from_slice(bytes);
            Ok(())
        })
    }
}
