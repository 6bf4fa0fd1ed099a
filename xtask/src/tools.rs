//! Installs what the stages need, once: Debian packages when we may, pinned virtual environments in the cache folder.
//! A second run finds everything in place and asks no registry.

use crate::workspace::Workspace;
use crate::{database, process};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Something a stage needs beside the Rust toolchain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    /// PostgreSQL server programs.
    Postgres,
    /// The Azure CLI in its own environment.
    Az,
    /// The Azure CLI 2.90, whose restores to a point in time work.
    Az290,
    /// The Python SDKs and generators; stories run in it.
    Python,
    /// For openapi-generator.
    Java,
    /// Node and the JavaScript SDKs.
    Node,
}

/// The Python of an environment.
pub(crate) fn python(place: &Workspace, venv: &str) -> PathBuf {
    place.cache.join(format!("venv-{venv}/bin/python"))
}

/// Where the JavaScript SDKs are installed.
pub(crate) fn node(place: &Workspace) -> PathBuf {
    place.cache.join("node")
}

/// Installs all of `needs`.
pub(crate) fn install(place: &Workspace, needs: &[Need]) -> Result<(), String> {
    let mut packages = Vec::new();
    if !on_path("cc") {
        packages.push("build-essential");
    }
    if needs.contains(&Need::Postgres) && database::programs().is_none() {
        packages.push("postgresql");
    }
    let venvs = [Need::Az, Need::Az290, Need::Python].iter().any(|n| needs.contains(n));
    if venvs && !Command::new("python3").args(["-c", "import venv, ensurepip"]).output().is_ok_and(|o| o.status.success()) {
        packages.push("python3-venv");
    }
    if needs.contains(&Need::Java) && !on_path("java") {
        packages.push("default-jre-headless");
    }
    if needs.contains(&Need::Node) {
        packages.extend(["nodejs", "npm"].into_iter().filter(|p| !on_path(if *p == "nodejs" { "node" } else { p })));
    }
    apt(place, &packages)?;
    if needs.contains(&Need::Node) {
        modules(place)?;
    }
    if needs.contains(&Need::Az) {
        venv(place, "az")?;
    }
    if needs.contains(&Need::Az290) {
        venv(place, "az290")?;
    }
    if needs.contains(&Need::Python) {
        venv(place, "sdk")?;
    }
    Ok(())
}

fn apt(place: &Workspace, packages: &[&str]) -> Result<(), String> {
    if packages.is_empty() {
        return Ok(());
    }
    let wanted = packages.join(" ");
    if !database::is_root() || !on_path("apt-get") {
        return Err(format!("missing packages: {wanted}. Install them (Debian, Ubuntu: sudo apt-get install {wanted}) and run again"));
    }
    println!("installing {wanted}");
    let update = Command::new("apt-get");
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    let mut both = [update, install];
    both[0].args(["update", "-q"]);
    for command in &mut both {
        must(place, command, Duration::from_secs(600))?;
    }
    Ok(())
}

/// An environment holds exactly its pinned list; the list it was made from lies inside it.
fn venv(place: &Workspace, name: &str) -> Result<(), String> {
    let list = place.root.join(format!("tests/python/{name}.txt"));
    let wanted = std::fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
    let folder = place.cache.join(format!("venv-{name}"));
    let marker = folder.join("installed.txt");
    if std::fs::read_to_string(&marker).is_ok_and(|had| had == wanted) && works(&python(place, name)) {
        return Ok(());
    }
    println!("preparing {} (once)", folder.display());
    if !works(&python(place, name)) {
        must(place, Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder), Duration::from_secs(120))?;
    }
    let mut pip = Command::new(python(place, name));
    pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r"]).arg(&list);
    must(place, &mut pip, Duration::from_secs(1200))?;
    std::fs::write(&marker, wanted).map_err(|e| format!("{}: {e}", marker.display()))
}

/// What the lock file names, installed outside the clone; the lock file that it was made from lies beside it.
fn modules(place: &Workspace) -> Result<(), String> {
    let folder = node(place);
    let marker = folder.join("installed.json");
    let read = |name: &str| {
        let path = place.root.join("tests/js").join(name);
        std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    };
    let wanted = read("package-lock.json")?;
    if std::fs::read_to_string(&marker).is_ok_and(|had| had == wanted) {
        return Ok(());
    }
    println!("preparing {} (once)", folder.display());
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).map_err(|e| format!("{}: {e}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
    write("package.json", &read("package.json")?)?;
    write("package-lock.json", &wanted)?;
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
    must(place, &mut npm, Duration::from_secs(600))?;
    write("installed.json", &wanted)
}

fn works(python: &Path) -> bool {
    Command::new(python).args(["-m", "pip", "--version"]).output().is_ok_and(|o| o.status.success())
}

fn must(place: &Workspace, command: &mut Command, limit: Duration) -> Result<(), String> {
    let told = format!("{command:?}");
    let ending = process::run(command, &place.mark, limit, true)?;
    if ending.success { Ok(()) } else { Err(format!("{told} failed")) }
}

/// Whether a program is found.
pub(crate) fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|p| p.join(program).is_file()))
}
