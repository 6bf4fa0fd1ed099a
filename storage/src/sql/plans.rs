//! How SQLite goes about the statements that run all the time: through an index and in its order,
//! never through a table.

use super::marks::{ABORT, DELETE, MARK, MARKS};
use super::{alerts, containers, health, items, points, prune, timers};
use crate::SqlStore;
use rsvault_domain::ports::Ended;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

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
        (containers::TO_DISCOVER, &["containers_discover"]),
        (
            timers::TIMERS,
            &[
                "tasks_due",
                "items_purge",
                "agent_commands_deadline",
                "agent_commands_lease",
                "items_reap",
                "items_watch",
                "containers_discover",
            ],
        ),
        (points::LIST, &["recovery_points_list"]),
        (points::LIST_SHOWN, &["recovery_points_shown (item_id=? AND point_at>? AND (point_at,name)<(?,?))"]),
        (points::LATEST, &["recovery_points_kind (item_id=? AND kind=?)"]),
        (points::SUMMARY, &["recovery_points_kind (item_id=? AND kind=?)", "recovery_points_list (item_id=?)"]),
        (MARKS, &["recovery_points_list (item_id=?)"]),
        (&MARK, &["recovery_points_set (set_id=?)"]),
        (&DELETE, &["recovery_points_set (set_id=?)"]),
        (&ABORT, &["sqlite_autoindex_backup_sets_1 (id=?)"]),
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
