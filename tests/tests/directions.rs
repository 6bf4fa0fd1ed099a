//! Who may know whom (design §1), asked of `cargo metadata`. deny.toml says the same for those who have cargo-deny.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Package → what it names as a normal or build dependency.
type Manifests = BTreeMap<String, BTreeSet<String>>;

fn metadata() -> Value {
    let out = Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--offline", "--no-deps"]).output().unwrap();
    assert!(out.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Members of the workspace with what they depend on, test dependencies left out.
fn members() -> Manifests {
    let read = |package: &Value| {
        let names = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"] != "dev").map(|d| text(&d["name"])).collect();
        (text(&package["name"]), names)
    };
    metadata()["packages"].as_array().unwrap().iter().map(read).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn offenders(manifests: &Manifests, dependency: &str, allowed: &[&str]) -> Vec<String> {
    let who = manifests.iter().filter(|(_, names)| names.contains(dependency)).map(|(who, _)| who.as_str());
    who.filter(|who| !allowed.contains(who)).map(|who| format!("{who} depends on {dependency}; only {allowed:?} may")).collect()
}

#[test]
fn rooms_know_only_the_rooms_below_them() {
    let allowed: &[(&str, &[&str])] = &[
        ("rsvault-domain", &[]),
        ("rsvault-engine", &["rsvault-domain"]),
        ("rsvault-storage", &["rsvault-domain"]),
        ("rsvault-protocol", &["rsvault-domain"]),
        ("rsvault-api", &["rsvault-domain", "rsvault-engine", "rsvault-protocol"]),
        ("rsvault-agent", &["rsvault-domain", "rsvault-protocol"]),
        ("rsvault-server", &["rsvault-domain", "rsvault-engine", "rsvault-storage", "rsvault-protocol", "rsvault-api", "rsvault-agent"]),
        ("rsvault-tests", &[]),
        ("rsvault-bench", &[]),
        ("xtask", &[]),
    ];
    let manifests = members();
    let known: BTreeMap<_, _> = allowed.iter().copied().collect();
    let mut wrong = Vec::new();
    for (who, names) in &manifests {
        let Some(may) = known.get(who.as_str()) else {
            wrong.push(format!("{who} is a new room: say here whom it may know"));
            continue;
        };
        let own = names.iter().filter(|n| n.starts_with("rsvault-") && !may.contains(&n.as_str()));
        wrong.extend(own.map(|n| format!("{who} knows {n}, and may know only {may:?}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(manifests.len(), allowed.len(), "a room of this list is gone from the workspace");
}

#[test]
fn libraries_stay_in_their_rooms() {
    let manifests = members();
    let rules: &[(&str, &[&str])] = &[
        ("sqlx", &["rsvault-storage", "rsvault-bench"]),
        ("rusqlite", &["rsvault-storage", "rsvault-bench"]),
        ("object_store", &["rsvault-storage"]),
        ("axum", &["rsvault-api", "rsvault-server", "rsvault-bench"]),
        ("tower-http", &["rsvault-api", "rsvault-server"]),
        ("utoipa", &["rsvault-api", "rsvault-server", "rsvault-protocol"]),
        ("utoipa-axum", &["rsvault-api", "rsvault-server"]),
        ("reqwest", &["rsvault-agent", "rsvault-server"]),
        ("clap", &["rsvault-server", "rsvault-agent", "rsvault-bench"]),
    ];
    let wrong: Vec<String> = rules.iter().flat_map(|(what, who)| offenders(&manifests, what, who)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_domain_needs_no_runtime() {
    let domain = &members()["rsvault-domain"];
    for banned in ["tokio", "tokio-util", "hyper", "axum", "sqlx", "reqwest", "object_store", "rustls"] {
        assert!(!domain.contains(banned), "domain depends on {banned}: it decides, it does nothing");
    }
}

#[test]
fn one_crypto_library_is_in_the_tree() {
    // `cargo metadata` also lists what only disabled features would bring; `cargo tree` lists what is built.
    let out =
        Command::new(env!("CARGO")).args(["tree", "--workspace", "--offline", "--prefix", "none", "--format", "{p}"]).output().unwrap();
    assert!(out.status.success(), "cargo tree: {}", String::from_utf8_lossy(&out.stderr));
    let built = String::from_utf8(out.stdout).unwrap();
    let names: BTreeSet<&str> = built.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains("aws-lc-rs"), "the tree was not resolved");
    for banned in ["ring", "openssl", "openssl-sys", "native-tls"] {
        assert!(!names.contains(banned), "{banned} is in the tree: cargo tree -i {banned}");
    }
}
