//! `cargo xtask`: the chores of this repository. `test` is the one that people and CI run; it decides which stages
//! exist and in which order, and always ends by saying `N passed, N failed`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its terminal")]
#![allow(clippy::disallowed_methods, reason = "stages are measured with the real clock; there is no vault in here")]

mod bench;
mod counts;
mod database;
mod guard;
mod lanes;
mod process;
mod report;
mod stages;
mod tools;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask test [--filter STAGE]... [--list]
       cargo xtask soak [--filter STAGE]... [--list]
       cargo xtask bench lists [--check] [--json FILE] [--points N]...

  test            install what is needed and run every stage
  soak            the long forms: virtual months, a thousand restores; takes hours
  bench lists     how fast lists and reads are, against a bare program on the same rows
  --filter STAGE  only stages whose name contains STAGE (may be repeated)
  --list          name the stages and stop

Tools, virtual environments and build outputs live in ${RSVAULT_CACHE:-${XDG_CACHE_HOME:-~/.cache}/rsvault}.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("test") => test(stages::ALL, &args[1..]),
        Some("soak") => test(stages::SOAK, &args[1..]),
        Some("bench") => match bench::run(&args[1..]) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(why) => {
                eprintln!("xtask: {why}");
                ExitCode::from(2)
            }
        },
        Some(guard::COMMAND) => guard::stand(&args[1..]),
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn test(all: &'static [stages::Stage], args: &[String]) -> ExitCode {
    let mut filters = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match (word.as_str(), word.strip_prefix("--filter=")) {
            ("--list", _) => {
                for stage in all {
                    println!("{:14} {}", stage.name, stage.what);
                }
                return ExitCode::SUCCESS;
            }
            // The default; accepted so that a script may say it.
            ("--keep-going", _) => {}
            ("--filter", _) => match words.next() {
                Some(value) => filters.push(value.clone()),
                None => return usage(),
            },
            (_, Some(value)) => filters.push(value.to_owned()),
            _ => return usage(),
        }
    }
    match stages::run(all, &filters) {
        Ok(report) => {
            report.print();
            if report.failed() == 0 && report.passed() > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("xtask: {why}");
            println!("0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}
