//! Where the files of a restored database go: what a request maps, held against the files of the backup.
//!
//! Always holds: what is mapped is a file of the backup, mapped once, to a place of its own; what is not
//! mapped goes to the engine's default folders.

use super::FileMapping;
use crate::backup::DatabaseFile;
use crate::fault::{Fault, Result};
use crate::id::NameKey;
use std::collections::HashSet;

/// The longest file list, in bytes as JSON, that a point shows and that can be mapped (rulebook 4.1).
pub const FILE_LIST_MAX: usize = 20_000;

/// Whether a backup's file list is shown and can be mapped. Longer ones are kept elsewhere in Azure: the point
/// shows no files, and they go to the engine's default folders.
pub fn is_listed(files: &[DatabaseFile]) -> bool {
    let entry = |f: &DatabaseFile| serde_json::json!({"type": f.kind.as_str(), "path": f.path, "logicalName": f.logical_name});
    let bytes: usize = files.iter().map(|f| entry(f).to_string().len() + 1).sum();
    bytes < FILE_LIST_MAX
}

/// The mappings to restore with. `fallback` (`isFallbackOnDefaultDirectoryEnabled`): what cannot be mapped goes
/// to the default folders, and is not refused.
pub fn mapped(files: &[DatabaseFile], mappings: &[FileMapping], listed: bool, fallback: bool) -> Result<Vec<FileMapping>> {
    if !listed && !mappings.is_empty() {
        return if fallback { Ok(Vec::new()) } else { Err(too_long()) };
    }
    let (mut names, mut places) = (HashSet::new(), HashSet::new());
    let mut kept = Vec::with_capacity(mappings.len());
    for (n, mapping) in mappings.iter().enumerate() {
        let name = NameKey::new(&mapping.logical_name);
        let refused = |field: &str, text: String| {
            Fault::invalid("BMSUserErrorInvalidRestoreRequest", text).at(format!("properties.alternateDirectoryPaths[{n}].{field}"))
        };
        let Some(file) = files.iter().find(|file| NameKey::new(&file.logical_name) == name) else {
            if fallback {
                continue;
            }
            let known: Vec<_> = files.iter().take(10).map(|file| format!("'{}'", file.logical_name)).collect();
            let more = if files.len() > known.len() { " and others" } else { "" };
            return Err(refused(
                "sourceLogicalName",
                format!("The backup has no file '{}'. Its files are {}{more}.", mapping.logical_name, known.join(", ")),
            ));
        };
        if file.kind != mapping.kind {
            let (is, said) = (file.kind.as_str(), mapping.kind.as_str());
            return Err(refused("mappingType", format!("File '{}' is a {is} file, not {said}. Send {is}.", file.logical_name)));
        }
        if !names.insert(name) {
            return Err(refused("sourceLogicalName", format!("File '{}' is mapped twice. Map it once.", file.logical_name)));
        }
        if !places.insert(mapping.target_path.to_lowercase()) {
            return Err(Fault::invalid(
                "UserErrorDatabaseFileCollision",
                format!("Two files are mapped to '{}'. Give each file a path of its own.", mapping.target_path),
            )
            .at(format!("properties.alternateDirectoryPaths[{n}].targetPath")));
        }
        kept.push(mapping.clone());
    }
    Ok(kept)
}

fn too_long() -> Fault {
    Fault::invalid(
        "UserErrorFileListTooLongForTargetPaths",
        format!(
            "The file list of this backup is longer than {FILE_LIST_MAX} bytes, so target paths cannot be given. Leave alternateDirectoryPaths out: the files go to the instance's default folders."
        ),
    )
    .at("properties.alternateDirectoryPaths")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::FileKind;

    fn file(kind: FileKind, name: &str) -> DatabaseFile {
        DatabaseFile { kind, path: format!("F:\\data\\{name}.mdf"), logical_name: name.into(), size: 1 }
    }
    fn to(kind: FileKind, name: &str, path: &str) -> FileMapping {
        FileMapping { kind, logical_name: name.into(), source_path: String::new(), target_path: path.into() }
    }
    fn files() -> Vec<DatabaseFile> {
        vec![file(FileKind::Data, "sales"), file(FileKind::Log, "sales_log")]
    }
    fn target(mappings: &[FileMapping]) -> Option<String> {
        mapped(&files(), mappings, true, false).unwrap_err().target
    }

    #[test]
    fn what_is_not_mapped_goes_to_the_default_folders() {
        let one = [to(FileKind::Log, "SALES_LOG", "G:\\x.ldf")];
        assert_eq!(mapped(&files(), &one, true, false).unwrap(), one);
        assert!(mapped(&files(), &[], true, false).unwrap().is_empty());
    }

    #[test]
    fn an_unknown_file_a_wrong_kind_and_a_file_mapped_twice_are_refused_by_field() {
        let at = |field: &str| Some(format!("properties.alternateDirectoryPaths[{field}"));
        assert_eq!(target(&[to(FileKind::Data, "other", "a")]), at("0].sourceLogicalName"));
        assert_eq!(target(&[to(FileKind::Log, "sales", "a")]), at("0].mappingType"));
        assert_eq!(target(&[to(FileKind::Data, "sales", "a"), to(FileKind::Data, "Sales", "b")]), at("1].sourceLogicalName"));
        let collide = [to(FileKind::Data, "sales", "F:\\A"), to(FileKind::Log, "sales_log", "f:\\a")];
        assert_eq!(mapped(&files(), &collide, true, false).unwrap_err().code, "UserErrorDatabaseFileCollision");
        let unknown = [to(FileKind::Data, "other", "a"), to(FileKind::Log, "sales_log", "b")];
        assert_eq!(mapped(&files(), &unknown, true, true).unwrap(), unknown[1..]);
    }

    #[test]
    fn a_list_of_20_000_bytes_or_more_cannot_be_mapped() {
        let entry = r#"{"type":"Data","path":"F:\\data\\.mdf","logicalName":""},"#.len();
        let name = |len: usize| "x".repeat(len);
        // 200 entries of 99 bytes each, with the name twice, and one that fills up or overflows.
        let long = (99 - entry) / 2;
        let mut files: Vec<_> = (0..200).map(|_| file(FileKind::Data, &name(long))).collect();
        let filled: usize = 200 * (entry + 2 * long);
        let room = FILE_LIST_MAX - filled - entry;
        files.push(file(FileKind::Data, &name((room - 1) / 2)));
        assert!(is_listed(&files));
        files[200] = file(FileKind::Data, &name(room / 2 + 1));
        assert!(!is_listed(&files));
        let fault = mapped(&files, &[to(FileKind::Data, "a", "b")], false, false).unwrap_err();
        assert_eq!(fault.target.as_deref(), Some("properties.alternateDirectoryPaths"));
        assert!(mapped(&files, &[to(FileKind::Data, "a", "b")], false, true).unwrap().is_empty());
        assert!(mapped(&files, &[], false, false).unwrap().is_empty());
    }
}
