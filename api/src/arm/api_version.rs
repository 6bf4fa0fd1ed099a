//! What differs between versions of the API, in one place. Any well-formed version is served alike but for this.

use serde::{Deserialize, Serialize};

/// Since this day no version of the API switches soft delete off: vaults are secure by default (rulebook 5.2).
const SECURE_BY_DEFAULT: &str = "2024-09-30";

/// Who may switch soft delete off: a setting of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SoftDeleteOff {
    /// Any version.
    Always,
    /// Versions before 2024-09-30, as in Azure.
    #[default]
    OldVersions,
    /// None.
    Never,
}

impl SoftDeleteOff {
    /// Whether a request of this version leaves soft delete on whatever it asks for.
    pub(crate) fn forbids(self, api_version: Option<&str>) -> bool {
        match self {
            Self::Always => false,
            Self::OldVersions => api_version.is_none_or(|version| version.get(..10).unwrap_or(version) >= SECURE_BY_DEFAULT),
            Self::Never => true,
        }
    }
}

/// The last version whose jobs show `actionsInfo` as numbers (wire-facts 7).
const LAST_WITH_NUMBERS: &str = "2023-01-01";

/// Whether `actionsInfo` of a job holds numbers: `[1]` for `["Cancellable"]`.
pub(crate) fn actions_are_numbers(api_version: Option<&str>) -> bool {
    api_version.and_then(|version| version.get(..10)).is_some_and(|day| day <= LAST_WITH_NUMBERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_numbers_up_to_2023_01_01() {
        for (version, numbers) in
            [("2016-12-01", true), ("2023-01-01", true), ("2023-02-01", false), ("2018-12-20-preview", true), ("2026-08-01", false)]
        {
            assert_eq!(actions_are_numbers(Some(version)), numbers, "{version}");
        }
        assert!(!actions_are_numbers(None));
    }

    #[test]
    fn only_versions_before_secure_by_default_switch_soft_delete_off() {
        for (version, forbidden) in [
            (Some("2024-09-29"), false),
            (Some("2016-12-01"), false),
            (Some("2024-09-30-preview"), true),
            (Some("2026-08-01"), true),
            (None, true),
        ] {
            assert_eq!(SoftDeleteOff::OldVersions.forbids(version), forbidden, "{version:?}");
            assert!(!SoftDeleteOff::Always.forbids(version));
            assert!(SoftDeleteOff::Never.forbids(version));
        }
    }
}
