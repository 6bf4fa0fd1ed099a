use super::*;

fn error(yaml: &str) -> String {
    Seed::parse(yaml, "seed").err().map(|e| e.to_string()).unwrap_or_default()
}
const HEAD: &str = "subscriptions: [{id: 00000000-0000-0000-0000-000000000001, tenant: 00000000-0000-0000-0000-00000000000a, resourceGroups: [{name: rg1, location: we}]}]\n";

#[test]
fn the_built_in_seed_is_the_promised_one() {
    let seed = Seed::load(None).ok().unwrap();
    assert_eq!(seed.subscriptions[0].id.to_string(), DEFAULT_SUBSCRIPTION);
    assert_eq!(seed.subscriptions[0].tenant.to_string(), "00000000-0000-0000-0000-00000000000a");
    assert_eq!(seed.subscriptions[0].resource_groups[0].name, "rg1");
    assert_eq!(
        (seed.principals[0].id.as_str(), seed.principals[0].secret.as_str(), seed.principals[0].role.as_str()),
        ("rsvault", "rsvault", "Owner")
    );
    assert_eq!(seed.servers.keys().collect::<Vec<_>>(), ["sqlvm1", "sqlvm2"]);
    for spec in seed.servers.values() {
        assert_eq!(spec.instances[0].name, "MSSQLSERVER");
        assert_eq!(spec.instances[0].databases.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["salesdb", "hrdb"]);
    }
}

#[test]
fn a_wrong_value_is_named_by_its_path() {
    let cases = [
        ("subscriptions: [{id: x, tenant: 00000000-0000-0000-0000-00000000000a}]", "subscriptions[0].id"),
        (
            &format!(
                "{HEAD}servers: {{a: {{resourceGroup: rg1, location: we, instances: [{{name: I, databases: [{{name: d, sizeMiB: many}}]}}]}}}}"
            ),
            "servers.a.instances[0].databases[0].sizeMiB",
        ),
        (&format!("{HEAD}servers: {{a: {{resourceGroup: rg1, location: we, colour: red}}}}"), "servers.a.colour"),
    ];
    for (yaml, path) in cases {
        let error = error(yaml);
        assert!(error.contains(path), "{path}: {error}");
    }
}

#[test]
fn broken_rules_are_named_by_path_and_rule() {
    let cases = [
        ("subscriptions: []".to_owned(), "subscriptions:"),
        (format!("{HEAD}principals: [{{id: a, secret: b, role: King}}]"), "principals[0].role: 'King'"),
        (format!("{HEAD}principals: [{{id: a, secret: ''}}]"), "principals[0].secret"),
        (format!("{HEAD}principals: [{{id: a, secret: b, scope: here}}]"), "principals[0].scope"),
        (format!("{HEAD}servers: {{a: {{resourceGroup: rg2, location: we}}}}"), "servers.a.resourceGroup: 'rg2'"),
        (
            format!("{HEAD}servers: {{a: {{resourceGroup: rg1, location: we, instances: [{{name: I, databases: [{{name: tempdb}}]}}]}}}}"),
            "servers.a.databases[].name",
        ),
    ];
    for (yaml, part) in cases {
        let error = error(&yaml);
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_secret_is_not_in_the_debug_form() {
    let seed = Seed::parse(&format!("{HEAD}principals: [{{id: a, secret: hush}}]"), "seed").ok().unwrap();
    assert!(!format!("{seed:?}").contains("hush"));
}
