//! How planning a restore grows with the number of log backups of one item.
//!
//! `cargo bench -p rsvault-domain --bench chain` prints a table: time to build the index, time to plan
//! for a random second (and to refuse one), over 10^4, 10^5 and 10^6 log backups, with the growth from
//! row to row within this run. Logs are 15 minutes apart, differentials daily, fulls weekly, and one
//! log in a thousand is missing.

#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![allow(clippy::print_stdout, reason = "its table is its purpose")]

use jiff::Timestamp;
use rsvault_domain::backup::chain::{Chain, Link};
use rsvault_domain::backup::{BackupKind, Lsn, RecoveryModel, RecoveryPointName};
use std::hint::black_box;
use std::time::{Duration, Instant};
use uuid::Uuid;

const LOG_SECONDS: i64 = 15 * 60;
const LOGS_A_DAY: u64 = 96;
const PLANS: usize = 20_000;

fn main() {
    println!("| log backups | links | build | growth | plan, mean | median | p99 | growth | steps, mean | a step | refuse, mean |");
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let mut last: Option<(Duration, Duration)> = None;
    for logs in [10_000, 100_000, 1_000_000] {
        let links = history(logs, 1000);
        let count = links.len();
        let started = Instant::now();
        let chain = Chain::new(links);
        let build = started.elapsed();
        let seconds = random_seconds(logs);
        let (mut plans, mut refusals, mut steps) = (Vec::new(), Vec::new(), 0);
        for t in &seconds {
            let started = Instant::now();
            let plan = black_box(chain.plan_at(black_box(*t)));
            let took = started.elapsed();
            match plan {
                Ok(plan) => {
                    steps += plan.len();
                    plans.push(took);
                }
                Err(_) => refusals.push(took),
            }
        }
        plans.sort_unstable();
        let mean = mean(&plans);
        let growth = |now: Duration, before: Option<Duration>| {
            before.map_or("-".to_owned(), |before| format!("x {:.1}", now.as_secs_f64() / before.as_secs_f64()))
        };
        println!(
            "| {logs} | {count} | {:.1} ms | {} | {} ns | {} ns | {} ns | {} | {:.1} | {:.1} ns | {} ns |",
            build.as_secs_f64() * 1e3,
            growth(build, last.map(|l| l.0)),
            mean.as_nanos(),
            plans[plans.len() / 2].as_nanos(),
            plans[plans.len() * 99 / 100].as_nanos(),
            growth(mean, last.map(|l| l.1)),
            steps as f64 / plans.len() as f64,
            plans.iter().sum::<Duration>().as_nanos() as f64 / steps as f64,
            self::mean(&refusals).as_nanos(),
        );
        last = Some((build, mean));
    }
    // One full and a million logs: the longest plan there is.
    let links = history(1_000_000, u64::MAX).into_iter().enumerate();
    let chain = Chain::new(links.filter(|(at, link)| *at == 0 || link.kind == BackupKind::Log).map(|(_, link)| link));
    let end = chain.ranges()[0].end;
    let started = Instant::now();
    let steps = black_box(chain.plan_at(end)).map_or(0, |plan| plan.len());
    println!("\nThe longest plan, one full and {} logs: {:.1} ms", steps - 1, started.elapsed().as_secs_f64() * 1e3);
}

fn mean(times: &[Duration]) -> Duration {
    times.iter().sum::<Duration>() / times.len().max(1) as u32
}

/// As many logs, one in `missing` left out, with their fulls and differentials; LSNs are seconds.
fn history(logs: u64, missing: u64) -> Vec<Link> {
    let mut links = Vec::new();
    let (mut full, mut serial) = (0, 0);
    let mut link = |kind, first: u128, last: u128, base: u128| {
        serial += 1;
        links.push(Link {
            set_id: Uuid::from_u128(serial).into(),
            name: RecoveryPointName(format!("{}", 100_000_000_000_000 + serial)),
            kind,
            started_at: at(first as i64),
            time: at(last as i64),
            first_lsn: Lsn(first),
            last_lsn: Lsn(last),
            checkpoint_lsn: Lsn(first),
            database_backup_lsn: Lsn(base),
            recovery_fork: Uuid::from_u128(7),
            recovery_model: RecoveryModel::Full,
            bulk_logged: false,
            sealed_bytes: 1 << 20,
        });
    };
    for log in 0..logs {
        let start = (log as i64 * LOG_SECONDS) as u128;
        if log % (7 * LOGS_A_DAY) == 0 {
            full = start;
            link(BackupKind::Full, start, start + 120, 0);
        } else if log % LOGS_A_DAY == 0 {
            link(BackupKind::Differential, start, start + 60, full);
        }
        if log % missing != missing - 1 {
            link(BackupKind::Log, start, start + LOG_SECONDS as u128, 0);
        }
    }
    links
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

/// Seconds spread over the whole time, the same ones in every run.
fn random_seconds(logs: u64) -> Vec<Timestamp> {
    let end = logs * LOG_SECONDS as u64;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 16) % end
    };
    (0..PLANS).map(|_| at(next() as i64)).collect()
}
