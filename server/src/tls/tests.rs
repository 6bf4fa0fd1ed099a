use super::*;
use jiff::SignedDuration;
use rsvault_domain::ports::Clock;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

fn now() -> Timestamp {
    // Real time: the outside verifier looks at its own clock.
    crate::clock::SystemClock.now()
}
fn made(hosts: &[String]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    prepare(dir.path(), hosts, now()).unwrap();
    dir
}

#[test]
fn a_strict_verifier_accepts_the_leaf_for_every_loopback_name() {
    let dir = made(&[]);
    for check in [["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"]] {
        let output = Command::new("openssl")
            .args(["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile"])
            .arg(dir.path().join("ca.pem"))
            .args(check)
            .arg(dir.path().join("leaf.pem"))
            .output();
        match output {
            Ok(output) => assert!(output.status.success(), "{check:?}: {}", String::from_utf8_lossy(&output.stderr)),
            // Without the tool the facts that strict verifiers want are checked below.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return,
            Err(e) => panic!("{e}"),
        }
    }
}

#[test]
fn the_chain_bears_what_strict_verifiers_want() {
    use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};
    let dir = made(&[]);
    let der = |name: &str| CertificateDer::from_pem_slice(fs::read(dir.path().join(name)).unwrap().as_slice()).unwrap();
    let (ca, leaf) = (der("ca.pem"), der("leaf.pem"));
    let (ca, leaf) = (X509Certificate::from_der(&ca).unwrap().1, X509Certificate::from_der(&leaf).unwrap().1);
    let constraints = ca.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    let usage = ca.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.key_cert_sign());
    assert!(leaf.key_usage().unwrap().unwrap().critical);
    let has = |c: &X509Certificate<'_>, want: fn(&ParsedExtension<'_>) -> bool| c.extensions().iter().any(|e| want(e.parsed_extension()));
    assert!(has(&leaf, |e| matches!(e, ParsedExtension::AuthorityKeyIdentifier(_))));
    assert!(has(&ca, |e| matches!(e, ParsedExtension::SubjectKeyIdentifier(_))));
    assert!(leaf.validity().not_before.timestamp() < now().as_second() - 3600);
}

#[test]
fn private_keys_are_for_the_owner_alone() {
    let dir = made(&[]);
    for key in ["ca.key", "leaf.key"] {
        assert_eq!(fs::metadata(dir.path().join(key)).unwrap().permissions().mode() & 0o777, 0o600, "{key}");
    }
}

#[test]
fn a_second_start_keeps_both_and_new_names_change_only_the_leaf() {
    let dir = made(&[]);
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let (ca, leaf) = (read("ca.pem"), read("leaf.pem"));
    prepare(dir.path(), &[], now()).unwrap();
    assert_eq!((read("ca.pem"), read("leaf.pem")), (ca.clone(), leaf.clone()));
    prepare(dir.path(), &["Vault.Example".to_owned()], now()).unwrap();
    assert_eq!(read("ca.pem"), ca);
    assert_ne!(read("leaf.pem"), leaf);
    assert!(read_validity(&dir.path().join("leaf.pem")).unwrap().names.contains("vault.example"));
}

#[test]
fn a_leaf_near_its_end_is_made_anew() {
    let dir = made(&[]);
    let leaf = dir.path().join("leaf.pem");
    let before = read_validity(&leaf).unwrap();
    prepare(dir.path(), &[], before.until - SignedDuration::from_hours(24 * 10)).unwrap();
    assert!(read_validity(&leaf).unwrap().until > before.until);
}

#[test]
fn a_broken_authority_is_told_and_not_replaced() {
    let dir = made(&[]);
    fs::write(dir.path().join("ca.key"), "garbage").unwrap();
    let error = prepare(dir.path(), &[], now()).unwrap_err().to_string();
    assert!(error.contains("ca.key"), "{error}");
}
