//! Both schemas are the same schema.

use crate::bed::Bed;
use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use std::collections::BTreeSet;

/// Table, column, kind of type, whether it may be null.
type Columns = BTreeSet<(String, String, &'static str, bool)>;
/// Table, index, whether it is unique.
type Indexes = BTreeSet<(String, String, bool)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let Some(postgres) = Bed::postgres().await else { return };
    let sqlite = Bed::sqlite().await;
    let (columns, indexes) = of_sqlite(&sqlite.url).await;
    assert!(columns.len() > 100 && indexes.len() > 20);
    let other = of_postgres(&postgres.url).await;
    let apart: Vec<_> = columns.symmetric_difference(&other.0).collect();
    assert!(apart.is_empty(), "columns apart: {apart:?}");
    let apart: Vec<_> = indexes.symmetric_difference(&other.1).collect();
    assert!(apart.is_empty(), "indexes apart: {apart:?}");
}

async fn of_sqlite(url: &str) -> (Columns, Indexes) {
    let mut raw = SqliteConnection::connect(url).await.unwrap();
    let columns = sqlx::query(
        "SELECT t.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0 FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'",
    )
    .fetch_all(&mut raw)
    .await
    .unwrap();
    let indexes = sqlx::query(
        "SELECT t.name, i.name, i.\"unique\" FROM sqlite_schema t JOIN pragma_index_list(t.name) i
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND i.origin = 'c'",
    )
    .fetch_all(&mut raw)
    .await
    .unwrap();
    (
        columns.iter().map(|r| (r.get(0), r.get(1), kind(r.get(2)), r.get(3))).collect(),
        indexes.iter().map(|r| (r.get(0), r.get(1), r.get(2))).collect(),
    )
}

async fn of_postgres(url: &str) -> (Columns, Indexes) {
    let mut raw = PgConnection::connect(url).await.unwrap();
    let columns = sqlx::query(
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES' FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(&mut raw)
    .await
    .unwrap();
    let indexes = sqlx::query(
        "SELECT t.relname::text, i.relname::text, x.indisunique FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
           JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE n.nspname = 'public' AND NOT x.indisprimary",
    )
    .fetch_all(&mut raw)
    .await
    .unwrap();
    (
        columns.iter().map(|r| (r.get(0), r.get(1), kind(r.get(2)), r.get(3))).collect(),
        indexes.iter().map(|r| (r.get(0), r.get(1), r.get(2))).collect(),
    )
}

fn kind(name: &str) -> &'static str {
    match name {
        "BLOB" | "uuid" | "bytea" => "bytes",
        "INTEGER" | "bigint" | "boolean" => "number",
        "TEXT" | "text" | "jsonb" => "text",
        other => panic!("a column of type {other}"),
    }
}
