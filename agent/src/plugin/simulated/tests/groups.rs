use super::*;
use crate::plugin::simulated::SimulatedGroup;
use rsvault_domain::availability::Role;
use rsvault_domain::fault::codes;
use rsvault_domain::simulation::GroupSpec;
use serde_json::Value;

const GROUP: &str = "ag1";

/// Two servers on one clock, and a group over both.
struct Pair {
    root: tempfile::TempDir,
    clock: Arc<Stand>,
    one: Arc<SimulatedServer>,
    two: Arc<SimulatedServer>,
    group: Arc<SimulatedGroup>,
}

fn server_spec(version: &str, databases: &Value) -> ServerSpec {
    serde_json::from_value(
        json!({"resourceGroup": "rg1", "location": "we", "instances": [{"name": INSTANCE, "version": version, "databases": databases}]}),
    )
    .unwrap()
}
fn group_spec(preference: &str, primary: &str, databases: &Value) -> GroupSpec {
    serde_json::from_value(json!({"replicas": [{"server": "sql1"}, {"server": "sql2"}], "primary": primary, "backupPreference": preference,
        "databases": databases}))
    .unwrap()
}
fn sales() -> Value {
    json!([{"name": "sales", "sizeMiB": 2}])
}

impl Pair {
    async fn new(version: &str, preference: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let clock = Stand::ticking();
        let open = |name: &'static str| {
            let (path, clock) = (root.path().join(name), clock.clone());
            async move { SimulatedServer::open(&path, name, &server_spec(version, &json!([])), clock).await.unwrap() }
        };
        let (one, two) = (open("sql1").await, open("sql2").await);
        let spec = group_spec(preference, "sql1", &sales());
        let members = [one.clone(), two.clone()];
        let group =
            SimulatedGroup::open(&root.path().join(GROUP), uuid::Uuid::from_u128(7), GROUP, &spec, &members, clock.clone()).await.unwrap();
        Self { root, clock, one, two, group }
    }
    async fn put(&self, spec: &GroupSpec) -> Result<(), WorkloadError> {
        self.group.apply(spec, &[self.one.clone(), self.two.clone()]).await
    }
}

async fn backup(server: &Arc<SimulatedServer>, instance: &str, kind: BackupKind) -> Result<Kept, WorkloadError> {
    let engine = SimulatedEngine::new(Arc::clone(server));
    let request = BackupRequest { instance: instance.into(), ..request("sales", kind) };
    let mut output = Taken::default();
    let facts = engine.backup(&request, &mut output, &CancellationToken::new()).await?;
    engine.confirm(&request, &facts).await.unwrap();
    Ok(Kept { kind, facts, bytes: output.0 })
}
async fn hash(server: &Arc<SimulatedServer>, instance: &str, database: &str, at: Option<At>) -> String {
    server.checksum(instance, database, at).await.unwrap().hash
}
async fn restore(
    server: &Arc<SimulatedServer>,
    chain: &[&Kept],
    stop_at: Option<Timestamp>,
    target: RestoreTarget,
) -> Result<(), WorkloadError> {
    let engine = SimulatedEngine::new(Arc::clone(server));
    let (plan, mut input) = chain_plan(chain, stop_at, target);
    engine.check_restore(&plan).await?;
    for (index, step) in plan.steps.iter().enumerate() {
        engine.restore_step(uuid::Uuid::from_u128(1), &plan, index, step, &mut input, &CancellationToken::new()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn nodes_list_their_groups_and_not_the_databases_in_them() {
    let pair = Pair::new("16.0", "SecondaryOnly").await;
    for (server, role) in [(&pair.one, Role::Primary), (&pair.two, Role::Secondary)] {
        let (groups, blind) = server.group_inventory();
        assert!(blind.is_none());
        assert_eq!(groups[0].databases.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["sales"]);
        assert_eq!(groups[0].group.replica_of_host(server.name()).unwrap().role, role);
        assert!(!server.inventory()[0].databases.iter().any(|d| d.name == "sales"));
    }
    // Without VIEW SERVER STATE its groups are not seen, and the inquiry says why.
    let mut blind = server_spec("16.0", &json!([]));
    blind.instances[0].faults.no_view_server_state = true;
    pair.two.apply(&blind).await.unwrap();
    let (groups, fault) = pair.two.group_inventory();
    assert!(groups.is_empty());
    assert_eq!(fault.unwrap().to_job_fault().code, codes::NO_VIEW_SERVER_STATE);
}

#[tokio::test]
async fn each_node_takes_what_the_table_leaves_to_it() {
    use BackupKind::{CopyOnlyFull, Differential, Full, Log};
    let pair = Pair::new("16.0", "SecondaryOnly").await;
    assert_eq!(code(backup(&pair.two, GROUP, Full).await), codes::NOT_ON_SECONDARY);
    backup(&pair.one, GROUP, Full).await.unwrap();
    assert_eq!(code(backup(&pair.two, GROUP, Differential).await), codes::NOT_ON_SECONDARY);
    assert_eq!(code(backup(&pair.one, GROUP, Log).await), codes::NOT_PREFERRED);
    assert_eq!(code(backup(&pair.one, GROUP, CopyOnlyFull).await), codes::NOT_PREFERRED);
    backup(&pair.two, GROUP, Log).await.unwrap();
    // From 2025 a secondary takes everything.
    let modern = Pair::new("17.0", "SecondaryOnly").await;
    for kind in [Full, Differential, Log, CopyOnlyFull] {
        assert_eq!(code(backup(&modern.one, GROUP, kind).await), codes::NOT_PREFERRED);
        backup(&modern.two, GROUP, kind).await.unwrap();
    }
    // A replica that does not follow, and a group in the middle of a failover, take nothing.
    let mut spec = group_spec("PreferSecondary", "sql1", &sales());
    spec.replicas[1].synchronized = false;
    pair.put(&spec).await.unwrap();
    assert_eq!(code(backup(&pair.two, GROUP, Log).await), codes::NOT_IN_STEP);
    spec.resolving = true;
    pair.put(&spec).await.unwrap();
    assert_eq!(code(backup(&pair.one, GROUP, Log).await), codes::REPLICA_RESOLVING);
}

#[tokio::test]
async fn a_chain_goes_on_through_a_failover_and_restores_to_the_byte() {
    let pair = Pair::new("16.0", "Primary").await;
    let full = backup(&pair.one, GROUP, BackupKind::Full).await.unwrap();
    pair.one.write(INSTANCE, "sales", change(9, 1)).await.unwrap();
    let first = backup(&pair.one, GROUP, BackupKind::Log).await.unwrap();
    pair.put(&group_spec("Primary", "sql2", &sales())).await.unwrap();
    assert_eq!(
        code(pair.one.write(GROUP, "sales", change(9, 2)).await),
        "UserErrorGenericSQLUserCorrectableFault",
        "a secondary takes no writes"
    );
    let wanted = pair.two.write(GROUP, "sales", change(9, 2)).await.unwrap();
    let then = hash(&pair.two, GROUP, "sales", None).await;
    pair.two.write(GROUP, "sales", change(9, 3)).await.unwrap();
    assert_eq!(code(backup(&pair.one, GROUP, BackupKind::Log).await), codes::NOT_PREFERRED);
    let second = backup(&pair.two, GROUP, BackupKind::Log).await.unwrap();
    assert_eq!((first.facts.last_lsn, first.facts.recovery_fork), (second.facts.first_lsn, second.facts.recovery_fork), "no gap");
    // What the primary committed is what every replica holds.
    assert_eq!(hash(&pair.one, GROUP, "sales", None).await, hash(&pair.two, INSTANCE, "sales", None).await);
    restore(&pair.one, &[&full, &first, &second], Some(wanted.committed_at), to("copy", false)).await.unwrap();
    assert_eq!(hash(&pair.one, INSTANCE, "copy", None).await, then);
}

#[tokio::test]
async fn nothing_is_restored_into_a_group() {
    let pair = Pair::new("16.0", "Primary").await;
    let full = backup(&pair.one, GROUP, BackupKind::Full).await.unwrap();
    let before = hash(&pair.one, GROUP, "sales", None).await;
    let into = RestoreTarget::Database { instance: GROUP.into(), database: "x".into(), overwrite: true, files: vec![], recover: true };
    for target in [into, to("sales", true)] {
        assert_eq!(code(restore(&pair.one, &[&full], None, target).await), "UserErrorGenericSQLUserCorrectableFault");
    }
    // Nor over its files.
    let files: Vec<PathBuf> = std::fs::read_dir(pair.root.path().join(GROUP).join("Data")).unwrap().map(|f| f.unwrap().path()).collect();
    let target = to_files("x", true, &files[0], &pair.root.path().join("x.ldf"));
    assert_eq!(code(restore(&pair.one, &[&full], None, target).await), "UserErrorDatabaseFileCollision");
    assert_eq!(hash(&pair.one, GROUP, "sales", None).await, before);
}

#[tokio::test]
async fn a_database_that_moves_keeps_its_content_and_is_another_data_source() {
    let pair = Pair::new("16.0", "Primary").await;
    let standalone = json!([{"name": "hr", "sizeMiB": 1}]);
    pair.one.apply(&server_spec("16.0", &standalone)).await.unwrap();
    pair.one.write(INSTANCE, "hr", change(3, 5)).await.unwrap();
    let content = hash(&pair.one, INSTANCE, "hr", None).await;
    let run = |server: Arc<SimulatedServer>, instance: &'static str| async move {
        let request = BackupRequest { instance: instance.into(), ..request("hr", BackupKind::Full) };
        code(SimulatedEngine::new(server).backup(&request, &mut Taken::default(), &CancellationToken::new()).await)
    };
    pair.put(&group_spec("Primary", "sql1", &json!([{"name": "sales"}, {"name": "hr", "sizeMiB": 1}]))).await.unwrap();
    assert_eq!(hash(&pair.two, GROUP, "hr", None).await, content);
    assert_eq!(run(pair.one.clone(), INSTANCE).await, codes::MOVED_IN);
    assert_eq!(run(pair.one.clone(), GROUP).await, "ok");
    // The server's own list may name it still: it stays where it is.
    pair.one.apply(&server_spec("16.0", &json!([{"name": "hr", "sizeMiB": 1}]))).await.unwrap();
    assert_eq!(run(pair.one.clone(), INSTANCE).await, codes::MOVED_IN);
    pair.put(&group_spec("Primary", "sql1", &sales())).await.unwrap();
    assert_eq!(hash(&pair.one, INSTANCE, "hr", None).await, content);
    assert_eq!(run(pair.one.clone(), GROUP).await, codes::MOVED_OUT);
    assert_eq!(run(pair.one.clone(), INSTANCE).await, "ok");
    // A group that is taken apart leaves all it had on the primary.
    let content = hash(&pair.one, GROUP, "sales", None).await;
    pair.group.dissolve().await.unwrap();
    assert_eq!(hash(&pair.one, INSTANCE, "sales", None).await, content);
    assert_eq!(code(backup(&pair.one, GROUP, BackupKind::Full).await), codes::MOVED_OUT);
    backup(&pair.one, INSTANCE, BackupKind::Full).await.unwrap();
}

#[tokio::test]
async fn a_group_that_is_opened_again_is_as_it_was() {
    let pair = Pair::new("16.0", "Primary").await;
    let full = backup(&pair.one, GROUP, BackupKind::Full).await.unwrap();
    pair.one.write(GROUP, "sales", change(5, 5)).await.unwrap();
    let content = hash(&pair.one, GROUP, "sales", None).await;
    let Pair { root, clock, one, two, group } = pair;
    drop(group);
    let spec = group_spec("Primary", "sql1", &sales());
    let again =
        SimulatedGroup::open(&root.path().join(GROUP), uuid::Uuid::from_u128(7), GROUP, &spec, &[one.clone(), two], clock).await.unwrap();
    assert_eq!(again.id(), uuid::Uuid::from_u128(7));
    assert_eq!(hash(&one, GROUP, "sales", None).await, content);
    let log = backup(&one, GROUP, BackupKind::Log).await.unwrap();
    assert_eq!(log.facts.recovery_fork, full.facts.recovery_fork);
}

#[tokio::test]
async fn a_database_of_the_same_name_on_a_secondary_is_in_the_way() {
    let pair = Pair::new("16.0", "Primary").await;
    pair.two.apply(&server_spec("16.0", &json!([{"name": "hr", "sizeMiB": 1}]))).await.unwrap();
    let refused = pair.put(&group_spec("Primary", "sql1", &json!([{"name": "sales"}, {"name": "hr"}]))).await;
    assert_eq!(code(refused), "UserErrorGenericSQLUserCorrectableFault");
    assert_eq!(pair.group.spec().databases.len(), 1);
}
