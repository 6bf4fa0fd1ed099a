//! temp
mod clock;
mod cli;
mod exit;
mod lifecycle;
mod listen;
mod seed;
mod settings;
mod telemetry;
mod tls;
mod wake;
fn main() {}
