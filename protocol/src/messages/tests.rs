//! The JSON as it goes over the wire: a change here breaks agents in the field.

use super::*;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::restore::{RestorePlan, RestoreTarget};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::fmt::Debug;

fn golden<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, expected: Value) {
    assert_eq!(serde_json::to_value(value).unwrap(), expected);
    assert_eq!(serde_json::from_value::<T>(expected).unwrap(), *value);
}
fn id<T: std::str::FromStr<Err = uuid::Error>>() -> T {
    "00000000-0000-0000-0000-000000000001".parse().unwrap()
}
const ID: &str = "00000000-0000-0000-0000-000000000001";

#[test]
fn commands_keep_their_shape() {
    golden(
        &CommandView {
            id: id(),
            generation: 2,
            lease_seconds: 30,
            work: Work::Backup {
                item_id: id(),
                instance: "MSSQLSERVER".into(),
                database: "a;b".into(),
                backup: BackupKind::CopyOnlyFull,
                compress: true,
            },
        },
        json!({"id": ID, "generation": 2, "leaseSeconds": 30, "work": {"kind": "backup", "itemId": ID, "instance": "MSSQLSERVER", "database": "a;b", "backupKind": "CopyOnlyFull", "compress": true}}),
    );
    golden(&Work::Inquire {}, json!({"kind": "inquire"}));
    golden(
        &Work::Restore {
            plan: RestorePlan {
                source_database: "d".into(),
                steps: vec![],
                stop_at: None,
                target: RestoreTarget::Files { directory: "/b".into() },
            },
        },
        json!({"kind": "restore", "plan": {"sourceDatabase": "d", "steps": [], "stopAt": null, "target": {"kind": "files", "directory": "/b"}}}),
    );
    golden(
        &NextCommandBody { wait_seconds: 20, agent_version: "1".into(), running: vec![id()] },
        json!({"waitSeconds": 20, "agentVersion": "1", "running": [ID]}),
    );
}

#[test]
fn answers_keep_their_shape() {
    golden(
        &HeartbeatBody { generation: 1, bytes_done: 5, bytes_total: Some(9), phase: Phase::Transferring },
        json!({"generation": 1, "bytesDone": 5, "bytesTotal": 9, "phase": "transferring"}),
    );
    golden(&HeartbeatView { verdict: Verdict::Stale, lease_seconds: 30 }, json!({"verdict": "stale", "leaseSeconds": 30}));
    golden(
        &ResultBody { generation: 1, outcome: Outcome::BackedUp { set_id: id() } },
        json!({"generation": 1, "outcome": {"kind": "backedUp", "setId": ID}}),
    );
    golden(&Outcome::Cancelled {}, json!({"kind": "cancelled"}));
    golden(&Outcome::Restored { bytes: 3 }, json!({"kind": "restored", "bytes": 3}));
    golden(&Outcome::Interrupted { reason: "stop".into() }, json!({"kind": "interrupted", "reason": "stop"}));
    golden(&Outcome::Inquired { inventory: Default::default() }, json!({"kind": "inquired", "inventory": {"instances": []}}));
}

#[test]
fn sets_keep_their_shape() {
    golden(
        &OpenSetView {
            set_id: id(),
            generation: 3,
            chunk_size: 8_388_608,
            recipient: RecipientView { key_id: "k".into(), version: 1, public_key_pem: "P".into() },
            associated_data_prefix: "rsvault/v1/x/".into(),
            upload_mode: UploadMode::Proxied,
            present: vec![ChunkEntry { stream: 0, seq: 1, digest: "ab".into() }],
        },
        json!({"setId": ID, "generation": 3, "chunkSize": 8_388_608, "recipient": {"keyId": "k", "version": 1, "publicKeyPem": "P"},
            "associatedDataPrefix": "rsvault/v1/x/", "uploadMode": "proxied", "present": [{"stream": 0, "seq": 1, "digest": "ab"}]}),
    );
    golden(&OpenSetBody { generation: 1, streams: 2 }, json!({"generation": 1, "streams": 2}));
    golden(
        &CommittedView { recovery_point: "123".into(), committed_at: "2026-01-02T03:04:05Z".parse().unwrap() },
        json!({"recoveryPoint": "123", "committedAt": "2026-01-02T03:04:05Z"}),
    );
}

#[test]
fn schedules_and_slots_keep_their_shape() {
    use rsvault_domain::policy::{DayOfWeek, Timetable, schedule::RunTime};
    golden(&ScheduleBody { have: Some("r1".into()), wait_seconds: 20 }, json!({"have": "r1", "waitSeconds": 20}));
    assert_eq!(serde_json::from_value::<ScheduleBody>(json!({})).unwrap(), ScheduleBody::default());
    let full = RunTime { days: vec![DayOfWeek::Sunday], minute_of_day: 90 };
    golden(
        &ScheduleView {
            revision: "r1".into(),
            items: vec![ScheduledItemView {
                item_id: id(),
                instance: "I".into(),
                database: "d".into(),
                since: "2026-01-02T03:04:05Z".parse().unwrap(),
                timetable: Timetable { utc_offset_seconds: -3600, full: Some(full), differential: None, log_interval_minutes: Some(15) },
            }],
        },
        json!({"revision": "r1", "items": [{"itemId": ID, "instance": "I", "database": "d", "since": "2026-01-02T03:04:05Z",
            "timetable": {"utcOffsetSeconds": -3600, "full": {"days": ["Sunday"], "minuteOfDay": 90}, "logIntervalMinutes": 15}}]}),
    );
    golden(
        &SlotBody { item_id: id(), backup: BackupKind::Log, slot: "2026-01-02T03:15:00Z".parse().unwrap() },
        json!({"itemId": ID, "backup": "Log", "slot": "2026-01-02T03:15:00Z"}),
    );
    golden(
        &SlotView::Run { command: CommandView { id: id(), generation: 1, lease_seconds: 30, work: Work::Inquire {} } },
        json!({"verdict": "run", "command": {"id": ID, "generation": 1, "leaseSeconds": 30, "work": {"kind": "inquire"}}}),
    );
    golden(&SlotView::Done {}, json!({"verdict": "done"}));
    let fault = rsvault_domain::fault::JobFault::catalogue("UserErrorSQLPODoesNotSupportBackupType", "");
    let text = serde_json::to_value(&fault).unwrap();
    golden(&SlotView::Refused { fault }, json!({"verdict": "refused", "fault": text}));
}

#[test]
fn a_newer_peer_may_add_fields() {
    let heartbeat: HeartbeatBody = serde_json::from_value(json!({"generation": 1, "new": true})).unwrap();
    assert_eq!(heartbeat, HeartbeatBody { generation: 1, ..Default::default() });
}

#[test]
fn a_credential_reads_back() {
    let credential = AgentCredential { agent_id: id(), secret: "s.e".into() };
    let read = AgentCredential::parse(&credential.bearer()).unwrap();
    assert_eq!((read.agent_id, read.secret), (credential.agent_id, credential.secret));
    for bad in ["", "x", "x.y", &format!("{ID}."), ID] {
        assert!(AgentCredential::parse(bad).is_none(), "{bad}");
    }
}
