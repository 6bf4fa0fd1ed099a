//! The stages: what is run, what it needs, how long it may take, whether beside others. One failing does not stop the next.

use crate::counts::Counts;
use crate::report::{Report, Row};
use crate::tools::{self, Need};
use crate::workspace::Workspace;
use crate::{database, guard, lanes, process};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a stage runs.
enum Work {
    /// `cargo` with these words.
    Cargo(&'static [&'static str]),
    /// The workspace's own tests, by nextest where it is installed.
    Tests,
    /// `tests/python/<name>` with these words, in the Python environment.
    Story(&'static [&'static str]),
}

/// One stage.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    work: Work,
    needs: &'static [Need],
    counts: Counts,
    /// Seconds, alone on the machine.
    limit: u64,
    /// Whether it runs the optimised binaries.
    release: bool,
    /// Whether other stages may run beside it.
    shares: bool,
}

const fn cargo(name: &'static str, what: &'static str, words: &'static [&'static str]) -> Stage {
    Stage { name, what, work: Work::Cargo(words), needs: &[], counts: Counts::ExitCode, limit: 1800, release: false, shares: false }
}

const fn story(name: &'static str, what: &'static str, words: &'static [&'static str], needs: &'static [Need], limit: u64) -> Stage {
    Stage { name, what, work: Work::Story(words), needs, counts: Counts::Story, limit, release: false, shares: true }
}

/// A stage that wants the machine for itself: it kills in the middle of things, goes by what is fast, or looks at what
/// all before it did.
const fn alone(stage: Stage) -> Stage {
    Stage { shares: false, ..stage }
}

const PY: &[Need] = &[Need::Python];
const PY_PG: &[Need] = &[Need::Python, Need::Postgres];

/// All of them, in order.
pub(crate) const ALL: &[Stage] = &[
    cargo("fmt", "formatting", &["fmt", "--all", "--", "--check", "-l"]),
    cargo("clippy", "lints, warnings are errors", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    cargo("build", "the binaries that the stories run", &["build", "--workspace", "--bins", "--locked"]),
    Stage {
        name: "tests",
        what: "unit, property, conformance and in-process tests on SQLite and PostgreSQL",
        work: Work::Tests,
        needs: &[Need::Postgres],
        counts: Counts::Cargo,
        limit: 2400,
        release: false,
        shares: false,
    },
    cargo(
        "openapi",
        "the checked-in OpenAPI documents are what the routes say",
        &["run", "--quiet", "--locked", "-p", "rsvault-server", "--bin", "rsvault", "--", "openapi", "--check", "openapi"],
    ),
    story(
        "generators",
        "the OpenAPI documents are valid and two generators make clients of them",
        &["generators.py"],
        &[Need::Python, Need::Java],
        600,
    ),
    // The long ones first, so that both lanes end together. Two minutes of this are an agent's patience with a full disk: the other lane has the machine meanwhile.
    story("bad-input", "wrong requests, full and read-only disks get clear errors", &["bad_input_story.py"], PY, 480),
    story("time", "five virtual weeks: schedules, chains, retention, faults, restores to random seconds", &["time_story.py"], PY, 1800),
    story("authorization", "every route of the ARM document asks for a token and a right", &["authorization_story.py"], PY, 300),
    story("schemathesis", "whatever is sent, the documents tell every answer, and none is a 5xx", &["schemathesis_story.py"], PY, 300),
    story("demo", "the README's first command, on both databases", &["demo_story.py"], PY_PG, 300),
    story("sdk", "the Python SDKs play the SQL story; their traffic fits the contract", &["sdk_story.py"], PY, 900),
    story("sdk-vault", "the Python SDKs ask for all that a vault has beside its backups", &["sdk_vault_story.py"], PY, 300),
    story("sdk-rest", "the Python SDKs ask for what no other client has asked for", &["sdk_rest_story.py"], PY, 300),
    story("sdk-js", "the JavaScript SDKs play the SQL story", &["js_story.py"], &[Need::Node, Need::Python], 300),
    story("az-vault", "the Azure CLI gives a vault identities and a key", &["az_vault_story.py"], &[Need::Az, Need::Python], 300),
    story("az-sqlite", "the Azure CLI plays the SQL story", &["az_story.py"], &[Need::Az, Need::Python], 900),
    story(
        "az-postgres",
        "the same with the catalogue in PostgreSQL",
        &["az_story.py", "--postgres"],
        &[Need::Az, Need::Python, Need::Postgres],
        900,
    ),
    story("az-290", "the Azure CLI 2.90 plays the SQL story", &["az_story.py", "--az290"], &[Need::Az290, Need::Python], 900),
    story(
        "az-verbs",
        "verbs and failures that the other stories leave out, by both versions of the CLI; roles",
        &["az_verbs_story.py"],
        &[Need::Az, Need::Az290, Need::Python],
        600,
    ),
    story(
        "az-pit",
        "Azure CLI, az rest and SDK restore to seconds; an oracle compares",
        &["az_pit_story.py"],
        &[Need::Az290, Need::Python],
        600,
    ),
    story(
        "az-archive",
        "the Azure CLI and the SDK over virtual weeks: archive tier, rehydration, jobs and their export",
        &["az_archive_story.py"],
        &[Need::Az, Need::Python],
        600,
    ),
    story(
        "az-retention",
        "the Azure CLI over virtual weeks: shorter policies, suspended backups, an immutable vault",
        &["az_retention_story.py"],
        &[Need::Az, Need::Python],
        600,
    ),
    story(
        "az-lifecycle",
        "the Azure CLI deletes and brings back databases, servers and vaults, and asks a Resource Guard",
        &["az_lifecycle_story.py"],
        &[Need::Az, Need::Python],
        300,
    ),
    story(
        "az-autoprotect",
        "the Azure CLI auto-protects an instance: existing, later and specially named databases",
        &["az_autoprotect_story.py"],
        &[Need::Az, Need::Python],
        300,
    ),
    story(
        "availability-groups",
        "two servers share databases: elections, a failover, restores beside the group, refusals",
        &["ag_story.py"],
        &[Need::Az, Need::Az290, Need::Python],
        600,
    ),
    story(
        "cross-region",
        "the Azure CLI and the SDK of the secondary region restore there, after the primary's objects are gone",
        &["crr_story.py"],
        &[Need::Az, Need::Python],
        300,
    ),
    story("agent", "the agent binary backs a real PostgreSQL up under load and restores it", &["agent_story.py"], PY_PG, 600),
    story(
        "time-postgres",
        "three of such days with the catalogue in PostgreSQL",
        &["time_story.py", "--postgres", "--no-clock", "--days", "3", "--restores", "12", "--refusals", "6", "--seed", "5"],
        PY_PG,
        900,
    ),
    story("faults", "every fault that must or should be raised is provoked and read back", &["faults_story.py"], PY, 300),
    alone(story("crashes", "kill -9 of server and agent in mid-stream; damaged bytes never delivered", &["crash_story.py"], PY, 600)),
    alone(story("contract", "what clients were told in the stories fits the models of their SDKs", &["contract_story.py"], PY, 300)),
];

/// The long forms, with optimised binaries: hours of this machine, months of the vault.
pub(crate) const SOAK: &[Stage] = &[
    cargo("build", "the binaries, optimised", &["build", "--workspace", "--bins", "--locked", "--release"]),
    Stage {
        release: true,
        shares: false,
        ..story(
            "soak-faults",
            "nine virtual weeks of 4 databases with random faults; 1,200 restores, each compared",
            &["time_story.py", "--days", "63", "--databases", "4", "--restores", "1200", "--refusals", "200"],
            PY,
            6 * 3600,
        )
    },
    Stage {
        release: true,
        shares: false,
        ..story(
            "soak-months",
            "three virtual months of 20 databases; what is stored is what a pure model says",
            &["time_story.py", "--days", "91", "--databases", "20", "--restores", "200", "--refusals", "40", "--no-faults", "--no-clock"],
            PY,
            12 * 3600,
        )
    },
];

/// Runs those of `stages` that the filters name, or all.
pub(crate) fn run(stages: &'static [Stage], filters: &[String]) -> Result<Report, String> {
    let chosen: Vec<&Stage> = stages.iter().filter(|s| filters.is_empty() || filters.iter().any(|f| s.name.contains(f.as_str()))).collect();
    if chosen.is_empty() {
        return Err(format!("no stage is named like {filters:?}; see --list"));
    }
    let place = Workspace::open()?;
    let _guard = guard::Guard::post(&place)?;
    let mut report = Report::default();

    let needs: Vec<Need> = chosen.iter().flat_map(|s| s.needs).copied().collect();
    let started = Instant::now();
    let installed = tools::install(&place, &needs);
    let database = if needs.contains(&Need::Postgres) && installed.is_ok() { database::start(&place).map(Some) } else { Ok(None) };
    let ready = installed.and(database);
    if let Err(why) = &ready {
        println!("tools: {why}");
    }
    let ok = ready.is_ok();
    report.add(0, Row { name: "tools".into(), passed: u64::from(ok), failed: u64::from(!ok), took: started.elapsed() });
    let database = ready.ok().flatten();

    // A story alone still needs its binaries.
    let unbuilt = chosen.iter().any(|s| matches!(s.work, Work::Story(_))) && !chosen.iter().any(|s| s.name == "build");
    let build = stages.iter().filter(|s| unbuilt && s.name == "build");
    let report = Mutex::new(report);
    let order: Vec<(usize, &Stage)> = (1..).zip(build.chain(chosen.iter().copied())).collect();
    lanes::play(
        &order,
        |(_, stage)| stage.shares,
        |(position, stage), alone| {
            let header = format!("\n== {}: {}", stage.name, stage.what);
            if alone {
                println!("{header}");
            }
            let (row, said) = stage.run(&place, database.as_deref(), alone);
            let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
            // What ran beside another is told whole when it has ended, or nobody could read the two.
            if !alone {
                println!("{header}");
            }
            for line in said {
                println!("{line}");
            }
            report.add(*position, row);
        },
    );
    Ok(report.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Stage {
    /// Runs it; alone it shows what it says as it comes. Answers the outcome and the lines that are still to be shown.
    fn run(&self, place: &Workspace, database: Option<&str>, alone: bool) -> (Row, Vec<String>) {
        let started = Instant::now();
        let mark = format!("{}/{}", place.mark, self.name);
        let limit = if alone { self.limit } else { self.limit * lanes::LANES as u64 };
        let mut said = Vec::new();
        let (passed, mut failed) = match process::run(&mut self.command(place, database), &mark, Duration::from_secs(limit), alone) {
            Ok(mut ending) => {
                let counted = self.counts.read(&ending.lines);
                if !alone {
                    said.append(&mut ending.lines);
                }
                if ending.timed_out {
                    said.push(format!("{}: not done after {limit} s, ended", self.name));
                }
                match (counted, ending.success) {
                    (Some((passed, failed)), true) if passed + failed > 0 => (passed, failed),
                    (Some((passed, failed)), false) => (passed, failed.max(1)),
                    (_, success) => {
                        let ok = success && self.counts == Counts::ExitCode;
                        (u64::from(ok), u64::from(!ok))
                    }
                }
            }
            Err(why) => {
                said.push(format!("{}: {why}", self.name));
                (0, 1)
            }
        };
        for (id, name) in process::sweep(&mark) {
            said.push(format!("{}: left a process behind: {name} ({id})", self.name));
            failed += 1;
        }
        (Row { name: self.name.into(), passed, failed, took: started.elapsed() }, said)
    }

    fn command(&self, place: &Workspace, database: Option<&str>) -> Command {
        let mut command = match self.work {
            Work::Cargo(words) => cargo_command(words),
            Work::Tests if tools::on_path("cargo-nextest") => {
                cargo_command(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])
            }
            Work::Tests => cargo_command(&["test", "--workspace", "--locked", "--no-fail-fast"]),
            Work::Story(words) => {
                let mut python = Command::new(tools::python(place, "sdk"));
                python.arg("-u").arg(place.root.join("tests/python").join(words[0])).args(&words[1..]);
                python
            }
        };
        command
            .current_dir(&place.root)
            .env("CARGO_TARGET_DIR", &place.target)
            .env("TMPDIR", &place.scratch)
            .env("RSVAULT_BIN", place.target.join(if self.release { "release" } else { "debug" }))
            .env("RSVAULT_AZ", place.cache.join("venv-az/bin/az"))
            .env("RSVAULT_AZ290", place.cache.join("venv-az290/bin/az"))
            .env("RSVAULT_NODE", tools::node(place))
            .env("RSVAULT_TRAFFIC", place.scratch.join("traffic"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", place.root.join("tests/python"));
        if let Some(bin) = database::programs() {
            command.env("RSVAULT_PG_BIN", bin);
        }
        match database {
            Some(url) => command.env("RSVAULT_TEST_POSTGRES", url),
            None => command.env_remove("RSVAULT_TEST_POSTGRES"),
        };
        command
    }
}

fn cargo_command(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(words);
    command
}
