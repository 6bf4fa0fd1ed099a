//! A database that an older version has filled is brought to this version's schema.

use crate::bed::{Bed, execute};
use crate::on_both;
use crate::sample::{at, container, id, item, manifest, point, policy, server, set, vault};
use jiff::Timestamp;
use rsvault_domain::backup::chain::Link;
use rsvault_domain::backup::{BackupKind, PointMark};
use rsvault_domain::discovery::{AgentRecord, Container, Registration};
use rsvault_domain::ports::{Store, Timer};
use rsvault_domain::protection::{ItemState, ProtectedItem};
use rsvault_storage::SqlStore;
use sqlx::{Connection, SqliteConnection};

on_both!(what_stood_before_time_was_kept_is_due_at_once);

/// Takes step 2 back. What it leaves behind, or takes too much of, makes the step fail when it runs again.
const UNDO: &str = "
    DROP INDEX items_reap; DROP INDEX items_watch; DROP INDEX containers_discover;
    DROP INDEX recovery_points_kind; DROP INDEX recovery_points_shown;
    DROP INDEX agent_commands_done; DROP INDEX jobs_ended; DROP INDEX operations_ended;
    ALTER TABLE items DROP COLUMN track; ALTER TABLE items DROP COLUMN reap_at; ALTER TABLE items DROP COLUMN watch_at;
    ALTER TABLE containers DROP COLUMN discover_at;
    ALTER TABLE agents DROP COLUMN schedule_revision; ALTER TABLE agents DROP COLUMN schedule_acked_at;
    ALTER TABLE recovery_points DROP COLUMN deleted_at; ALTER TABLE recovery_points DROP COLUMN purge_at;
    ALTER TABLE recovery_points DROP COLUMN link;
    DROP TABLE alerts; DROP TABLE health_events; DROP TABLE clock_mark;
    DELETE FROM _sqlx_migrations WHERE version = 2;";

async fn what_stood_before_time_was_kept_is_due_at_once(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let (host, coming) = (tx.put_server(&server("vm1")).await.unwrap(), tx.put_server(&server("vm2")).await.unwrap());
    let registered = Container { registration: Registration::Registered, ..container(vault.id, &host) };
    let registering = container(vault.id, &coming);
    tx.insert_container(&registered).await.unwrap();
    tx.insert_container(&registering).await.unwrap();
    let daily = policy(vault.id, "Daily");
    tx.put_policy(&daily).await.unwrap();
    let protected = ProtectedItem { policy_id: Some(daily.id), state: ItemState::Protected, ..item(&registered, "Sales") };
    let stopped = ProtectedItem { state: ItemState::ProtectionStopped, ..item(&registered, "Old") };
    tx.insert_item(&protected).await.unwrap();
    tx.insert_item(&stopped).await.unwrap();
    let set = tx.open_set(&set(&protected, "slot")).await.unwrap();
    assert!(tx.commit_set(set.id, 1, &manifest(&set), at(6)).await.unwrap());
    let point = point(&set, "100000000000001", BackupKind::CopyOnlyFull, 6);
    tx.insert_point(&point).await.unwrap();
    let agent = AgentRecord {
        id: id(),
        server_id: host.id,
        secret_hash: [7; 32],
        enrolled_at: at(0),
        last_seen_at: at(0),
        version: "1".into(),
        schedule_revision: None,
        schedule_acked_at: None,
    };
    tx.insert_agent(&agent).await.unwrap();
    tx.commit().await.unwrap();
    bed.store.close().await;
    if bed.is_sqlite() {
        let mut raw = SqliteConnection::connect(&bed.url).await.unwrap();
        sqlx::raw_sql(UNDO).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    } else {
        for statement in UNDO.split(';') {
            execute(&bed.url, statement.to_owned()).await;
        }
    }

    let store = SqlStore::open(&bed.url).await.unwrap();
    let mut tx = store.read().await.unwrap();
    let once = Some(Timestamp::UNIX_EPOCH);
    let protected = ProtectedItem { reap_at: once, watch_at: once, ..protected };
    assert_eq!(tx.item_by_id(protected.id).await.unwrap(), Some(protected.clone()));
    let stopped = ProtectedItem { reap_at: once, ..stopped };
    assert_eq!(tx.item_by_id(stopped.id).await.unwrap(), Some(stopped));
    let registered = Container { discover_at: once, ..registered };
    assert_eq!(tx.container_by_id(registered.id).await.unwrap(), Some(registered));
    assert_eq!(tx.container_by_id(registering.id).await.unwrap(), Some(registering), "not registered yet");
    assert_eq!(tx.agent(agent.id).await.unwrap(), Some(agent));
    let mark = PointMark { link: Link::from(&point), expires_at: point.expires_at, soft_deleted: None, on_demand: point.on_demand };
    assert_eq!(tx.marks(protected.id).await.unwrap(), [mark], "the link is made from the facts");
    assert_eq!(tx.point(protected.id, &point.name).await.unwrap(), Some(point));
    let due = [Timer::Reap, Timer::Watch, Timer::Discover].map(|timer| (timer, Timestamp::UNIX_EPOCH));
    assert_eq!(tx.timers().await.unwrap(), due);
    drop(tx);
    store.close().await;
}
