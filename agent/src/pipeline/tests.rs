//! The pipeline against a vault in memory that fails, alters and delays.

use super::*;
use crate::plugin::{BackupOutput, RestoreInput};
use crate::transport::Vault;
use crate::transport::fake::{CHUNK, FakeVault, set_of};
use bytes::Bytes;
use rsvault_domain::backup::{BackupFacts, Lsn, RecoveryModel};
use rsvault_domain::id::CommandId;
use rsvault_protocol::messages::{CommitSetBody, OpenSetBody};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const MIB: usize = 1024 * 1024;

fn flow(window: usize) -> Flow {
    let patience = Patience { first: Duration::from_millis(1), most: Duration::from_millis(5), give_up: Duration::from_millis(1500) };
    Flow { window, patience }
}
fn command() -> CommandId {
    uuid::Uuid::new_v4().into()
}
/// Half compressible text, half noise, by the flag.
fn data(size: usize, noise: bool) -> Vec<u8> {
    let mut out = vec![0; size];
    if noise {
        blake3::Hasher::new().update(&size.to_le_bytes()).finalize_xof().fill(&mut out);
    } else {
        out.iter_mut().enumerate().for_each(|(i, b)| *b = (i / 97 % 251) as u8);
    }
    out
}
pub(crate) fn facts() -> BackupFacts {
    let epoch = jiff::Timestamp::UNIX_EPOCH;
    BackupFacts {
        started_at: epoch,
        consistent_at: epoch,
        first_lsn: Lsn(1),
        last_lsn: Lsn(2),
        checkpoint_lsn: Lsn(1),
        database_backup_lsn: Lsn(0),
        recovery_fork: uuid::Uuid::nil(),
        recovery_model: RecoveryModel::Full,
        bulk_logged: false,
        files: vec![],
        source_bytes: 0,
        engine_version: "test".into(),
    }
}

async fn back_up(
    vault: &Arc<FakeVault>,
    id: CommandId,
    streams: &[Vec<u8>],
    compress: bool,
    window: usize,
    stop: &CancellationToken,
) -> Result<SealedSet, WorkloadError> {
    let n = streams.len() as u32;
    let body = OpenSetBody { generation: 1, streams: n };
    let set = crate::transport::patiently(&flow(1).patience, || vault.open_set(id, &body)).await.unwrap();
    let progress = Arc::new(Progress::default());
    let mut pipeline = BackupPipeline::start(vault.clone(), &set, n, compress, flow(window), progress.clone(), stop.clone())?;
    let longest = streams.iter().map(Vec::len).max().unwrap_or(0);
    for from in (0..longest).step_by(300_000) {
        for (stream, bytes) in (0u32..).zip(streams) {
            if from < bytes.len() {
                pipeline.write(stream, Bytes::copy_from_slice(&bytes[from..bytes.len().min(from + 300_000)])).await?;
            }
        }
    }
    let sealed = pipeline.finish().await?;
    assert_eq!(progress.done() as usize, streams.iter().map(Vec::len).sum::<usize>());
    let body = CommitSetBody { generation: 1, facts: facts(), key: sealed.key.clone(), streams: sealed.streams.clone() };
    crate::transport::patiently(&flow(1).patience, || vault.commit_set(set_of(id), &body)).await.unwrap();
    Ok(sealed)
}

/// Bytes that came out of a stream, and how it ended.
async fn read_stream(reader: &mut RestoreReader, stream: u32) -> (Vec<u8>, Result<(), WorkloadError>) {
    let mut out = Vec::new();
    loop {
        match reader.read(0, stream).await {
            Ok(Some(bytes)) => out.extend_from_slice(&bytes),
            Ok(None) => return (out, Ok(())),
            Err(error) => return (out, Err(error)),
        }
    }
}
async fn reader(vault: &Arc<FakeVault>, id: CommandId) -> RestoreReader {
    let mut reader = RestoreReader::new(vault.clone(), command(), flow(4), Arc::default(), CancellationToken::new());
    reader.open_step(0, set_of(id)).await.unwrap();
    reader
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_streams_come_back_packed_or_not() {
    for (sizes, compress, noise) in [
        (vec![0], false, false),
        (vec![1, 0], true, false),
        (vec![5 * MIB + 3], true, false),
        (vec![5 * MIB + 3, MIB, 7 * MIB], true, true),
        (vec![9 * MIB], false, true),
    ] {
        let (vault, id) = (Arc::new(FakeVault::default()), command());
        let streams: Vec<_> = sizes.iter().map(|s| data(*s, noise)).collect();
        let sealed = back_up(&vault, id, &streams, compress, 4, &CancellationToken::new()).await.unwrap();
        let mut reader = reader(&vault, id).await;
        assert_eq!(reader.streams(0) as usize, streams.len());
        for (n, bytes) in (0u32..).zip(&streams) {
            let (got, ended) = read_stream(&mut reader, n).await;
            ended.unwrap();
            assert!(got == *bytes, "{sizes:?} {n}");
            let summary = &sealed.streams[n as usize];
            let packs = compress && !noise && !bytes.is_empty() && bytes.len() > 1;
            assert_eq!((summary.source_bytes as usize, summary.compression.as_str()), (bytes.len(), if packs { "zstd" } else { "none" }));
            if packs && bytes.len() > MIB {
                assert!(summary.packed_bytes * 2 < summary.source_bytes);
            }
        }
        assert_eq!(vault.stored(set_of(id)), sealed.streams.iter().map(|s| s.sealed_bytes).sum::<u64>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_before_and_after_each_effect_lose_and_double_nothing() {
    let (vault, id, bytes) = (Arc::new(FakeVault::default()), command(), data(12 * MIB, true));
    vault.fail_every.store(3, SeqCst);
    back_up(&vault, id, std::slice::from_ref(&bytes), false, 4, &CancellationToken::new()).await.unwrap();
    assert!(vault.repeats.load(SeqCst) > 0, "some chunk was sent twice");
    let mut reader = RestoreReader::new(vault.clone(), command(), flow(4), Arc::default(), CancellationToken::new());
    reader.open_step(0, set_of(id)).await.unwrap();
    let (got, ended) = read_stream(&mut reader, 0).await;
    ended.unwrap();
    assert!(got == bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_vault_holds_the_engine_back_within_the_window() {
    let (vault, id) = (Arc::new(FakeVault::default()), command());
    *vault.put_delay.lock().unwrap() = Duration::from_secs(3600);
    let set = vault.open_set(id, &OpenSetBody { generation: 1, streams: 1 }).await.unwrap();
    let progress = Arc::new(Progress::default());
    let mut pipeline = BackupPipeline::start(vault.clone(), &set, 1, false, flow(3), progress.clone(), CancellationToken::new()).unwrap();
    let piece = Bytes::from(data(MIB, true));
    let mut taken = 0;
    while tokio::time::timeout(Duration::from_millis(500), pipeline.write(0, piece.clone())).await.is_ok() {
        taken += 1;
        assert!(taken < 40, "nothing held the engine back");
    }
    assert_eq!(vault.most_in_flight.load(SeqCst), 3);
    // Window and one to fill, the queue, the segment and sample in hand.
    assert!(taken <= 3 + 1 + 2 + 2, "{taken} MiB were taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_that_stays_away_fails_as_transport_and_a_refusal_as_fault() {
    let (vault, id) = (Arc::new(FakeVault::default()), command());
    let set = vault.open_set(id, &OpenSetBody { generation: 1, streams: 1 }).await.unwrap();
    let start = || BackupPipeline::start(vault.clone(), &set, 1, false, flow(2), Arc::default(), CancellationToken::new()).unwrap();
    vault.down.store(true, SeqCst);
    let mut pipeline = start();
    let mut failed = None;
    for _ in 0..40 {
        if let Err(error) = pipeline.write(0, Bytes::from(data(MIB, true))).await {
            failed = Some(error);
            break;
        }
    }
    assert!(matches!(failed, Some(WorkloadError::Transport(_))), "{failed:?}");
    drop(pipeline);
    vault.down.store(false, SeqCst);
    vault.chunks.lock().unwrap().get_mut(&set.set_id).unwrap().insert((0, 0), (Bytes::new(), [0; 32]));
    let mut pipeline = start();
    pipeline.write(0, Bytes::from_static(b"short")).await.unwrap();
    let failed = pipeline.finish().await.err();
    assert!(matches!(failed, Some(WorkloadError::Fault(_))), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_ends_a_backup_in_mid_stream() {
    let (vault, id, stop) = (Arc::new(FakeVault::default()), command(), CancellationToken::new());
    *vault.put_delay.lock().unwrap() = Duration::from_secs(3600);
    let soon = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.cancel();
    };
    let streams = [data(30 * MIB, true)];
    let (ended, ()) = tokio::join!(tokio::time::timeout(Duration::from_secs(10), back_up(&vault, id, &streams, false, 2, &stop)), soon);
    assert!(matches!(ended.unwrap(), Err(WorkloadError::Cancelled)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_altered_chunk_is_named_and_nothing_behind_it_is_delivered() {
    let bytes = data(6 * MIB, true);
    for hide in [false, true] {
        let (vault, id) = (Arc::new(FakeVault::default()), command());
        back_up(&vault, id, std::slice::from_ref(&bytes), false, 4, &CancellationToken::new()).await.unwrap();
        vault.flip(set_of(id), 0, 3, 77_777, hide);
        let (got, ended) = read_stream(&mut reader(&vault, id).await, 0).await;
        let Err(WorkloadError::Fault(fault)) = ended else { panic!("it was delivered") };
        assert_eq!(fault.code, "UserErrorRecoveryPointDataCorrupt");
        assert!(fault.message.contains("Stream 0, chunk 3"), "{}", fault.message);
        assert!(bytes.starts_with(&got) && got.len() <= 3 * CHUNK as usize);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_chunk_and_swapped_streams_are_refused() {
    let (vault, id) = (Arc::new(FakeVault::default()), command());
    let streams = [data(3 * MIB, true), data(3 * MIB, true)];
    back_up(&vault, id, &streams, false, 4, &CancellationToken::new()).await.unwrap();
    {
        let mut all = vault.chunks.lock().unwrap();
        let set = all.get_mut(&set_of(id)).unwrap();
        // Whole streams change places, digests and all: only the associated data can tell.
        let (zero, one): (Vec<_>, Vec<_>) = (0..3).map(|seq| (set[&(0, seq)].clone(), set[&(1, seq)].clone())).unzip();
        (0u32..).zip(zero).for_each(|(seq, chunk)| drop(set.insert((1, seq), chunk)));
        (0u32..).zip(one).for_each(|(seq, chunk)| drop(set.insert((0, seq), chunk)));
    }
    let (got, ended) = read_stream(&mut reader(&vault, id).await, 0).await;
    assert!(ended.is_err() && got.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stored_shows_nothing_of_the_data() {
    let (vault, id) = (Arc::new(FakeVault::default()), command());
    let secret = b"CREDIT CARD 4111-1111-1111-1111".repeat(100_000);
    back_up(&vault, id, std::slice::from_ref(&secret), false, 4, &CancellationToken::new()).await.unwrap();
    let all = vault.chunks.lock().unwrap();
    for (bytes, _) in all[&set_of(id)].values() {
        assert!(!bytes.windows(15).any(|w| w == b"CREDIT CARD 411"));
    }
}

#[test]
fn every_decoder_state_is_told_from_a_cut_one() {
    let (mut packed, source) = (Vec::new(), data(2 * MIB + 5, false));
    let mut packer = pack::Packer::new(true);
    let mut emit = |bytes: &[u8]| {
        packed.extend_from_slice(bytes);
        Ok(())
    };
    packer.push(&source, &mut emit).unwrap();
    packer.finish(&mut emit).unwrap();
    for piece in [1, 7, 100_000, packed.len()] {
        let (mut unpacker, mut out) = (unpack::Unpacker::new("zstd").unwrap(), Vec::new());
        for part in packed.chunks(piece) {
            unpacker
                .push(part, &mut |b| {
                    out.extend_from_slice(b);
                    Ok(())
                })
                .unwrap();
        }
        unpacker.finish().unwrap();
        assert!(out == source, "{piece}");
    }
    for end in [1, packed.len() / 2, packed.len() - 1] {
        let mut unpacker = unpack::Unpacker::new("zstd").unwrap();
        let pushed = unpacker.push(&packed[..end], &mut |_| Ok(()));
        assert!(pushed.and_then(|()| unpacker.finish()).is_err(), "{end}");
    }
    assert!(unpack::Unpacker::new("lz77").is_err());
}
