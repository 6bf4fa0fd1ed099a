//! What discovery, registration and the configuring of protection raise, and the state of a server that
//! every later step may meet.

use super::Entry;
use super::Provoke::{Database, Instance, Request, Server};
use super::Raised::{Backup, Configure, Manage, Restore};
use crate::fault::codes;

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        520_901,
        "UserErrorSQLNoSysadminMembership",
        "The backup account is not sysadmin",
        "The backup account is not a member of sysadmin on the instance.",
        &["Grant sysadmin to the backup account on every instance of the server.", "Then rediscover the databases of the server."],
    )
    .must(&[Configure, Backup])
    .by(
        Instance(r#"{"sysadmin": false}"#),
        "Set the switch and rediscover the server: the inquiry of the container shows the error. A backup of a database of the instance fails with it.",
    ),
    Entry::new(
        520_902,
        "UserErrorOpeningSQLConnection",
        "No connection to the instance",
        "The agent could not connect to the instance.",
        &["Start the instance and check that it accepts connections.", "Then try again."],
    )
    .must(&[Configure, Backup, Restore])
    .by(Instance(r#"{"online": false}"#), "Set the switch and start a backup of a database of the instance, or rediscover the server."),
    Entry::new(
        520_903,
        "UserErrorNoSQlInstancesOnMachine",
        "No instance on the server",
        "No SQL Server instance was found on the machine.",
        &["Install or start an instance.", "Then rediscover the databases of the server."],
    )
    .must(&[Configure])
    .by(Server(r#"{"instances": []}"#), "Leave all instances out and register or rediscover the server: the inquiry of the container shows the error."),
    Entry::new(
        520_909,
        "VMNotInRunningStateUserError",
        "The server is not running",
        "The server is not running.",
        &["Start the server.", "Then try again."],
    )
    .must(&[Configure, Backup, Restore])
    .by(Server(r#"{"state": "stopped"}"#), "Stop the server and register it, or start a backup."),
    Entry::new(
        520_972,
        "GuestAgentStatusUnavailableUserError",
        "The guest agent does not report",
        "The guest agent of the virtual machine is missing or does not report its state.",
        &["Install the guest agent and check that it runs.", "Then register the server again."],
    )
    .should(&[Configure])
    .by(Server(r#"{"faults": {"guestAgentMissing": true}}"#), "Set the switch and register the server: the operation fails."),
    Entry::new(
        520_973,
        "UserErrorVMInternetConnectivityIssue",
        "No way out of the server",
        "The server has no outbound connection to the backup service, its storage or the identity service.",
        &["Allow outbound HTTPS (443) from the server to the vault, its storage and the identity service, or use private endpoints.", "Then try again."],
    )
    .must(&[Configure, Backup, Restore])
    .by(Server(r#"{"faults": {"noInternet": true}}"#), "Set the switch and register the server, or start a backup. The simulated agent reports it in the place of the platform."),
    Entry::new(
        520_974,
        "UserErrorDotNetVersionUpgradeRequired",
        "The .NET Framework is too old",
        "The .NET Framework on the server is older than the extension needs (4.6.2).",
        &["Install .NET Framework 4.6.2 or later.", "Then register the server again."],
    )
    .listed(&[Configure])
    .by(Server(r#"{"faults": {"oldDotNet": true}}"#), "Set the switch and register the server: the operation fails."),
    Entry::new(
        520_910,
        "WorkloadExtensionNotReachable",
        "The agent does not answer",
        "The agent on the server does not answer.",
        &["Check that the server is up and that its agent runs and reaches the vault.", "Then register the server again."],
    )
    .must(&[Configure, Backup, Restore, Manage])
    .by(
        Server(r#"{"faults": {"extension": "stopped"}}"#),
        "Set the switch, start a backup, and advance the clock by the patience of a command (two minutes).",
    ),
    Entry::new(
        520_975,
        "WorkloadExtensionNotPresent",
        "The extension is gone",
        "The workload backup extension is no longer present on the server.",
        &["Register the server again; that installs the extension.", "If the server was rolled back or made anew, register it again before the next backup."],
    )
    .must(&[Configure, Backup, Restore, Manage])
    .by(Server(r#"{"faults": {"extension": "notPresent"}}"#), "Set the switch and start a backup. Clear it before the server is registered again."),
    Entry::new(
        520_976,
        "UserErrorWorkloadExtensionNotInstalled",
        "The extension is not installed",
        "The workload backup extension is not installed on the server.",
        &["Register the server again; that installs the extension."],
    )
    .must(&[Configure, Backup, Restore, Manage])
    .by(Server(r#"{"faults": {"extension": "notInstalled"}}"#), "Set the switch and start a backup. Clear it before the server is registered again."),
    Entry::new(
        520_977,
        "WorkloadExtensionDidntDequeueMsg",
        "The extension takes no work",
        "The workload backup extension runs on the server, but did not take the work that waited for it.",
        &["Register the server again.", "If it comes back, restart the extension's service on the server."],
    )
    .must(&[Configure, Backup, Restore, Manage])
    .by(
        Server(r#"{"faults": {"extension": "notPolling"}}"#),
        "Set the switch, start a backup, and advance the clock by the patience of a command (two minutes).",
    ),
    Entry::new(
        520_978,
        "UserErrorWindowsWLExtFailedToStartPluginService",
        "The plug-in service does not start",
        "The service of the workload backup extension could not be started.",
        &["Check that the service account may read the global assembly cache and may bypass traverse checking.", "Then register the server again."],
    )
    .listed(&[Configure, Backup, Restore, Manage]),
    Entry::new(
        520_979,
        "WLExtPluginServiceStartTimedOut",
        "The plug-in service starts too slowly",
        "The service of the workload backup extension did not start in time.",
        &["Exclude the folders of the extension from the virus scanner.", "Check that the databases of the server are online, then try again."],
    )
    .listed(&[Backup]),
    Entry::new(
        520_965,
        "UserErrorOperationNotAllowedDatabaseMirroringEnabled",
        "The database is mirrored",
        "Database mirroring is enabled on the database; such a database cannot be backed up.",
        &["Remove the mirroring of the database.", "Or stop protecting it."],
    )
    .should(&[Configure, Backup])
    .by(Database(r#"{"faults": {"mirrored": true}}"#), "Set the switch and start a backup of the database."),
    Entry::new(
        520_980,
        "AutoProtectionCancelledOrNotValid",
        "Auto-protection was taken back",
        "Auto-protection of the instance was disabled, or is not valid any more, while the database was being configured.",
        &["Enable auto-protection of the instance again if the database is to be protected."],
    )
    .must(&[Configure])
    .steps("Disable the auto-protection of an instance while its databases are being configured."),
    Entry::new(
        520_941,
        "UserErrorDatabaseNameNotSupported",
        "The name cannot be protected",
        "A vault cannot protect a database of this name.",
        &["Rename the database, then rediscover the databases of the server."],
    )
    .own()
    .listed(&[Configure])
    .steps("Give a database a name like 'sales.mdf' and enable auto-protection of its instance: its job fails. The list of protectable items says it too."),
    Entry::new(
        520_942,
        "UserErrorDatabaseLeftOutOfAutoProtection",
        "Auto-protection leaves the database alone",
        "The backups of this database were deleted while its instance was auto-protected; auto-protection leaves it alone from then on.",
        &["Disable the auto-protection of the instance, then protect the database."],
    )
    .own()
    .listed(&[Configure])
    .steps("Delete the backups of a database of an auto-protected instance: the list of protectable items says why it cannot be chosen."),
    Entry::new(
        520_981,
        "UserErrorProtectionQuotaExceeded",
        "The vault is full",
        "The vault protects as many databases as it can.",
        &["Protect the database in another vault.", "Or delete items that are not needed any more."],
    )
    .should(&[Configure])
    .steps("Protect 2,000 databases in one vault, and then one more."),
    Entry::new(
        520_940,
        "UserErrorScheduledBackupMissed",
        "A scheduled backup did not happen",
        "A scheduled backup did not happen.",
        &["Check that the server is up, that its agent runs and that it reaches the vault; what is due runs when it is back."],
    )
    .own()
    .listed(&[Backup])
    .by(Server(r#"{"state": "stopped"}"#), "Stop a server with a protected database and advance the clock over a slot of its policy by 15 minutes."),
    Entry::new(
        520_917,
        "UserErrorJobInterruptedByRegistration",
        "Interrupted by a registration",
        "The server was registered again or unregistered while the job ran.",
        &["Start the job again once the server is registered."],
    )
    .own()
    .listed(&[Backup, Restore])
    .by(Database(r#"{"faults": {"holdBackups": true}}"#), "Set the switch, start a backup, and register the server again while it runs."),
    Entry::new(
        520_982,
        codes::REBOOTED,
        "The server was rebooted",
        "The job was cancelled because the server was rebooted.",
        &["Start the job again; scheduled backups run again at their next time."],
    )
    .must(&[Backup, Restore])
    .by(
        Request("POST", "/emulator/servers/{name}/reboot", ""),
        "Set 'holdBackups' on a database, start a backup of it, and reboot the server while it runs.",
    ),
    Entry::new(
        520_911,
        "UserErrorJobSuccessfullyCancelled",
        "Cancelled on request",
        "The job was cancelled on request.",
        &["Start it again when needed."],
    )
    .must(&[Backup, Restore])
    .by(Database(r#"{"faults": {"holdBackups": true}}"#), "Set the switch, start a backup, and cancel its job while it runs."),
    Entry::new(
        520_928,
        "UserErrorJobCancelledOnExtensionUpgrade",
        "The agent was upgraded",
        "The job was cancelled because the agent was upgraded.",
        &["Scheduled backups are taken again once the agent is back; start others again."],
    )
    .own()
    .listed(&[Backup, Restore]),
    Entry::new(
        520_983,
        "CloudTimeoutError",
        "The service took too long",
        "An internal time-out occurred in the service.",
        &["Try again after a while."],
    )
    .service()
    .listed(&[Configure, Backup, Restore, Manage]),
];
