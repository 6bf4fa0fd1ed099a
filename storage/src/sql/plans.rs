//! How SQLite goes about the statements that run all the time: through an index and in its order,
//! never through a table.

use super::marks::{ABORT, DELETE, MARK, MARKS, MARKS_SEEN};
use super::{
    alerts, containers, exports, features, guards, health, intents, items, jobs, points, policies, prune, replicas, sets, tenancy, tiers,
    timers, vaults,
};
use crate::SqlStore;
use rsvault_domain::ports::Ended;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

/// The replica of a set, by its key.
const REPLICA: &str = "sqlite_autoindex_replicas_1 (set_id=?)";

#[tokio::test]
async fn what_runs_all_the_time_scans_no_table_and_sorts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("rsvault.db").display());
    SqlStore::open(&url).await.unwrap().close().await;
    let mut raw = SqliteConnection::connect(&url).await.unwrap();
    // The statement, and the indexes that it must go through.
    let expected: &[(&str, &[&str])] = &[
        (items::TO_PURGE, &["items_purge"]),
        (items::TO_REAP, &["items_reap"]),
        (items::TO_WATCH, &["items_watch"]),
        (vaults::TO_PURGE, &["vaults_purge"]),
        (vaults::LIST_ALL_DELETED, &["vaults_deleted_list"]),
        (vaults::LIST_DELETED, &["vaults_deleted_list"]),
        (guards::GUARDED, &["vaults_guard"]),
        (containers::TO_DISCOVER, &["containers_discover"]),
        (items::NAMES, &["items_name (container_id=? AND name_key>? AND name_key<?)"]),
        (intents::LIST, &["intents_name (vault_id=? AND name_key>?)"]),
        (intents::OF_CONTAINER, &["intents_target (container_id=?)"]),
        (intents::OF_POLICY, &["intents_policy (policy_id=?)"]),
        (intents::DATABASES, &["sqlite_autoindex_intent_databases_1 (intent_id=?)"]),
        (
            timers::TIMERS,
            &[
                "tasks_due",
                "items_purge",
                "vaults_purge",
                "agent_commands_deadline",
                "agent_commands_lease",
                "items_reap",
                "items_watch",
                "containers_discover",
            ],
        ),
        (vaults::LIST, &["vaults_live_list (subscription_id=? AND (name_key,id)>(?,?))"]),
        (vaults::LIST_GROUP, &["vaults_live_name (subscription_id=? AND group_key=? AND name_key>?)"]),
        (tenancy::LIST_GROUPS, &["(subscription_id=? AND name_key>?)"]),
        (containers::LIST, &["containers_name (vault_id=? AND name_key>?)"]),
        (containers::LIST_IN, &["containers_usage (vault_id=? AND registration=? AND name_key>?)"]),
        (policies::LIST, &["policies_list (vault_id=? AND (created_at,name_key)>(?,?))"]),
        (policies::USE, &["items_policy (policy_id=?)"]),
        (items::LIST, &["items_list (vault_id=? AND (created_at,id)>(?,?))"]),
        (items::LIST_POLICY, &["items_policy (policy_id=? AND (created_at,id)>(?,?))"]),
        (items::LIST_CONTAINER, &["items_container (container_id=? AND (created_at,id)>(?,?))"]),
        (items::LIST_NAMED, &["items_database (vault_id=? AND database_key=? AND (created_at,id)>(?,?))"]),
        (items::LIST_BOTH, &["items_"]),
        (jobs::LIST.1, &["jobs_list (vault_id=? AND started_at>? AND (started_at,id)<(?,?))"]),
        (jobs::LIST_STATUS.1, &["jobs_usage (vault_id=? AND status=? AND started_at>? AND (started_at,id)<(?,?))"]),
        (jobs::LIST_FAMILY.1, &["jobs_family (vault_id=? AND family=? AND started_at>? AND (started_at,id)<(?,?))"]),
        (jobs::LIST_BOTH.1, &["jobs_family_status (vault_id=? AND family=? AND status=? AND started_at>? AND (started_at,id)<(?,?))"]),
        (points::LIST, &["recovery_points_list"]),
        (points::LIST_SHOWN, &["recovery_points_shown (item_id=? AND point_at>? AND (point_at,name)<(?,?))"]),
        (points::LIST_SEEN, &["recovery_points_shown (item_id=? AND point_at>? AND (point_at,name)<(?,?))", REPLICA]),
        (points::SUMMARY_SEEN, &["recovery_points_kind (item_id=?)", REPLICA]),
        (MARKS_SEEN, &["recovery_points_list (item_id=?)", REPLICA]),
        (items::SEEN, &["items_list (vault_id=? AND (created_at,id)>(?,?))", REPLICA]),
        (sets::LEDGER_FROM, &["sqlite_autoindex_chunks_1 (set_id=? AND generation=? AND (stream,seq)>(?,?))"]),
        (replicas::UNSETTLED, &["replicas_unsettled"]),
        (replicas::UNREPLICATED, &["recovery_points_list (item_id=?)", "sqlite_autoindex_replicas_1 (set_id=?)"]),
        (points::LATEST, &["recovery_points_kind (item_id=? AND kind=?)"]),
        (points::SUMMARY, &["recovery_points_kind (item_id=? AND kind=?)", "recovery_points_list (item_id=?)"]),
        (MARKS, &["recovery_points_list (item_id=?)"]),
        (&MARK, &["recovery_points_set (set_id=?)"]),
        (&DELETE, &["recovery_points_set (set_id=?)"]),
        (&ABORT, &["sqlite_autoindex_backup_sets_1 (id=?)"]),
        (tiers::TIERED, &["recovery_points_tiered (item_id=?)"]),
        (
            tiers::FROM,
            &[
                "recovery_points_list (item_id=? AND point_at>? AND point_at<?)",
                "recovery_points_kind (item_id=? AND kind=? AND point_at>?)",
            ],
        ),
        (exports::ASKED_FOR, &["jobs_asked_for (item_id=? AND family=? AND started_at>?)"]),
        (
            features::COUNTS,
            &[
                "containers_usage (vault_id=? AND registration=?)",
                "items_usage (vault_id=? AND deleted_at=?",
                "jobs_usage (vault_id=? AND status=?",
                "policies_",
            ],
        ),
        (alerts::LIST, &["alerts_list"]),
        (alerts::LIST_ACTIVE, &["alerts_active"]),
        (alerts::OF_ITEM, &["alerts_subject (vault_id=? AND kind=? AND item_id=?)"]),
        (alerts::OF_SUBJECT, &["alerts_subject (vault_id=? AND kind=? AND item_id=?)"]),
        (health::LIST, &["health_events_list"]),
        (prune::statement(Ended::Commands), &["agent_commands_done", "backup_sets_command"]),
        (prune::statement(Ended::Jobs), &["jobs_ended"]),
        (prune::statement(Ended::Operations), &["operations_ended"]),
        (prune::statement(Ended::HealthEvents), &["health_events_age"]),
        (prune::statement(Ended::Alerts), &["alerts_age"]),
    ];
    for (sql, indexes) in expected {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut raw).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
        for index in *indexes {
            assert!(steps.iter().any(|step| step.contains(index)), "{index} is not used by {sql}: {steps:#?}");
        }
        for step in &steps {
            // The only things gone through are the values that the statement brings along.
            let brought = step == "SCAN m" || step.contains("CONSTANT ROW") || step.contains("VALUES");
            let scans = step.starts_with("SCAN") && !brought;
            assert!(!scans && !step.contains("TEMP B-TREE"), "{step}, by {sql}");
        }
    }
}
