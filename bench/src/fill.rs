//! Fills a catalogue: the rows that the server wrote for the template are multiplied, each with its own
//! names, ids and times. What a table holds is asked of the table, so that a new column needs nothing here.

use crate::Outcome;
use rusqlite::{Connection, OptionalExtension};
use std::path::Path;

/// How much.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Sizes {
    pub(crate) items: u64,
    pub(crate) servers: u64,
    pub(crate) points: u64,
    pub(crate) jobs: u64,
    pub(crate) alerts: u64,
    pub(crate) policies: u64,
    pub(crate) vaults: u64,
    /// Recovery points of the one item that has the most.
    pub(crate) deep: u64,
}

/// Items of the small vault: the list of 50.
pub(crate) const FEW: u64 = 50;
/// Items of a server.
const PER_SERVER: u64 = 2;
/// The item with the many points.
pub(crate) const DEEP: &str = "db00000";
/// The name of the small vault.
pub(crate) const SMALL: &str = "few";

/// One id for each number of each table.
fn id(table: u8, number: &str) -> String {
    // Spread over the whole range, as random ids are.
    format!("unhex(printf('%08x%024x', (({number}) * 2654435761) % 4294967296, {table} * 4294967296 + ({number})))")
}

/// `INSERT … SELECT` of a template row: `changes` replaces columns, `n.i` counts from 0.
fn multiply(db: &Connection, table: &str, template: &str, count: u64, changes: &[(&str, String)]) -> Outcome<()> {
    let mut columns = db.prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
    let columns: Vec<String> = columns.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for (column, _) in changes {
        if !columns.iter().any(|c| c == column) {
            return Err(format!("table {table} has no column {column} any more").into());
        }
    }
    let values: Vec<String> = columns
        .iter()
        .map(|column| changes.iter().find(|(name, _)| name == column).map_or_else(|| format!("t.{column}"), |(_, value)| value.clone()))
        .collect();
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})
         INSERT INTO {table} ({}) SELECT {} FROM n, (SELECT * FROM {table} WHERE {template} LIMIT 1) t",
        columns.join(", "),
        values.join(", ")
    );
    let made = db.execute(&sql, []).map_err(|error| format!("{table}: {error}"))?;
    if made as u64 != count {
        return Err(format!("{table}: {made} rows made of {count}; is there a template ({template})?").into());
    }
    Ok(())
}

/// Fills the catalogue of a stopped server.
pub(crate) fn fill(catalogue: &Path, sizes: &Sizes) -> Outcome<()> {
    let db = Connection::open(catalogue)?;
    db.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -262144; BEGIN",
    )?;
    vaults(&db, sizes)?;
    items(&db, sizes)?;
    points(&db, sizes)?;
    records(&db, sizes)?;
    db.execute_batch("COMMIT; PRAGMA journal_mode = WAL")?;
    let broken: Option<String> = db.query_row("PRAGMA foreign_key_check", [], |row| row.get(0)).optional()?;
    match broken {
        Some(table) => Err(format!("the fill left a row of {table} without its parent").into()),
        None => Ok(()),
    }
}

fn vaults(db: &Connection, sizes: &Sizes) -> Outcome<()> {
    let named = |name: &str| [("name", name.to_owned()), ("name_key", name.to_owned())];
    let [a, b] = named(&format!("'{SMALL}'"));
    multiply(db, "vaults", "name = 'bench'", 1, &[("id", id(1, "0")), a, b])?;
    let [a, b] = named("printf('v%06d', n.i)");
    multiply(db, "vaults", "name = 'bench'", sizes.vaults, &[("id", id(1, "n.i + 1")), a, b])?;
    // The policy of the template's item; the items are spread over its copies.
    let template = "id = (SELECT policy_id FROM items LIMIT 1)";
    let [a, b] = named("printf('policy%05d', n.i)");
    let later = "t.created_at + n.i".to_owned();
    multiply(db, "policies", template, sizes.policies, &[("id", id(2, "n.i")), a, b, ("created_at", later)])?;
    let small = ("vault_id", id(1, "0"));
    multiply(db, "policies", template, 1, &[("id", id(2, &sizes.policies.to_string())), small])
}

fn items(db: &Connection, sizes: &Sizes) -> Outcome<()> {
    let few = FEW / PER_SERVER;
    let servers = sizes.servers + few;
    let renamed = |column: &str, from: &str, to: &str| (format!("replace(t.{column}, '{from}', {to})"), column.to_owned());
    let vm = "printf('vm%05d', n.i)";
    let swap =
        |columns: &[&'static str]| -> Vec<(&'static str, String)> { columns.iter().map(|c| (*c, renamed(c, "sqlvm1", vm).0)).collect() };
    let mut changes = swap(&["name", "name_key"]);
    changes.push(("id", id(3, "n.i")));
    multiply(db, "servers", "name = 'sqlvm1'", servers, &changes)?;

    let vault = |number: &str, limit: u64| format!("CASE WHEN {number} < {limit} THEN t.vault_id ELSE {} END", id(1, "0"));
    let mut changes = swap(&["name_key", "server_name", "source_resource_id"]);
    changes.extend([
        ("id", id(4, "n.i")),
        ("server_id", id(3, "n.i")),
        ("vault_id", vault("n.i", sizes.servers)),
        ("discover_at", "NULL".to_owned()),
        (
            "inventory",
            "replace(replace(t.inventory, 'salesdb', printf('db%05d', n.i * 2)), 'hrdb', printf('db%05d', n.i * 2 + 1))".to_owned(),
        ),
    ]);
    multiply(db, "containers", "server_name = 'sqlvm1'", servers, &changes)?;

    // The items of the small vault live on its servers, behind those of the large one.
    let server = format!(
        "(CASE WHEN n.i < {0} THEN n.i / {PER_SERVER} % {1} ELSE {1} + (n.i - {0}) / {PER_SERVER} END)",
        sizes.items, sizes.servers
    );
    let policy = format!(
        "CASE WHEN n.i < {} THEN {} ELSE {} END",
        sizes.items,
        id(2, &format!("n.i % {}", sizes.policies)),
        id(2, &sizes.policies.to_string())
    );
    multiply(
        db,
        "items",
        "database_name = 'salesdb'",
        sizes.items + FEW,
        &[
            ("id", id(5, "n.i")),
            ("vault_id", vault("n.i", sizes.items)),
            ("container_id", id(4, &server)),
            ("name_key", renamed("name_key", "salesdb", "printf('db%05d', n.i)").0),
            ("database_name", "printf('db%05d', n.i)".to_owned()),
            ("policy_id", policy),
            ("created_at", "t.created_at + n.i".to_owned()),
            ("reap_at", "NULL".to_owned()),
            ("watch_at", "NULL".to_owned()),
        ],
    )
}

/// The first item has `deep` points, the others share the rest: each 20th is a full, each 5th a
/// differential, the others logs; in the first item half are logs.
fn points(db: &Connection, sizes: &Sizes) -> Outcome<()> {
    let others = sizes.items + FEW - 1;
    let each = (sizes.points.saturating_sub(sizes.deep) / others).max(1);
    let total = sizes.deep + each * others;
    let deep = sizes.deep;
    let item = format!("(CASE WHEN n.i < {deep} THEN 0 ELSE 1 + (n.i - {deep}) / {each} END)");
    // The place of a point in its item.
    let at = format!("(CASE WHEN n.i < {deep} THEN n.i ELSE (n.i - {deep}) % {each} END)");
    let kind = format!(
        "(CASE WHEN {at} % 20 = 0 THEN 'Full' WHEN {at} % 5 = 0 OR (n.i < {deep} AND {at} % 2 = 0) THEN 'Differential' ELSE 'Log' END)"
    );
    // A quarter of an hour apart, oldest first, up to the template's own point.
    let time = format!("(t.point_at - 900000000 * ({deep} - {at}))");
    let told = format!("strftime('%Y-%m-%dT%H:%M:%SZ', {time} / 1000000, 'unixepoch')");
    let line = format!(
        "printf('%s %s %d %d %d %d %s', {told}, {told}, CASE {kind} WHEN 'Log' THEN ({at} - 1) * 1000 ELSE {at} * 1000 END, {at} * 1000, {at} * 1000,
            CASE {kind} WHEN 'Differential' THEN ({at} - {at} % 20) * 1000 ELSE 0 END, '00000000-0000-0000-0000-000000000009 Full plain')"
    );
    multiply(
        db,
        "backup_sets",
        "state = 'Committed'",
        total,
        &[
            ("id", id(6, "n.i")),
            ("item_id", id(5, &item)),
            ("command_id", id(7, "n.i")),
            ("dedupe_key", "printf('bench-%d', n.i)".to_owned()),
            ("manifest", "NULL".to_owned()),
        ],
    )?;
    multiply(
        db,
        "recovery_points",
        "1",
        total,
        &[
            ("item_id", id(5, &item)),
            ("set_id", id(6, "n.i")),
            ("name", format!("printf('%d', 100000000000000 + {at})")),
            ("kind", kind),
            ("point_at", time),
            ("expires_at", "t.point_at + 315360000000000".to_owned()),
            ("link", line),
        ],
    )
}

fn records(db: &Connection, sizes: &Sizes) -> Outcome<()> {
    // One in a hundred failed, one in fifty is a restore, one in ten thousand asks for protection.
    let status = "CASE WHEN n.i % 100 = 7 THEN 'Failed' WHEN n.i % 1000 = 9 THEN 'CompletedWithWarnings' ELSE 'Completed' END";
    let family = "CASE WHEN n.i % 50 = 3 THEN 'Restore' ELSE t.family END";
    let item = format!("n.i % {}", sizes.items);
    // Within a month: older jobs would be pruned under the measurement.
    multiply(
        db,
        "jobs",
        "backup_kind = 'Full'",
        sizes.jobs,
        &[
            ("id", id(8, "n.i")),
            ("item_id", id(5, &item)),
            ("status", status.to_owned()),
            ("family", family.to_owned()),
            ("entity_name", format!("printf('db%05d [vm%05d]', {item}, {item} / {PER_SERVER})")),
            ("started_at", format!("t.started_at - 2000000 * ({} - n.i)", sizes.jobs)),
            ("ended_at", format!("t.started_at - 2000000 * ({} - n.i) + 1000000", sizes.jobs)),
        ],
    )?;
    // The template has no alert: nothing went wrong.
    db.execute(
        &format!(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {})
             INSERT INTO alerts (id, vault_id, item_id, subject, kind, code, message, job_id, fired_at, resolved_at)
             SELECT {}, t.vault_id, {}, printf('db%05d', {item}), 'BackupFailure', 'UserErrorX', 'The backup failed.', NULL,
                t.started_at - 1000000 * ({} - n.i), CASE WHEN n.i % 3 = 0 THEN NULL ELSE t.started_at END
             FROM n, (SELECT * FROM jobs WHERE backup_kind = 'Full' LIMIT 1) t",
            sizes.alerts,
            id(9, "n.i"),
            id(5, &item),
            sizes.alerts
        ),
        [],
    )
    .map_err(|error| format!("alerts: {error}"))?;
    Ok(())
}
