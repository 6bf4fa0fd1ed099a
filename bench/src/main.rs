//! Benchmarks that compare, in one run, the shipped server with a program that does the least possible on
//! the same rows. `cargo xtask bench lists` builds both and runs this.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its terminal")]
#![allow(clippy::disallowed_methods, reason = "measures with the real clock; there is no vault in here")]

mod bare;
mod fill;
mod http;
mod lists;
mod load;
mod pages;
mod report;
mod server;
mod template;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// What goes wrong here ends the run; it is told to a person.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists and reads of a large catalogue.
    Lists(lists::Options),
    /// The bare program that the server is compared with.
    #[command(hide = true)]
    Bare(bare::Options),
}

fn main() -> ExitCode {
    let outcome = match Line::parse().command {
        Command::Lists(options) => lists::run(&options),
        Command::Bare(options) => bare::serve(&options).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}
