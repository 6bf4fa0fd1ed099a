use super::*;
use clap::Parser;
use std::fs;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    settings: Overrides,
}

fn flags(line: &[&str]) -> Overrides {
    Line::try_parse_from(std::iter::once("rsvault").chain(line.iter().copied())).unwrap().settings
}
fn folder_with(toml: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("rsvault.toml"), toml).unwrap();
    dir
}

#[test]
fn a_flag_beats_the_file_and_the_file_beats_the_default() {
    let dir = folder_with("listen = \"127.0.0.1:1\"\nmax_connections = 7\n");
    let data = dir.path().to_str().unwrap();
    let from_file = Settings::load(&flags(&["--data", data])).ok().unwrap();
    assert_eq!((from_file.listen.port(), from_file.max_connections, from_file.emulator), (1, 7, false));
    let from_flag = Settings::load(&flags(&["--data", data, "--listen", "127.0.0.1:2", "--emulator"])).ok().unwrap();
    assert_eq!((from_flag.listen.port(), from_flag.max_connections, from_flag.emulator), (2, 7, true));
}

#[test]
fn a_flag_can_switch_off_what_the_file_switches_on() {
    let dir = folder_with("emulator = true\n");
    let data = dir.path().to_str().unwrap();
    assert!(Settings::load(&flags(&["--data", data])).ok().unwrap().emulator);
    assert!(!Settings::load(&flags(&["--data", data, "--emulator=false"])).ok().unwrap().emulator);
}

#[test]
fn an_unknown_key_is_refused_by_name_and_file() {
    let dir = folder_with("lisen = \"127.0.0.1:1\"\n");
    let error = Settings::load(&flags(&["--data", dir.path().to_str().unwrap()])).err().unwrap().to_string();
    assert!(error.contains("lisen") && error.contains("rsvault.toml"), "{error}");
}

#[test]
fn a_file_named_by_the_data_folder_cannot_move_the_data_folder() {
    let dir = folder_with("data = \"/elsewhere\"\n");
    assert!(Settings::load(&flags(&["--data", dir.path().to_str().unwrap()])).is_err());
}

#[test]
fn a_missing_named_file_is_an_error() {
    assert!(Settings::load(&flags(&["--config", "/nowhere/x.toml"])).is_err());
}

#[test]
fn values_that_cannot_work_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    for bad in [
        &["--database", "mysql://x"][..],
        &["--objects", "s3://bucket"],
        &["--secondary-objects", "s3://bucket"],
        &["--objects", "file:/a", "--secondary-objects", "file:///a"],
        &["--secondary-region", "attic"],
        &["--secondary-lag-minutes", "5"],
        &["--secondary-objects", "file:/b", "--secondary-region", "a/b"],
        &["--public-url", "http://host"],
        &["--public-url", "https://host/path"],
        &["--listen", "0.0.0.0:8443"],
        &["--seed", "seed.yaml"],
        &["--max-connections", "0"],
    ] {
        let mut line = vec!["--data", data];
        line.extend(bad);
        assert!(Settings::load(&flags(&line)).is_err(), "{bad:?}");
    }
}

#[test]
fn a_password_is_never_shown() {
    assert_eq!(without_password("postgres://u:secret@h:1/db?password=secret"), "postgres://u@h:1/db");
    assert_eq!(without_password("postgres://h/db"), "postgres://h/db");
    assert_eq!(without_password("sqlite:a.db"), "sqlite:a.db");
}

#[test]
fn the_emulator_has_a_second_region_that_lags_as_azures_does_and_others_only_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let load = |more: &[&str]| Settings::load(&flags(&[&["--data", data], more].concat())).ok().unwrap();
    let (alone, emulator) = (load(&[]), load(&["--emulator"]));
    assert_eq!(alone.secondary_objects_url(), None);
    assert_eq!(emulator.secondary_objects_url(), Some(format!("file:{data}/secondary-objects")));
    assert_eq!(emulator.secondary_lag(), SignedDuration::from_hours(12));
    let told = load(&["--secondary-objects", "file:/b"]);
    assert_eq!((told.secondary_objects_url().as_deref(), told.secondary_lag()), (Some("file:/b"), SignedDuration::ZERO));
    let quick = load(&["--emulator", "--secondary-lag-minutes", "5"]);
    assert_eq!(quick.secondary_lag(), SignedDuration::from_mins(5));
}
