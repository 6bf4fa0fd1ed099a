//! `rsvault openapi`: the generated documents and the coverage list, to look at, write or compare.

use crate::cli::OpenapiArguments;
use crate::exit::{Failure, Outcome};
use std::io::Write;
use std::process::ExitCode;

pub(super) fn run(arguments: &OpenapiArguments) -> Outcome<ExitCode> {
    let mut stale = Vec::new();
    let mut files = Vec::new();
    for (name, document) in rsvault_api::documents() {
        let text = document.to_pretty_json().map_err(|e| Failure::run(format!("document '{name}': {e}")))? + "\n";
        files.push((format!("{name}.json"), text));
    }
    if arguments.out.is_some() || arguments.check.is_some() {
        let text = rsvault_api::coverage().map_err(|e| Failure::run(format!("openapi/coverage.toml: {e}")))?;
        files.push(("coverage.toml".to_owned(), text));
    }
    for (file, text) in files {
        if let Some(dir) = &arguments.out {
            let path = dir.join(file);
            std::fs::create_dir_all(dir)
                .and_then(|()| std::fs::write(&path, &text))
                .map_err(|e| Failure::run(format!("cannot write {}: {e}", path.display())))?;
        } else if let Some(dir) = &arguments.check {
            let path = dir.join(file);
            if std::fs::read_to_string(&path).unwrap_or_default() != text {
                stale.push(path.display().to_string());
            }
        } else {
            std::io::stdout().write_all(text.as_bytes()).map_err(|e| Failure::run(format!("cannot write to standard output: {e}")))?;
        }
    }
    match &arguments.check {
        Some(dir) if !stale.is_empty() => {
            Err(Failure::run(format!("{} differ from the routes. Run: rsvault openapi --out {}", stale.join(", "), dir.display())))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
