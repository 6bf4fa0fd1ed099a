//! What availability groups raise (rulebook 3.7).

use super::Entry;
use super::Provoke::Instance;
use super::Raised::{Backup, Configure};
use crate::fault::codes;

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        520_951,
        codes::NOT_ON_SECONDARY,
        "Not possible on a secondary",
        "This type of backup cannot be taken on a secondary replica.",
        &["Run it on the primary replica.", "Or change the backup preference of the availability group."],
    )
    .should(&[Backup])
    .steps(
        "Ask for a type that the version and the preference of the group leave to the primary, while only a secondary is there to take it.",
    ),
    Entry::new(
        520_956,
        codes::FULL_NOT_POSSIBLE,
        "No full, and none can be taken here",
        "There is no full backup to build on, and a secondary replica cannot take the one that would mend it.",
        &["Take a full backup on the primary replica."],
    )
    .listed(&[Backup]),
    Entry::new(
        520_957,
        codes::MOVED_IN,
        "The database moved into an availability group",
        "The database was a standalone one and is in an availability group now.",
        &[
            "Stop protection and keep the backups of the standalone database.",
            "Rediscover the server, and protect the database under its availability group.",
        ],
    )
    .should(&[Backup])
    .steps("Protect a standalone database, put it into an availability group, and start a backup."),
    Entry::new(
        520_958,
        codes::MOVED_OUT,
        "The database left its availability group",
        "The database was in an availability group and is a standalone one now.",
        &[
            "Stop protection and keep the backups of the database in the group.",
            "Rediscover the server, and protect the database under its instance.",
        ],
    )
    .should(&[Backup])
    .steps("Protect a database of an availability group, take it out of the group, and start a backup."),
    Entry::new(
        520_959,
        codes::OTHER_NODE,
        "Another node took it",
        "Another node of the availability group takes this backup.",
        &["Nothing is to be done."],
    )
    .listed(&[Backup]),
    Entry::new(
        520_960,
        codes::NOT_PREFERRED,
        "The preference forbids it here",
        "By the backup preference of the availability group this node may not take this type of backup.",
        &["Register the nodes that the preference names to this vault.", "Or change the preference."],
    )
    .listed(&[Backup]),
    Entry::new(
        520_961,
        codes::REPLICA_RESOLVING,
        "A failover is under way",
        "The role of the replica is being resolved: a failover is under way.",
        &["Try again when the failover is over."],
    )
    .listed(&[Backup]),
    Entry::new(
        520_962,
        codes::NOT_IN_STEP,
        "The replica is not in sync",
        "The secondary replica is neither synchronising nor synchronised.",
        &["Mend the availability group, then try again."],
    )
    .listed(&[Backup]),
    Entry::new(
        520_963,
        "UserErrorConnectionToPrimaryReplicaIsNotActive",
        "No connection to the primary",
        "The connection to the primary replica is not active.",
        &["Check the network between the replicas (port 5022 by default), then try again."],
    )
    .listed(&[Backup]),
    Entry::new(
        520_964,
        "UserErrorCannotOpenFailoverClusteringRegKey",
        "The cluster cannot be read",
        "The failover cluster of the availability group cannot be reached from the node.",
        &["Check that the cluster service runs on the node, then try again."],
    )
    .listed(&[Backup]),
    Entry::new(
        520_955,
        codes::PREFERENCE_CHECK,
        "The preference needs other nodes",
        "The backup preference of the availability group cannot be met with the nodes that are registered to this vault.",
        &["Register the nodes that the preference needs to this vault.", "Or change the preference."],
    )
    .should(&[Configure])
    .steps("Register only a secondary of an availability group whose preference needs its primary, and protect a database of the group."),
    Entry::new(
        520_993,
        codes::NO_VIEW_SERVER_STATE,
        "The availability groups cannot be seen",
        "NT AUTHORITY\\SYSTEM lacks VIEW SERVER STATE on an instance, whose availability groups cannot be seen therefore.",
        &["Grant VIEW SERVER STATE to NT AUTHORITY\\SYSTEM on every node.", "Then rediscover the databases of the server."],
    )
    .listed(&[Configure])
    .own()
    .by(
        Instance(r#"{"faults": {"noViewServerState": true}}"#),
        "Put the instance into an availability group, set the switch and rediscover the server.",
    ),
];
