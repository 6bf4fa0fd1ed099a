//! `rsvault openapi`: the generated documents, to look at, write or compare.

use crate::cli::OpenapiArguments;
use crate::exit::{Failure, Outcome};
use std::io::Write;
use std::process::ExitCode;

pub(super) fn run(arguments: &OpenapiArguments) -> Outcome<ExitCode> {
    let mut stale = Vec::new();
    for (name, document) in rsvault_api::documents() {
        let text = document.to_pretty_json().map_err(|e| Failure::run(format!("document '{name}': {e}")))? + "\n";
        let file = format!("{name}.json");
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
