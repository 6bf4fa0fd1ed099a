//! The binary as people run it: its one line, its signals, its exit codes, what it keeps.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const BINARY: &str = env!("CARGO_BIN_EXE_rsvault");
const SMALL: &str = "subscriptions: [{id: 00000000-0000-0000-0000-000000000001, tenant: 00000000-0000-0000-0000-00000000000a, resourceGroups: [{name: rg1, location: we}]}]
principals: [{id: robot, secret: hush-hush}]
servers: {vm1: {resourceGroup: rg1, location: we, instances: [{name: I, databases: [{name: db, sizeMiB: 1}]}]}}
";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("RSVAULT_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}
fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

struct Server {
    child: Child,
    url: String,
    client: reqwest::Client,
}

impl Server {
    fn start(data: &Path) -> Self {
        let seed = data.join("seed.yaml");
        std::fs::write(&seed, SMALL).unwrap();
        let mut child = command(&["serve", "--emulator", "--listen", "127.0.0.1:0"])
            .arg("--data")
            .arg(data)
            .arg("--seed")
            .arg(seed)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        child.stdout = Some(out.into_inner());
        let url = line.trim_end().strip_prefix("ready ").unwrap_or_else(|| panic!("not ready: {line}{}", rest(&mut child))).to_owned();
        let ca = std::fs::read(data.join("tls/ca.pem")).unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()]).build().unwrap();
        Self { child, url, client }
    }
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
    /// Waits for the end; exit code, rest of standard output, standard error.
    fn ended(mut self, within: Duration) -> (Option<i32>, String, String) {
        const LOOK: Duration = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let output = std::mem::replace(&mut self.child, command(&["--version"]).spawn().unwrap()).wait_with_output().unwrap();
                let _ = self.child.wait();
                return (status.code(), text(&output.stdout), text(&output.stderr));
            }
            assert!(waited < within, "still running after {within:?}");
            std::thread::sleep(LOOK);
            waited += LOOK;
        }
    }
    async fn checksum(&self) -> Value {
        let url = format!("{}/emulator/servers/vm1/checksum?instance=I&database=db", self.url);
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }
}
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
fn rest(child: &mut Child) -> String {
    let _ = child.kill();
    let mut all = String::new();
    if let Some(mut err) = child.stderr.take() {
        let _ = err.read_to_string(&mut all);
    }
    all
}

#[tokio::test]
async fn sigterm_drains_and_standard_output_has_one_line() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let sum = server.checksum().await;
    assert!(sum["hash"].is_string(), "{sum}");
    // An idle connection and a silent one must not hold it.
    let _silent = std::net::TcpStream::connect(server.url.trim_start_matches("https://")).unwrap();
    server.signal(Signal::TERM);
    let (code, out, err) = server.ended(Duration::from_secs(6));
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(out, "");
    assert!(!err.contains("hush-hush"), "a secret is in the log");
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_kill_9() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let url = format!("{}/emulator/servers/vm1/write", server.url);
    let written = server.client.post(url).json(&json!({"instance": "I", "database": "db", "pages": 20, "seed": 7})).send().await.unwrap();
    assert!(written.status().is_success());
    let before = server.checksum().await;
    server.signal(Signal::KILL);
    server.ended(Duration::from_secs(5));
    let again = Server::start(data.path());
    assert_eq!(again.checksum().await, before);
}

#[tokio::test]
async fn what_was_changed_at_run_time_survives_the_seed_of_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let put = |database: &str| json!({"resourceGroup": "rg1", "location": "we", "instances": [{"name": "I", "databases": [{"name": "db", "sizeMiB": 1}, {"name": database, "sizeMiB": 1}]}]});
    for vm in ["vm1", "vm2"] {
        let url = format!("{}/emulator/servers/{vm}", server.url);
        assert!(server.client.put(url).json(&put("extra")).send().await.unwrap().status().is_success());
    }
    server.signal(Signal::INT);
    assert_eq!(server.ended(Duration::from_secs(6)).0, Some(0));
    let again = Server::start(data.path());
    let body: Value = again.client.get(format!("{}/emulator/servers", again.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(body["value"].as_array().unwrap().len(), 2);
    assert_eq!(body.to_string().matches("\"extra\"").count(), 2, "{body}");
}

#[tokio::test]
async fn two_emulators_do_not_share_a_folder() {
    let data = tempfile::tempdir().unwrap();
    let _first = Server::start(data.path());
    let second = run(&["serve", "--emulator", "--listen", "127.0.0.1:0", "--data", data.path().to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("another rsvault uses it"), "{}", text(&second.stderr));
}

#[test]
fn exit_codes_tell_usage_settings_and_failures_apart() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    assert_eq!(run(&["serve", "--no-such-flag"]).status.code(), Some(2));
    assert_eq!(run(&["serve", "--data", data, "--objects", "s3://b"]).status.code(), Some(3));
    assert_eq!(run(&["serve", "--data", "/dev/null/x", "--listen", "127.0.0.1:0"]).status.code(), Some(1));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = run(&["serve", "--data", data, "--listen", &taken.local_addr().unwrap().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot listen"), "{}", text(&output.stderr));
}

#[test]
fn the_environment_beats_the_file_and_a_flag_beats_both() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("rsvault.toml"), "objects = \"file:/from-file\"\n").unwrap();
    let complaint = |environment: Option<&str>, flag: Option<&str>| {
        let mut command = command(&["serve", "--data", data.path().to_str().unwrap(), "--public-url", "http://x"]);
        if let Some(url) = environment {
            command.env("RSVAULT_OBJECTS", url);
        }
        if let Some(url) = flag {
            command.args(["--objects", url]);
        }
        text(&command.output().unwrap().stderr)
    };
    assert!(complaint(None, None).contains("public_url"));
    assert!(complaint(Some("env://"), None).contains("'env://'"));
    assert!(complaint(Some("env://"), Some("flag://")).contains("'flag://'"));
}

#[test]
fn the_demo_can_be_repeated_in_one_folder() {
    let data = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let output = run(&["demo", "--size-mib", "3", "--json", "--data", data.path().to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(report["sentBytes"].as_u64().unwrap() >= 3 << 20, "{report}");
        // The names carry seconds.
        std::thread::sleep(Duration::from_millis(1100));
    }
}

#[tokio::test]
async fn a_token_is_printed_alone_and_enrols_one_agent() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let output = run(&["token", "create", "--server", "pg1", "--data", data.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    let token = printed.trim_end();
    assert!(!token.contains(char::is_whitespace) && !text(&output.stderr).contains(token));
    let enrol = || server.client.post(format!("{}/agent/v1/enroll", server.url)).json(&json!({"token": token, "agentVersion": "0"})).send();
    assert!(enrol().await.unwrap().status().is_success());
    assert_eq!(enrol().await.unwrap().status().as_u16(), 401);
}

#[test]
fn a_token_for_an_unknown_subscription_is_refused_by_the_flag() {
    let data = tempfile::tempdir().unwrap();
    let refused = run(&["token", "create", "--server", "pg1", "--data", data.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("--subscription"), "{}", text(&refused.stderr));
}
