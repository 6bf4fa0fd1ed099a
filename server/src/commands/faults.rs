//! `rsvault faults`: a page a code of the fault catalogue, to write or compare.

use crate::cli::FaultsArguments;
use crate::exit::{Failure, Outcome};
use rsvault_domain::fault::catalogue::{self, Entry, Side};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

const INDEX: &str = "README.md";

pub(super) fn run(arguments: &FaultsArguments) -> Outcome<ExitCode> {
    let pages = pages();
    match (&arguments.out, &arguments.check) {
        (Some(dir), _) => write(dir, &pages)?,
        (None, Some(dir)) => {
            let stale = stale(dir, &pages);
            if !stale.is_empty() {
                let stale = stale.join(", ");
                return Err(Failure::run(format!("{stale} differ from the catalogue. Run: rsvault faults --out {}", dir.display())));
            }
        }
        (None, None) => {
            let index = pages.get(INDEX).map_or("", String::as_str);
            let told = std::io::stdout().write_all(index.as_bytes());
            told.map_err(|e| Failure::run(format!("cannot write to standard output: {e}")))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// All pages by file name.
fn pages() -> BTreeMap<String, String> {
    let pages = catalogue::all().map(|entry| (format!("{}.md", entry.code), page(entry)));
    pages.chain([(INDEX.to_owned(), index())]).collect()
}

fn write(dir: &Path, pages: &BTreeMap<String, String>) -> Outcome<()> {
    let failed = |path: &Path, e: std::io::Error| Failure::run(format!("cannot write {}: {e}", path.display()));
    std::fs::create_dir_all(dir).map_err(|e| failed(dir, e))?;
    for left in superfluous(dir, pages) {
        let path = dir.join(left);
        std::fs::remove_file(&path).map_err(|e| failed(&path, e))?;
    }
    for (name, text) in pages {
        let path = dir.join(name);
        std::fs::write(&path, text).map_err(|e| failed(&path, e))?;
    }
    Ok(())
}

/// Pages that differ, are missing, or have no code any more.
fn stale(dir: &Path, pages: &BTreeMap<String, String>) -> Vec<String> {
    let differs = |(name, text): &(&String, &String)| std::fs::read_to_string(dir.join(name)).unwrap_or_default() != **text;
    pages.iter().filter(differs).map(|(name, _)| name.clone()).chain(superfluous(dir, pages)).collect()
}

fn superfluous(dir: &Path, pages: &BTreeMap<String, String>) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(dir) else { return Vec::new() };
    let names = files.flatten().filter_map(|file| file.file_name().into_string().ok());
    let mut left: Vec<String> = names.filter(|name| name.ends_with(".md") && !pages.contains_key(name)).collect();
    left.sort();
    left
}

/// When an entry is raised, in words.
fn raised(entry: &Entry) -> String {
    entry.raised.iter().map(|when| when.as_str()).collect::<Vec<_>>().join(", ")
}

fn health(entry: &Entry) -> &'static str {
    match entry.side {
        Side::User => "Degraded",
        Side::Service => "Unhealthy",
    }
}

fn index() -> String {
    let mut text = String::from(
        "# Faults\n\nThe codes that jobs, items and answers show. Each has a page: what it means, what to do, and how to provoke it in the \
         emulator.\nA running emulator lists them at `GET /emulator/faults`. These pages are made by `rsvault faults --out docs/faults`.\n\n\
         Level 1 and 2 are raised as the service raises them; level 3 is listed, and raised where a line below says how. Health is what an \
         item shows after the fault: Degraded is the user's to cure, Unhealthy the service's.\nA number of `-` is a code that only refuses \
         a request.\n\n| Code | Number | Title | Raised | Level | Health |\n|---|---|---|---|---|---|\n",
    );
    for entry in catalogue::all() {
        let number = if entry.number == 0 { "-".to_owned() } else { entry.number.to_string() };
        let row = format!("[{0}]({0}.md) | {number} | {1} | {2}", entry.code, entry.title, raised(entry));
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {row} | {} | {} |", entry.level.number(), health(entry));
    }
    text
}

fn page(entry: &Entry) -> String {
    let mut text = format!("# {}\n\n{}\n\n{}\n\n", entry.code, entry.title, entry.text);
    let number = if entry.number == 0 { "none: it only refuses a request".to_owned() } else { entry.number.to_string() };
    let heals = if entry.heals() { " A scheduled backup that fails with it is followed by a full that mends the chain." } else { "" };
    let own = if entry.own { "The code is rsvault's own; Azure's is not known.\n" } else { "" };
    let _ = write!(
        text,
        "- Number: {number}\n- Raised: {}\n- Level: {}\n- Health of the item: {}\n{own}\n## What to do\n\n",
        raised(entry),
        entry.level.number(),
        health(entry)
    );
    for (n, step) in (1..).zip(entry.recommendations) {
        let _ = writeln!(text, "{n}. {step}");
    }
    if !heals.is_empty() {
        let _ = writeln!(text, "\n{}", heals.trim_start());
    }
    let _ = write!(text, "\n## In the emulator\n\n{}\n", entry.how);
    if let Some((method, path, body)) = catalogue::recipe(entry) {
        let body = body.and_then(|body| serde_json::to_string_pretty(&body).ok()).map(|body| format!("\n{body}")).unwrap_or_default();
        let _ = write!(text, "\n```http\n{method} {path}\n{body}{}```\n", if body.is_empty() { "" } else { "\n" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_in_the_repository_are_those_of_the_catalogue() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults");
        assert_eq!(stale(&dir, &pages()), [""; 0], "run: rsvault faults --out docs/faults");
    }

    #[test]
    fn a_page_that_is_changed_missing_or_left_over_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let pages = pages();
        assert_eq!(stale(dir.path(), &pages).len(), pages.len());
        write(dir.path(), &pages).unwrap();
        assert_eq!(stale(dir.path(), &pages), [""; 0]);
        std::fs::write(dir.path().join("Gone.md"), "").unwrap();
        std::fs::write(dir.path().join(INDEX), "other").unwrap();
        assert_eq!(stale(dir.path(), &pages), [INDEX, "Gone.md"]);
        write(dir.path(), &pages).unwrap();
        assert_eq!(stale(dir.path(), &pages), [""; 0]);
    }
}
