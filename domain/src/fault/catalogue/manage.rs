//! What other changes raise, and what requests are refused with at once (wire-facts 9).

use super::Entry;
use super::Provoke::{Instance, Never};
use super::Raised::{Configure, Manage, Restore};
use crate::fault::codes;

const SOFT_DELETED: &[&str] =
    &["Wait until the soft-deleted items are purged.", "Or undelete them, switch soft delete off, and delete them for good."];
/// The rule of the service before vaults could be soft-deleted.
const NOT_ANY_MORE: &str =
    "Nothing raises it: a vault with soft-deleted items is soft-deleted with them, as in the service since vaults are.";

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        520_987,
        "CloudDosAbsoluteLimitReached",
        "Asked for too often",
        "The operation was asked for as often within 24 hours as it may be.",
        &["Ask again when 24 hours have passed since the first time."],
    )
    .should(&[Manage])
    .steps("Write policies of one vault 51 times within a day."),
    Entry::new(
        520_988,
        "CloudDosAbsoluteLimitReachedWithRetry",
        "The vault is at its limit",
        "An operation over many items reached the limit of the vault for 24 hours; the service goes on with it by itself.",
        &["Nothing is to be done: the service tries again after 24 hours."],
    )
    .service()
    .listed(&[Manage])
    .by(Never, "Nothing raises it: rsvault counts the writes of policies, not the items that such a write changes."),
    Entry::new(
        520_989,
        "BMSUserErrorObjectLocked",
        "The item is being changed",
        "Another operation on this item is running.",
        &["Wait until it has ended, then try again."],
    )
    .must(&[Manage])
    .by(
        Instance(r#"{"faults": {"holdRestores": true}}"#),
        "Set the switch, restore over a database, and change its protection while the restore runs: 409.",
    ),
    Entry::new(
        520_990,
        "BMSUserErrorVaultDeletionNotAllowed",
        "The vault is not empty",
        "The vault protects items or has registered servers, so it cannot be deleted.",
        &["Stop the protection of all items and delete their backups.", "Unregister all servers, then delete the vault."],
    )
    .must(&[Manage])
    .steps(
        "Delete a vault that has a protected database: 'details' of the refusal has it, once for each kind of thing that is in the way.",
    ),
    Entry::new(
        520_991,
        "BMSUserErrorVaultDeletionForbidden",
        "The vault has soft-deleted items",
        "The vault has soft-deleted items, so it cannot be deleted.",
        SOFT_DELETED,
    )
    .listed(&[Manage])
    .by(Never, NOT_ANY_MORE),
    Entry::new(
        520_992,
        "BMSUserErrorVaultDeletionNotPermitted",
        "The vault has soft-deleted items",
        "The vault has soft-deleted items, so it cannot be deleted.",
        SOFT_DELETED,
    )
    .listed(&[Manage])
    .by(Never, NOT_ANY_MORE),
    Entry::new(
        0,
        "ServiceResourceNotEmptyWithBackendMessage",
        "The vault is not empty",
        "The vault cannot be deleted as there are existing resources within it.",
        &["Delete or unregister what the message names, then delete the vault."],
    )
    .listed(&[Manage])
    .steps("Delete a vault that has a protected database or a registered server."),
    Entry::new(
        0,
        "ResourceNotFound",
        "There is no such resource",
        "The resource of the path does not exist.",
        &["Check subscription, resource group and name."],
    )
    .listed(&[Manage])
    .steps("Ask for a vault that is not there."),
    Entry::new(
        0,
        "BMSUserErrorDataSourceObjectNotFound",
        "There is no such item",
        "The protected item of the path does not exist in the vault.",
        &["List the items of the vault for their names."],
    )
    .listed(&[Manage])
    .steps("Ask for an item that is not there."),
    Entry::new(
        0,
        "BMSUserErrorInvalidInput",
        "The request is not right",
        "A part of the request is missing or cannot be used.",
        &["Act on the message, which names the field, the rule and the cure."],
    )
    .listed(&[Configure, Manage])
    .steps("List containers without a filter."),
    Entry::new(
        0,
        "BMSUserErrorInvalidPolicyInput",
        "The policy is not right",
        "A value of the policy breaks a rule.",
        &["Act on the message, which names the field, the rule and the cure."],
    )
    .listed(&[Manage])
    .steps("Write a policy without a full schedule."),
    Entry::new(
        0,
        codes::POINT_NOT_FOUND,
        "There is no such recovery point",
        "The recovery point of the path does not exist.",
        &["List the item's recovery points for their names."],
    )
    .listed(&[Restore])
    .steps("Restore a recovery point that is not there."),
];
