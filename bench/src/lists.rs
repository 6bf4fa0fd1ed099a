//! `lists`: fills a catalogue, starts the server on it and the bare program beside it, measures both.

use crate::fill::{self, DEEP, FEW, Sizes};
use crate::http::{Connection, request};
use crate::load::{Spell, load};
use crate::report::{Bound, Line, Report, machine, spread};
use crate::server::{Served, catalogue};
use crate::template::{self, VAULT};
use crate::{Outcome, bare, pages};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the run is.
#[derive(Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long, value_name = "FILE")]
    rsvault: PathBuf,
    /// Protected items of the large vault.
    #[arg(long, default_value_t = 2_000)]
    items: u64,
    /// Servers registered to it.
    #[arg(long, default_value_t = 1_000)]
    servers: u64,
    /// Recovery points in all.
    #[arg(long, default_value_t = 1_000_000)]
    points: u64,
    /// Jobs.
    #[arg(long, default_value_t = 1_000_000)]
    jobs: u64,
    /// Rounds of load.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of load of each round.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Connections of the load.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// A folder to fill once and use again; without it a temporary one.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Writes the figures to this file as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Fails if a bound is missed.
    #[arg(long)]
    check: bool,
}

const VERSION: &str = "api-version=2026-08-01";
/// How often a page is asked.
const PAGE_TIMES: usize = 101;

/// Runs it; whether all bounds were kept, where that was asked.
pub(crate) fn run(options: &Options) -> Outcome<bool> {
    let temporary = tempfile::tempdir()?;
    let home = options.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&home)?;
    let data = home.join("data");
    // One thread: what it takes from the two that are measured is the same for both.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sizes = Sizes {
        items: options.items,
        servers: options.servers,
        points: options.points,
        jobs: options.jobs,
        alerts: 20_000,
        policies: 1_000,
        vaults: 1_000,
        deep: (options.points / 50).max(1),
    };
    prepare(&runtime, options, &home, &data, &sizes)?;

    let ours = Served::rsvault(&options.rsvault, &data)?;
    let mut report = Report { machine: String::new(), sizes, notes: Vec::new(), lines: Vec::new() };
    runtime.block_on(measure(options, &data, &ours, &mut report))?;
    ours.end()?;
    report.machine = machine();
    report.print();
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(!options.check || report.kept())
}

/// The filled folder: made now, or found.
fn prepare(runtime: &tokio::runtime::Runtime, options: &Options, home: &Path, data: &Path, sizes: &Sizes) -> Outcome<()> {
    let told = home.join("sizes.json");
    let wanted = serde_json::to_string(sizes)?;
    if std::fs::read_to_string(&told).is_ok_and(|have| have == wanted) {
        println!("the catalogue in {} is filled", home.display());
        return Ok(());
    }
    if data.exists() {
        std::fs::remove_dir_all(data)?;
    }
    let server = Served::rsvault(&options.rsvault, data)?;
    runtime.block_on(template::make(&server.host))?;
    server.end()?;
    let started = Instant::now();
    fill::fill(&catalogue(data), sizes)?;
    let size = std::fs::metadata(catalogue(data))?.len() >> 20;
    println!("filled {size} MiB in {:.0} s: {wanted}", started.elapsed().as_secs_f64());
    std::fs::write(told, wanted)?;
    Ok(())
}

fn item_path(vault: &str, number: u64, server: u64) -> String {
    format!(
        "{vault}/backupFabrics/Azure/protectionContainers/VMAppContainer%3BCompute%3Brg1%3Bvm{server:05}/protectedItems/SQLDataBase%3BMSSQLSERVER%3Bdb{number:05}"
    )
}

/// The lists, each with the page it begins with.
fn lists() -> Vec<(&'static str, String)> {
    let deep = item_path(VAULT, 0, 0);
    debug_assert!(deep.ends_with(DEEP));
    let filter = |text: &str| text.replace(' ', "%20").replace('\'', "%27");
    let subscription = VAULT.split("/resourceGroups").next().unwrap_or_default();
    vec![
        ("items", format!("{VAULT}/backupProtectedItems?{VERSION}")),
        ("containers", format!("{VAULT}/backupProtectionContainers?{VERSION}")),
        ("protectable items", format!("{VAULT}/backupProtectableItems?{VERSION}")),
        ("policies", format!("{VAULT}/backupPolicies?{VERSION}")),
        ("points", format!("{deep}/recoveryPoints?{VERSION}&$filter={}", filter("restorePointQueryType eq 'FullAndDifferential'"))),
        ("points, differentials", format!("{deep}/recoveryPoints?{VERSION}&$filter={}", filter("restorePointQueryType eq 'Differential'"))),
        ("jobs", format!("{VAULT}/backupJobs?{VERSION}")),
        ("jobs, failed", format!("{VAULT}/backupJobs?{VERSION}&$filter={}", filter("status eq 'Failed'"))),
        ("jobs, restores", format!("{VAULT}/backupJobs?{VERSION}&$filter={}", filter("operation eq 'Restore'"))),
        ("alerts", format!("{VAULT}/alerts?{VERSION}")),
        ("vaults of the subscription", format!("{subscription}/providers/Microsoft.RecoveryServices/vaults?{VERSION}")),
        ("vaults of the group", format!("{}?{VERSION}", VAULT.trim_end_matches("/bench"))),
    ]
}

/// Requests that find nothing, or little: they must not cost more than a page.
fn sparse() -> Vec<(&'static str, String)> {
    let filter = |text: &str| text.replace(' ', "%20").replace('\'', "%27");
    let jobs = |text: &str| format!("{VAULT}/backupJobs?{VERSION}&$filter={}", filter(text));
    vec![
        ("jobs: none in progress", jobs("status eq 'InProgress'")),
        ("jobs: no restore failed", jobs("operation eq 'Restore' and status eq 'CompletedWithWarnings'")),
        ("jobs: long ago", jobs("startTime eq '2001-01-01 01:00:00 AM' and endTime eq '2002-01-01 01:00:00 AM'")),
        ("jobs: one by its id", jobs("jobId eq '00000000-0000-0000-0000-000000000000'")),
        ("items of one policy", format!("{VAULT}/backupProtectedItems?{VERSION}&$filter={}", filter("policyName eq 'policy00500'"))),
        ("items of one name", format!("{VAULT}/backupProtectedItems?{VERSION}&$filter={}", filter("friendlyName eq 'db01999'"))),
    ]
}

async fn measure(options: &Options, data: &Path, ours: &Served, report: &mut Report) -> Outcome<()> {
    let token = template::token(&ours.host).await?;
    let mut connection = Connection::open(&ours.host).await?;
    for (name, first) in lists() {
        let list = pages::walk(&mut connection, &ours.host, &token, name, first).await?;
        println!("{name}: {} elements on {} pages", list.elements, list.pages);
        let Some(last) = &list.last else {
            report.notes.push(format!("{name}: {} elements on one page", list.elements));
            continue;
        };
        let (first, last) = pages::compare(&mut connection, &ours.host, &token, &list.first, last, PAGE_TIMES).await?;
        let ratio = last.as_secs_f64() / first.as_secs_f64();
        report.lines.push(Line {
            what: format!("{}: last page of {} / first ({} each)", list.name, list.pages, list.full),
            ours: format!("{:.2} ms", last.as_secs_f64() * 1e3),
            theirs: format!("{:.2} ms", first.as_secs_f64() * 1e3),
            ratio,
            spread: (ratio, ratio),
            bound: Some(Bound::AtMost(1.5)),
        });
    }
    let page = format!("{VAULT}/backupJobs?{VERSION}");
    for (what, target) in sparse() {
        let (page, found) = pages::compare(&mut connection, &ours.host, &token, &page, &target, PAGE_TIMES).await?;
        let ratio = found.as_secs_f64() / page.as_secs_f64();
        let (ours, theirs) = (format!("{:.2} ms", found.as_secs_f64() * 1e3), format!("{:.2} ms", page.as_secs_f64() * 1e3));
        let bound = Some(Bound::AtMost(1.5));
        report.lines.push(Line { what: format!("{what} / first page of jobs"), ours, theirs, ratio, spread: (ratio, ratio), bound });
    }
    // With the seconds that logs cover on the last page: told, not judged.
    let all = format!("{}/recoveryPoints?{VERSION}", item_path(VAULT, 1, 0));
    let one = item_path(VAULT, 1, 0) + "?" + VERSION;
    let (item, all) = pages::compare(&mut connection, &ours.host, &token, &one, &all, PAGE_TIMES).await?;
    report.notes.push(format!(
        "all points of an item with the seconds that its logs cover: {:.2} ms; the item: {:.2} ms",
        all.as_secs_f64() * 1e3,
        item.as_secs_f64() * 1e3
    ));
    rounds(options, data, ours, &token, report).await
}

/// What is loaded: requests to ours and to the bare program.
struct Contest {
    what: &'static str,
    ours: Arc<Vec<Vec<u8>>>,
    theirs: Arc<Vec<Vec<u8>>>,
    least: f64,
    /// Ours and theirs, a pair for each round.
    seen: Vec<(Spell, Spell)>,
    cpu: [Duration; 2],
}

async fn rounds(options: &Options, data: &Path, ours: &Served, token: &str, report: &mut Report) -> Outcome<()> {
    let items = options.items;
    let small = VAULT.replace("/bench", &format!("/{}", fill::SMALL));
    let targets: Vec<String> = (0..items).map(|n| format!("{}?{VERSION}", item_path(VAULT, n, n / 2 % options.servers))).collect();
    let list = format!("{small}/backupProtectedItems?{VERSION}");
    let mut connection = Connection::open(&ours.host).await?;
    let (one, _) = connection.json("GET", &targets[1], token, &serde_json::Value::Null).await?;
    let (many, body) = connection.json("GET", &list, token, &serde_json::Value::Null).await?;
    let found = body["value"].as_array().map_or(0, Vec::len) as u64;
    if found != FEW {
        return Err(format!("the list of {FEW} has {found}").into());
    }
    let bare = Served::bare(&catalogue(data), one.length(), many.length() / FEW as usize)?;
    report.notes.push(format!(
        "bodies: item {} bytes, list of {FEW} {} bytes; bare program: axum + sqlx, pool {}, test_before_acquire(false); plain HTTP/1.1, {} connections, {} rounds of {} s in shuffled order",
        one.length(),
        many.length(),
        bare::POOL,
        options.connections,
        options.rounds,
        options.seconds
    ));
    let ids: (Vec<String>, String) = ids(&catalogue(data), items)?;
    let asked = |host: &str, token: Option<&str>, targets: &[String]| {
        Arc::new(targets.iter().map(|t| request("GET", host, t, token, "", "")).collect::<Vec<_>>())
    };
    let bare_items: Vec<String> = ids.0.iter().map(|id| format!("/items/{id}")).collect();
    let mut contests = [
        Contest {
            what: "GET of one item",
            ours: asked(&ours.host, Some(token), &targets),
            theirs: asked(&bare.host, None, &bare_items),
            least: 0.8,
            seen: Vec::new(),
            cpu: [Duration::ZERO; 2],
        },
        Contest {
            what: "list of 50 items",
            ours: asked(&ours.host, Some(token), std::slice::from_ref(&list)),
            theirs: asked(&bare.host, None, &[format!("/vaults/{}/items", ids.1)]),
            least: 0.7,
            seen: Vec::new(),
            cpu: [Duration::ZERO; 2],
        },
    ];
    let lasting = Duration::from_secs(options.seconds);
    for contest in &contests {
        // Connections, caches and memory are warm before anything counts.
        for (host, requests) in [(&ours.host, &contest.ours), (&bare.host, &contest.theirs)] {
            load(host, requests.clone(), options.connections, Duration::from_millis(700)).await?;
        }
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ u64::from(std::process::id()));
    for round in 0..options.rounds {
        let mut spells: Vec<(usize, bool)> = vec![(0, true), (0, false), (1, true), (1, false)];
        for at in (1..spells.len()).rev() {
            spells.swap(at, (dice.next() % (at as u64 + 1)) as usize);
        }
        let mut seen: [[Option<Spell>; 2]; 2] = Default::default();
        for (which, real) in spells {
            let contest = &mut contests[which];
            let (served, requests) = if real { (ours, &contest.ours) } else { (&bare, &contest.theirs) };
            let before = served.cpu()?;
            let spell = load(&served.host, requests.clone(), options.connections, lasting).await?;
            let cpu = (served.cpu()? - before) / u32::try_from(spell.answers.max(1))?;
            contest.cpu[usize::from(!real)] = cpu;
            seen[which][usize::from(!real)] = Some(spell);
            let who = if real { "rsvault" } else { "bare" };
            println!(
                "round {}: {} {who}: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {} us CPU each",
                round + 1,
                contest.what,
                spell.rate,
                spell.p50.as_secs_f64() * 1e3,
                spell.p99.as_secs_f64() * 1e3,
                cpu.as_micros()
            );
        }
        for (contest, [a, b]) in contests.iter_mut().zip(seen) {
            contest.seen.extend(a.zip(b));
        }
    }
    for contest in &contests {
        report.lines.extend(contest.lines(options.connections));
    }
    bare.end()
}

impl Contest {
    fn lines(&self, connections: usize) -> [Line; 2] {
        let median = |of: &dyn Fn(&(Spell, Spell)) -> f64| spread(self.seen.iter().map(of).collect());
        let ms = |seconds: f64| format!("{:.2} ms", seconds * 1e3);
        let (ratio, range) = median(&|(a, b)| a.rate / b.rate);
        let rate = |value: f64, cpu: Duration| format!("{value:.0}/s, {} us CPU", cpu.as_micros());
        let (slow, slow_range) = median(&|(a, b)| a.p99.as_secs_f64() / b.p99.as_secs_f64());
        [
            Line {
                what: format!("{} / bare", self.what),
                ours: rate(median(&|(a, _)| a.rate).0, self.cpu[0]),
                theirs: rate(median(&|(_, b)| b.rate).0, self.cpu[1]),
                ratio,
                spread: range,
                bound: Some(Bound::AtLeast(self.least)),
            },
            Line {
                what: format!("{}: p99 at {connections} connections / bare", self.what),
                ours: ms(median(&|(a, _)| a.p99.as_secs_f64()).0),
                theirs: ms(median(&|(_, b)| b.p99.as_secs_f64()).0),
                ratio: slow,
                spread: slow_range,
                bound: Some(Bound::AtMost(1.5)),
            },
        ]
    }
}

/// The ids of the large vault's items in order, and of the small vault, in hexadecimal.
fn ids(catalogue: &Path, items: u64) -> Outcome<(Vec<String>, String)> {
    let db = rusqlite::Connection::open(catalogue)?;
    let mut statement = db.prepare("SELECT lower(hex(id)) FROM items WHERE database_name LIKE 'db%' ORDER BY database_name LIMIT ?1")?;
    let ids = statement.query_map([i64::try_from(items)?], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let small = db.query_row("SELECT lower(hex(id)) FROM vaults WHERE name = ?1", [fill::SMALL], |row| row.get(0))?;
    Ok((ids, small))
}

/// xorshift: enough to shuffle with.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
