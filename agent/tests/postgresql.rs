//! The PostgreSQL plugin against a real server: discovery, base backup under load, restore, and that
//! what was restored is what had been committed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test panics")]

#[path = "support/postgres.rs"]
mod postgres;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use postgres::Cluster;
use rsvault_agent::plugin::postgresql::{CLUSTER, PostgresSettings, PostgresWorkload};
use rsvault_agent::plugin::{BackupOutput, BackupRequest, RestoreInput, Workload, WorkloadError};
use rsvault_domain::backup::{BackupFacts, BackupKind, FileKind};
use rsvault_domain::ports::Clock;
use rsvault_domain::restore::{FileMapping, RestorePlan, RestoreStep, RestoreTarget};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

struct SystemClock;
#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods, reason = "this is the clock")]
        Timestamp::now()
    }
    async fn until(&self, at: Timestamp) {
        let wait = std::time::Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
        tokio::time::sleep(wait.min(std::time::Duration::from_secs(1))).await;
    }
}

/// Keeps a backup in memory; may be slow, and may cancel at its first write.
#[derive(Default)]
struct Kept {
    pieces: Vec<Bytes>,
    cancel_at_first: Option<CancellationToken>,
    slow: bool,
}
#[async_trait]
impl BackupOutput for Kept {
    async fn write(&mut self, stream: u32, bytes: Bytes) -> Result<(), WorkloadError> {
        assert_eq!(stream, 0);
        assert!(bytes.len() <= 1024 * 1024, "a piece is bounded");
        if let Some(cancel) = self.cancel_at_first.take() {
            cancel.cancel();
        }
        if self.slow {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.pieces.push(bytes);
        Ok(())
    }
}

/// Gives a kept backup back, whole or cut short by a failure.
struct Given {
    pieces: VecDeque<Bytes>,
    fails_at_end: bool,
}
#[async_trait]
impl RestoreInput for Given {
    fn streams(&self, _step: usize) -> u32 {
        1
    }
    async fn read(&mut self, _step: usize, _stream: u32) -> Result<Option<Bytes>, WorkloadError> {
        match self.pieces.pop_front() {
            None if self.fails_at_end => Err(WorkloadError::fault("UserErrorRecoveryPointDataCorrupt", "chunk 7")),
            piece => Ok(piece),
        }
    }
}

fn workload(cluster: &Cluster, restore_root: &Path) -> PostgresWorkload {
    workload_as(cluster, restore_root, "postgres")
}
fn workload_as(cluster: &Cluster, restore_root: &Path, user: &str) -> PostgresWorkload {
    let settings = PostgresSettings {
        host: cluster.host().into(),
        port: cluster.port(),
        user: user.into(),
        restore_root: restore_root.into(),
        ..PostgresSettings::default()
    };
    PostgresWorkload::new(settings, Arc::new(SystemClock))
}
fn request(cluster: &Cluster, kind: BackupKind) -> BackupRequest {
    BackupRequest { instance: format!("PostgreSQL-{}", cluster.port()), database: CLUSTER.into(), kind, stripes: 1 }
}
fn plan(cluster: &Cluster, database: &str, overwrite: bool, files: Vec<FileMapping>) -> RestorePlan {
    let step = RestoreStep { set_id: uuid::Uuid::nil().into(), kind: BackupKind::Full, point: "1".into(), time: Timestamp::UNIX_EPOCH };
    let instance = format!("PostgreSQL-{}", cluster.port());
    let target = RestoreTarget::Database { instance, database: database.into(), overwrite, files, recover: true };
    RestorePlan { source_database: CLUSTER.into(), steps: vec![step], stop_at: None, target }
}
async fn back_up(workload: &PostgresWorkload, cluster: &Cluster, kept: &mut Kept) -> BackupFacts {
    workload.backup(&request(cluster, BackupKind::Full), kept, &CancellationToken::new()).await.unwrap()
}
async fn restore(workload: &PostgresWorkload, plan: &RestorePlan, kept: &Kept, fails_at_end: bool) -> Result<(), WorkloadError> {
    workload.check_restore(plan).await?;
    let mut input = Given { pieces: kept.pieces.clone().into(), fails_at_end };
    workload.restore_step(uuid::Uuid::nil(), plan, 0, &plan.steps[0], &mut input, &CancellationToken::new()).await
}
fn code(error: &WorkloadError) -> String {
    error.to_job_fault().code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_restores_what_was_committed_at_its_end() {
    let source = Cluster::create(54_001);
    assert!(source.pgbench(&["-i", "-s", "3", "-q"]).status.success());
    source.sql("create table marker(word text); insert into marker values ('before')");
    assert!(source.pgbench(&["-c", "2", "-t", "200"]).status.success());
    let root = postgres::folder();
    let workload = workload(&source, root.path());

    let (kept, facts, committed_before) = std::thread::scope(|scope| {
        let load = scope.spawn(|| source.pgbench(&["-c", "2", "-T", "300"]));
        std::thread::sleep(Duration::from_secs(1));
        let committed_before = source.sql("select count(*) from pgbench_history");
        let mut kept = Kept { slow: true, ..Kept::default() };
        let facts = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(back_up(&workload, &source, &mut kept)));
        assert!(!load.is_finished(), "the load must go on through the whole backup");
        source.sql("insert into marker values ('after')");
        std::thread::sleep(Duration::from_millis(500));
        source.end_load();
        load.join().unwrap();
        (kept, facts, committed_before)
    });

    assert_eq!(facts.source_bytes, kept.pieces.iter().map(|p| p.len() as u64).sum::<u64>());
    assert!(facts.first_lsn <= facts.checkpoint_lsn && facts.checkpoint_lsn < facts.last_lsn, "{facts:?}");
    assert!(facts.started_at < facts.consistent_at);
    assert_eq!(facts.files[0].logical_name, "cluster");
    assert_eq!(facts.files[0].path, source.data());
    assert!(facts.engine_version.starts_with("PostgreSQL "));
    let last = source.sql(&format!("select pg_current_wal_lsn() > '{:X}/{:X}'", facts.last_lsn.0 >> 32, facts.last_lsn.0 & 0xFFFF_FFFF));
    assert_eq!(last, "t", "the server has gone on past the end of the backup");

    let plan = plan(&source, "copy", false, vec![]);
    restore(&workload, &plan, &kept, false).await.unwrap();
    let data = root.path().join("copy");
    // PostgreSQL's own check of every file against the server's manifest, log included.
    postgres::must("pg_verifybackup", &[data.to_str().unwrap()]);

    let copy = Cluster::open(&data, 54_002);
    assert_eq!(copy.sql("select string_agg(word, ',') from marker"), "before");
    let history: i64 = copy.sql("select count(*) from pgbench_history").parse().unwrap();
    assert!(history >= committed_before.parse().unwrap(), "{history} rows, {committed_before} were committed before the backup began");
    let source_history: i64 = source.sql("select count(*) from pgbench_history").parse().unwrap();
    assert!(history < source_history, "the copy ends at the backup's end, not at the load's");
    let late = copy.sql(&format!(
        "select count(*) from pgbench_history where mtime at time zone current_setting('TimeZone') > '{}'",
        facts.consistent_at
    ));
    assert_eq!(late, "0", "nothing in the copy began after its time");
    // Every transaction adds one delta to four places: they agree, or a transaction was torn.
    let sums = "select (select sum(delta) from pgbench_history) = all (array[(select sum(abalance) from pgbench_accounts),
                (select sum(tbalance) from pgbench_tellers), (select sum(bbalance) from pgbench_branches)])";
    assert_eq!(copy.sql(sums), "t");
    assert_eq!(copy.sql("select count(*) from pgbench_accounts"), "300000");
    // What the copy has, the source had: same rows, same checksum, up to the copy's last one.
    let checksum = "select md5(string_agg(row::text, '|' order by row::text)) from";
    let ids = copy.sql("select string_agg(ctid::text, ''',''') from pgbench_history");
    let rows = format!("(select h as row from pgbench_history h where ctid = any (array['{ids}']::tid[])) as rows");
    assert_eq!(copy.sql(&format!("{checksum} {rows}")), source.sql(&format!("{checksum} {rows}")));
    copy.sql("insert into marker values ('the copy is writable')");
}

#[tokio::test]
async fn discovery_shows_the_cluster_as_one_database() {
    let cluster = Cluster::create(54_011);
    let root = postgres::folder();
    let found = workload(&cluster, root.path()).discover().await.unwrap();
    let [instance] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(instance.name, "PostgreSQL-54011");
    assert!(instance.version.starts_with("PostgreSQL ") && instance.fault.is_none(), "{instance:?}");
    // Clients make restore targets of these folders: they are where restores go, not the live data directory.
    let folders: Vec<&str> = instance.directories.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(folders, [format!("{}/", root.path().display()), format!("{}/", root.path().display())]);
    let [database] = instance.databases.as_slice() else { panic!("{instance:?}") };
    assert_eq!(database.name, "cluster");
    assert_eq!(database.size.to_string(), cluster.sql("select sum(pg_database_size(oid)) from pg_database"));
}

#[tokio::test]
async fn an_instance_that_cannot_be_backed_up_is_listed_with_its_fault() {
    let cluster = Cluster::create(54_021);
    let root = postgres::folder();
    cluster.sql("create role reader login");
    let powerless = workload_as(&cluster, root.path(), "reader");
    let found = powerless.discover().await.unwrap();
    assert_eq!(found[0].fault.as_ref().unwrap().code, "UserErrorSQLNoSysadminMembership");
    assert!(found[0].databases.is_empty());
    let refused = powerless.backup(&request(&cluster, BackupKind::Full), &mut Kept::default(), &CancellationToken::new()).await;
    assert_eq!(code(&refused.unwrap_err()), "UserErrorSQLNoSysadminMembership");

    cluster.sql("alter role reader replication");
    let mut kept = Kept::default();
    back_up(&powerless, &cluster, &mut kept).await;
    assert!(!kept.pieces.is_empty(), "REPLICATION is all it takes");

    cluster.stop();
    let found = workload(&cluster, root.path()).discover().await.unwrap();
    assert_eq!(found[0].name, "PostgreSQL-54021");
    assert_eq!(found[0].fault.as_ref().unwrap().code, "UserErrorOpeningSQLConnection");
}

#[tokio::test]
async fn a_password_comes_from_the_password_file_alone() {
    use std::os::unix::fs::PermissionsExt;
    let cluster = Cluster::create(54_071);
    let root = postgres::folder();
    cluster.sql("create role keeper login replication password 'open sesame'");
    let hba = format!("{}/pg_hba.conf", cluster.data());
    let rules = std::fs::read_to_string(&hba).unwrap();
    std::fs::write(&hba, format!("local all keeper scram-sha-256\nlocal replication keeper scram-sha-256\n{rules}")).unwrap();
    cluster.sql("select pg_reload_conf()");
    let passfile = root.path().join("passfile");
    std::fs::write(&passfile, "*:*:*:keeper:open sesame\n").unwrap();
    std::fs::set_permissions(&passfile, std::fs::Permissions::from_mode(0o600)).unwrap();

    let mut settings =
        PostgresSettings { host: cluster.host().into(), port: cluster.port(), user: "keeper".into(), ..PostgresSettings::default() };
    let without = PostgresWorkload::new(settings.clone(), Arc::new(SystemClock));
    assert_eq!(without.discover().await.unwrap()[0].fault.as_ref().unwrap().code, "UserErrorOpeningSQLConnection");
    settings.passfile = Some(passfile);
    let mut kept = Kept::default();
    back_up(&PostgresWorkload::new(settings, Arc::new(SystemClock)), &cluster, &mut kept).await;
    assert!(!kept.pieces.is_empty());
}

#[tokio::test]
async fn what_this_engine_cannot_back_up_is_refused_by_name() {
    let cluster = Cluster::create(54_031);
    let root = postgres::folder();
    let workload = workload(&cluster, root.path());
    let ask = async |request: BackupRequest| {
        workload.backup(&request, &mut Kept::default(), &CancellationToken::new()).await.unwrap_err().to_job_fault()
    };
    for kind in [BackupKind::Differential, BackupKind::Log] {
        let fault = ask(request(&cluster, kind)).await;
        assert_eq!(fault.code, "UserErrorSQLPODoesNotSupportBackupType");
        assert!(fault.message.contains("Full and CopyOnlyFull"), "{}", fault.message);
    }
    let other = BackupRequest { database: "salesdb".into(), ..request(&cluster, BackupKind::Full) };
    assert_eq!(ask(other).await.code, "UserErrorSQLPODoesNotExist");
    let space = postgres::folder();
    cluster.sql(&format!("create tablespace elsewhere location '{}'", space.path().display()));
    let fault = ask(request(&cluster, BackupKind::CopyOnlyFull)).await;
    assert!(fault.message.contains("elsewhere") && fault.message.contains("tablespaces"), "{}", fault.message);
    cluster.sql("drop tablespace elsewhere");
}

#[tokio::test]
async fn a_cancelled_backup_leaves_nothing_running_on_the_server() {
    let cluster = Cluster::create(54_041);
    let root = postgres::folder();
    let cancel = CancellationToken::new();
    let mut kept = Kept { cancel_at_first: Some(cancel.clone()), slow: true, ..Kept::default() };
    let result = workload(&cluster, root.path()).backup(&request(&cluster, BackupKind::Full), &mut kept, &cancel).await;
    assert!(matches!(result, Err(WorkloadError::Cancelled)), "{result:?}");
    for _ in 0..100 {
        if cluster.sql("select count(*) from pg_stat_activity where application_name = 'rsvault-agent'") == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the server still serves a backup that was cancelled");
}

#[tokio::test]
async fn a_restore_that_fails_or_may_not_replace_leaves_everything_as_it_was() {
    let cluster = Cluster::create(54_051);
    let root = postgres::folder();
    let workload = workload(&cluster, root.path());
    let mut kept = Kept::default();
    back_up(&workload, &cluster, &mut kept).await;
    let target = root.path().join("existing");
    std::fs::create_dir(&target).unwrap();
    std::fs::write(target.join("precious"), "data").unwrap();
    let listing = || {
        let mut names: Vec<String> =
            std::fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let mapping = FileMapping {
        kind: FileKind::Data,
        logical_name: "cluster".into(),
        source_path: cluster.data().into(),
        target_path: target.to_str().unwrap().into(),
    };
    let inside = FileMapping { target_path: format!("{}/cluster_1", cluster.data()), ..mapping.clone() };
    let refused = restore(&workload, &plan(&cluster, "any", true, vec![inside]), &kept, false).await.unwrap_err().to_job_fault();
    assert!(refused.message.contains("inside the data directory"), "{}", refused.message);
    assert!(!std::path::Path::new(cluster.data()).join("cluster_1").exists());

    let careful = plan(&cluster, "any", false, vec![mapping.clone()]);
    let refused = restore(&workload, &careful, &kept, false).await.unwrap_err();
    assert_eq!(code(&refused), "UserErrorCannotRestoreExistingDBWithoutForceOverwrite");

    let replacing = plan(&cluster, "any", true, vec![mapping]);
    let failed = restore(&workload, &replacing, &kept, true).await.unwrap_err();
    assert_eq!(code(&failed), "UserErrorRecoveryPointDataCorrupt");
    let mut cut = Kept { pieces: kept.pieces[..kept.pieces.len() / 2].to_vec(), ..Kept::default() };
    assert_eq!(code(&restore(&workload, &replacing, &cut, false).await.unwrap_err()), "WorkloadRestoreFailed");
    cut.pieces.clear();
    assert!(restore(&workload, &replacing, &cut, false).await.is_err());
    std::fs::write(target.join("postmaster.pid"), "1").unwrap();
    let running = restore(&workload, &replacing, &kept, false).await.unwrap_err().to_job_fault();
    assert!(running.message.contains("stop it"), "{}", running.message);
    std::fs::remove_file(target.join("postmaster.pid")).unwrap();
    assert_eq!(std::fs::read_to_string(target.join("precious")).unwrap(), "data");
    assert_eq!(listing(), ["existing"]);

    let cancel = CancellationToken::new();
    cancel.cancel();
    let mut input = Given { pieces: kept.pieces.clone().into(), fails_at_end: false };
    let cancelled = workload.restore_step(uuid::Uuid::nil(), &replacing, 0, &replacing.steps[0], &mut input, &cancel).await;
    assert!(matches!(cancelled, Err(WorkloadError::Cancelled)), "{cancelled:?}");
    workload.abandon_restore(uuid::Uuid::nil(), &replacing).await.unwrap();
    assert_eq!(listing(), ["existing"]);

    restore(&workload, &replacing, &kept, false).await.unwrap();
    assert!(!target.join("precious").exists());
    assert_eq!(listing(), ["existing"]);
    let copy = Cluster::open(&target, 54_052);
    assert_eq!(copy.sql("select 1"), "1");
}

#[tokio::test]
async fn restores_that_this_engine_cannot_run_are_refused_before_a_byte_is_read() {
    let cluster = Cluster::create(54_061);
    let root = postgres::folder();
    let workload = workload(&cluster, root.path());
    let refused = async |change: &dyn Fn(&mut RestorePlan)| {
        let mut plan = plan(&cluster, "copy", false, vec![]);
        change(&mut plan);
        workload.check_restore(&plan).await.unwrap_err().to_job_fault().message
    };
    let database = |plan: &mut RestorePlan, name: &str| {
        if let RestoreTarget::Database { database, .. } = &mut plan.target {
            *database = name.into();
        }
    };
    for name in ["../out", "/etc", "", ".", "a/b", ".hidden"] {
        assert!(refused(&|p| database(p, name)).await.contains("cannot name"), "{name}");
    }
    assert!(refused(&|p| p.stop_at = Some(Timestamp::UNIX_EPOCH)).await.contains("point in time"));
    assert!(refused(&|p| p.steps[0].kind = BackupKind::Log).await.contains("full"));
    assert!(refused(&|p| p.target = RestoreTarget::Files { directory: "/tmp/x".into() }).await.contains("as files"));
    for path in ["relative/path", "/srv/../etc/x", "/"] {
        let file = FileMapping { kind: FileKind::Data, logical_name: "data".into(), source_path: "".into(), target_path: path.into() };
        let change = |p: &mut RestorePlan| {
            if let RestoreTarget::Database { files, .. } = &mut p.target {
                *files = vec![file.clone()];
            }
        };
        assert!(refused(&change).await.contains("absolute path"), "{path}");
    }
}
