//! The measure: a program that does the least that a server of these rows has to do. axum, sqlx with a pool of eight
//! that asks nothing before a statement, one statement a request, the row as JSON. No sign-in, no
//! rights, no names: the id is in the path. Its bodies are filled up to the size of the real ones.

use crate::Outcome;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use clap::Args;
use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{Row as _, SqlitePool};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What it is started with.
#[derive(Args)]
pub(crate) struct Options {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// The catalogue.
    #[arg(long)]
    catalogue: PathBuf,
    /// Size of one item's body.
    #[arg(long)]
    one: usize,
    /// Size of one item in the body of a list.
    #[arg(long)]
    list: usize,
}

/// Connections of its pool.
pub(crate) const POOL: u32 = 8;
const ONE: &str = "SELECT * FROM items WHERE id = $1";
const LIST: &str = "SELECT * FROM items WHERE vault_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4";

struct Bare {
    pool: SqlitePool,
    one: String,
    list: String,
}

struct Row {
    id: Vec<u8>,
    vault_id: Vec<u8>,
    container_id: Vec<u8>,
    name_key: String,
    instance: String,
    database_name: String,
    policy_id: Option<Vec<u8>>,
    state: String,
    data_source_id: String,
    recovery_model: String,
    last_backup: Option<String>,
    created_at: i64,
    updated_at: i64,
    track: String,
}

impl sqlx::FromRow<'_, SqliteRow> for Row {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            vault_id: row.try_get("vault_id")?,
            container_id: row.try_get("container_id")?,
            name_key: row.try_get("name_key")?,
            instance: row.try_get("instance")?,
            database_name: row.try_get("database_name")?,
            policy_id: row.try_get("policy_id")?,
            state: row.try_get("state")?,
            data_source_id: row.try_get("data_source_id")?,
            recovery_model: row.try_get("recovery_model")?,
            last_backup: row.try_get("last_backup")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            track: row.try_get("track")?,
        })
    }
}

#[derive(Serialize)]
struct Item<'a> {
    id: String,
    vault_id: String,
    container_id: String,
    name_key: String,
    instance: String,
    database_name: String,
    policy_id: Option<String>,
    state: String,
    data_source_id: String,
    recovery_model: String,
    last_backup: Option<String>,
    created_at: i64,
    updated_at: i64,
    track: String,
    /// What the real body is longer.
    filler: &'a str,
}

#[derive(Serialize)]
struct List<'a> {
    value: Vec<Item<'a>>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn item(row: Row, filler: &str) -> Item<'_> {
    Item {
        id: hex(&row.id),
        vault_id: hex(&row.vault_id),
        container_id: hex(&row.container_id),
        name_key: row.name_key,
        instance: row.instance,
        database_name: row.database_name,
        policy_id: row.policy_id.as_deref().map(hex),
        state: row.state,
        data_source_id: row.data_source_id,
        recovery_model: row.recovery_model,
        last_backup: row.last_backup,
        created_at: row.created_at,
        updated_at: row.updated_at,
        track: row.track,
        filler,
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

type Answer = Result<axum::response::Response, StatusCode>;

async fn one(State(bare): State<&'static Bare>, Path(id): Path<String>) -> Answer {
    use axum::response::IntoResponse;
    let id = bytes(&id).ok_or(StatusCode::BAD_REQUEST)?;
    let row: Option<Row> = sqlx::query_as(ONE).bind(id).fetch_optional(&bare.pool).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(item(row.ok_or(StatusCode::NOT_FOUND)?, &bare.one)).into_response())
}

async fn list(State(bare): State<&'static Bare>, Path(vault): Path<String>) -> Answer {
    use axum::response::IntoResponse;
    let vault = bytes(&vault).ok_or(StatusCode::BAD_REQUEST)?;
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(vault)
        .bind(i64::MIN)
        .bind(vec![0_u8; 16])
        .bind(50_i64)
        .fetch_all(&bare.pool)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(List { value: rows.into_iter().map(|row| item(row, &bare.list)).collect() }).into_response())
}

/// Serves until it is ended.
pub(crate) fn serve(options: &Options) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let connect = SqliteConnectOptions::new().filename(&options.catalogue).pragma("query_only", "ON");
        let pool = SqlitePoolOptions::new().max_connections(POOL).test_before_acquire(false).connect_with(connect).await?;
        let row: Row = sqlx::query_as("SELECT * FROM items LIMIT 1").fetch_one(&pool).await?;
        let bare_size = serde_json::to_vec(&item(row, ""))?.len();
        let filler = |size: usize| "x".repeat(size.saturating_sub(bare_size));
        // It lives as long as the process.
        let bare: &'static Bare = Box::leak(Box::new(Bare { pool, one: filler(options.one), list: filler(options.list) }));
        let app = Router::new().route("/items/{id}", get(one)).route("/vaults/{id}/items", get(list)).with_state(bare);
        let socket = tokio::net::TcpListener::bind(options.listen).await?;
        axum::serve(socket, app).await?;
        Ok(())
    })
}
