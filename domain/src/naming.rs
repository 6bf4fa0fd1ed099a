//! Which names a vault can protect (rulebook 2.2). Names travel in paths of URLs, and the service that
//! rsvault speaks for has a front end that filters some of them.
//!
//! Always holds: what [`may_configure`] lets through, auto-protection may protect too; an [`Unfit`] says
//! the rule that is broken and the cure.

use crate::discovery::{InstanceInventory, Inventory};
use crate::fault::{Fault, Result};
use crate::id::NameKey;

/// Characters that the names of a server and of its resource group may have together.
pub const SERVER_AND_GROUP: usize = 84;

/// Characters that keep a database from being protected by a request of its own; auto-protection takes it.
const SPECIAL: &str = "{}[],=-().+&;'/";
/// Characters that no protected name ends in.
const TRAILING: &str = "!];/%";
/// Endings that the front end keeps for itself and lets through in a database's name all the same.
const ENDINGS_ALLOWED: &[&str] = &["ad", "cs", "master"];
/// Endings that the front end takes for files it does not serve.
const ENDINGS: &[&str] = &[
    "adprototype",
    "asa",
    "asax",
    "ascx",
    "browser",
    "cd",
    "compiled",
    "config",
    "csproj",
    "dd",
    "dsdgm",
    "dsprototype",
    "exclude",
    "java",
    "jsl",
    "ldb",
    "ldd",
    "lddprototype",
    "ldf",
    "licx",
    "lsad",
    "lsaprototype",
    "mdb",
    "mdf",
    "msgx",
    "refresh",
    "resources",
    "resx",
    "rules",
    "sd",
    "sdm",
    "sdmdocument",
    "sitemap",
    "skin",
    "ssdgm",
    "ssmap",
    "vb",
    "vbproj",
    "vjsproj",
    "vsdisco",
    "webinfo",
];

/// Why a database cannot be protected under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The rule that the name breaks.
    pub rule: String,
    /// What to do.
    pub cure: String,
    /// Whether auto-protection of its instance protects it all the same.
    pub by_auto_protection: bool,
}

impl Unfit {
    fn never(rule: String) -> Self {
        Self { rule, cure: "Rename the database, then rediscover the databases.".to_owned(), by_auto_protection: false }
    }
    /// Rule and cure.
    pub fn words(&self) -> String {
        format!("{} {}", self.rule, self.cure)
    }
}

/// What is wrong with the name `database` on `instance`; the gravest first.
pub fn unfit(instance: &InstanceInventory, database: &str) -> Option<Unfit> {
    let key = NameKey::new(database);
    let mut twins = instance.databases.iter().filter(|d| NameKey::new(&d.name) == key);
    if let (Some(one), Some(other)) = (twins.next(), twins.next()) {
        return Some(Unfit::never(format!(
            "Databases '{}' and '{}' of instance '{}' differ only in case; names are compared without case.",
            one.name, other.name, instance.name
        )));
    }
    of_name(database)
}

/// What is wrong with a name by itself.
pub fn of_name(name: &str) -> Option<Unfit> {
    if name.trim() != name {
        return Some(Unfit::never(format!("The database name '{name}' begins or ends with a blank.")));
    }
    if let Some(last) = name.chars().last().filter(|c| TRAILING.contains(*c)) {
        return Some(Unfit::never(format!("The database name '{name}' ends with '{last}'; no name may end with one of ! ] ; / %.")));
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    if let Some(ending) = ending.as_deref().filter(|e| ENDINGS.contains(e)) {
        return Some(Unfit::never(format!(
            "The database name '{name}' ends with the file extension '.{ending}'; of those only .ad, .cs and .master are possible."
        )));
    }
    let allowed = ending.filter(|e| ENDINGS_ALLOWED.contains(&e.as_str())).map_or(0, |e| e.len() + 1);
    let stem = name.chars().take(name.chars().count().saturating_sub(allowed));
    let special = stem.into_iter().find(|c| SPECIAL.contains(*c))?;
    Some(Unfit {
        rule: format!(
            "The database name '{name}' contains '{special}'; a database with one of {{ }} [ ] , = - ( ) . + & ; ' / in its name cannot be protected by a request of its own."
        ),
        cure: "Set auto-protection on its instance, which protects such databases too, or rename the database.".to_owned(),
        by_auto_protection: true,
    })
}

/// Refuses to protect `database` by a request of its own.
pub fn may_configure(instance: &InstanceInventory, database: &str) -> Result<()> {
    match unfit(instance, database) {
        None => Ok(()),
        Some(unfit) => Err(Fault::invalid("BMSUserErrorInvalidConfigureProtectionRequest", unfit.words()).at("protectedItemName")),
    }
}

/// Refuses a server whose own name and group's name are too long together.
pub fn server_fits(group: &str, server: &str) -> Result<()> {
    let (have, most) = (group.chars().count() + server.chars().count(), SERVER_AND_GROUP);
    if have <= most {
        return Ok(());
    }
    Err(Fault::invalid(
        "BMSUserErrorInvalidInput",
        format!(
            "The names of server '{server}' and of its resource group '{group}' have {have} characters together; {most} is the most for a server that is to be protected. Move the server to a group with a shorter name, or rename it."
        ),
    )
    .at("containerName"))
}

/// What an agent saw without what no vault shows: `tempdb` cannot be backed up.
#[must_use]
pub fn listed(mut inventory: Inventory) -> Inventory {
    for instance in &mut inventory.instances {
        instance.databases.retain(|database| !database.name.eq_ignore_ascii_case("tempdb"));
    }
    inventory
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::RecoveryModel;
    use crate::discovery::DatabaseInventory;
    use proptest::prelude::*;

    fn instance(names: &[&str]) -> InstanceInventory {
        let database =
            |name: &&str| DatabaseInventory { name: (*name).to_owned(), recovery_model: RecoveryModel::Full, size: 1, read_only: false };
        InstanceInventory {
            name: "MSSQLSERVER".into(),
            version: "16".into(),
            directories: Vec::new(),
            databases: names.iter().map(database).collect(),
            fault: None,
        }
    }
    fn verdict(name: &str) -> Option<bool> {
        unfit(&instance(&[name]), name).map(|unfit| unfit.by_auto_protection)
    }

    #[test]
    fn plain_names_and_the_three_allowed_endings_are_fit() {
        for name in ["salesdb", "Sales 2026", "sales_db", "æøå", "shop#1", "a@b", "crm.ad", "CRM.CS", "hr.master", "100%sure", "a!b"] {
            assert_eq!(verdict(name), None, "{name}");
        }
    }

    #[test]
    fn special_characters_are_left_to_auto_protection() {
        for c in "{}[,=-().+&;'/".chars() {
            let name = format!("a{c}b");
            assert_eq!(verdict(&name), Some(true), "{name}");
            assert!(may_configure(&instance(&[&name]), &name).unwrap_err().message.contains(&format!("contains '{c}'")), "{name}");
        }
        for name in ["v1.2", "sales.backup", "my.db.cs", "it's", "web-shop"] {
            assert_eq!(verdict(name), Some(true), "{name}");
        }
    }

    #[test]
    fn some_names_nothing_protects() {
        for name in [" a", "a ", "a!", "a]", "a;", "a/", "a%", "sales.mdf", "SALES.MDF", "web.config", "\u{a0}x"] {
            assert_eq!(verdict(name), Some(false), "{name:?}");
        }
    }

    #[test]
    fn two_that_differ_only_in_case_are_both_unfit() {
        let both = instance(&["Sales", "sales", "other"]);
        for name in ["Sales", "sales", "SALES"] {
            let unfit = unfit(&both, name).unwrap();
            assert!(unfit.rule.contains("'Sales' and 'sales'") && !unfit.by_auto_protection, "{unfit:?}");
        }
        assert_eq!(super::unfit(&both, "other"), None);
    }

    #[test]
    fn a_server_and_its_group_share_84_characters() {
        server_fits(&"g".repeat(40), &"v".repeat(44)).unwrap();
        let fault = server_fits(&"g".repeat(40), &"v".repeat(45)).unwrap_err();
        assert!(fault.message.contains("85 characters") && fault.target.as_deref() == Some("containerName"), "{}", fault.message);
    }

    #[test]
    fn tempdb_is_never_listed() {
        let seen = Inventory { instances: vec![instance(&["master", "TempDB", "tempdb2"])], ..Inventory::default() };
        let names: Vec<String> = listed(seen).instances.remove(0).databases.into_iter().map(|d| d.name).collect();
        assert_eq!(names, ["master", "tempdb2"]);
    }

    proptest! {
        #[test]
        fn every_refusal_names_the_database_a_rule_and_a_cure(name in "\\PC{1,40}") {
            let on = instance(&[&name]);
            match unfit(&on, &name) {
                None => {
                    prop_assert!(may_configure(&on, &name).is_ok());
                    let plain = !name.contains(['\'', ';', '/', '{']) && name.trim() == name;
                    prop_assert!(plain);
                }
                Some(unfit) => {
                    prop_assert!(unfit.rule.contains(&name) && unfit.cure.contains("ename the database"));
                    let fault = may_configure(&on, &name).unwrap_err();
                    prop_assert_eq!(fault.target.as_deref(), Some("protectedItemName"));
                }
            }
        }
    }
}
