//! The commands. Each loads its settings, does one thing and says how it ended.

mod demo;
mod doctor;
mod faults;
mod migrate;
mod openapi;
mod serve;
mod sign_in;
mod token;

use crate::cli::{Arguments, Command, TokenVerb};
use crate::exit::Outcome;
use std::process::ExitCode;

/// Runs what was typed.
pub(crate) async fn run(arguments: Arguments) -> Outcome<ExitCode> {
    match arguments.command {
        Command::Serve(arguments) => serve::run(&arguments).await,
        Command::Demo(arguments) => demo::run(&arguments).await,
        Command::Doctor(arguments) => doctor::run(&arguments).await,
        Command::Migrate(arguments) => migrate::run(&arguments).await,
        Command::Token(arguments) => match arguments.verb {
            TokenVerb::Create(arguments) => token::create(&arguments).await,
        },
        Command::Openapi(arguments) => openapi::run(&arguments),
        Command::Faults(arguments) => faults::run(&arguments),
    }
}
