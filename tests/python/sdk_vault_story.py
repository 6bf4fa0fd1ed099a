"""The official Python SDKs ask for what a vault has beside its backups: usages, keys, identities, endpoints, certificates,
moves, costs. All their traffic is recorded and held against the SDKs' own contract (tests/contract)."""
import base64
import os
import re
import time

from recording import Recorder, refused
from sdkclients import clients
from story import equal, telling
from vault import LOCATION, SUB, Server, Vault, container, item

RG, VAULT = "rg1", "features"
ON = (VAULT, RG)
USER = f"/subscriptions/{SUB}/resourceGroups/{RG}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mi1"
KEY = "https://kv1.vault.azure.net/keys/key1"
ENDPOINT = f"/subscriptions/{SUB}/resourceGroups/{RG}/providers/Microsoft.Network/privateEndpoints/pe1"


def path_of(name):
    return f"/subscriptions/{SUB}/resourceGroups/{RG}/providers/Microsoft.RecoveryServices/vaults/{name}"


def operation_of(headers):
    """The id that both headers of a started operation end in."""
    status, result = (headers[name].split("?")[0].rsplit("/", 1)[1] for name in ("azure-asyncoperation", "location"))
    equal(status, result, "both headers end in the same id")
    return status


def started(call):
    """The id of the operation that a call with a poller has started; the poller is run to its end."""
    first = []
    poller = call(raw_response_hook=lambda r: first.append({k.lower(): v for k, v in r.http_response.headers.items()}))
    return operation_of(first[0]), poller.result()


def create(vault, name, location=LOCATION, **more):
    return vault.vaults.begin_create_or_update(RG, name, {"location": location, "sku": {"name": "Standard"}, "properties": {}, **more}).result()


def provider(story, vault, backup):
    with story.step("operations of the provider, by both clients"):
        names = [o.name for o in vault.operations.list()]
        equal(names, [o.name for o in backup.operations.list()], "one list")
        assert "Microsoft.RecoveryServices/vaults/usages/read" in names and len(names) == len({n.lower() for n in names}), names[:9]
    with story.step("check of a name, capabilities"):
        check = lambda name: vault.recovery_services.check_name_availability(RG, LOCATION, {"type": "Microsoft.RecoveryServices/Vaults", "name": name})
        equal((check("another").name_available, check(VAULT).name_available, check(VAULT).reason), (True, False, "AlreadyExists"), "names")
        told = vault.recovery_services.capabilities(LOCATION, {"type": "Microsoft.RecoveryServices/Vaults", "properties": {"dnsZones": [{"subResource": "AzureBackup"}]}})
        equal(told.properties.dns_zones[0].required_zone_names[0], "privatelink.we.backup.windowsazure.com", "zone")
        refused(lambda: vault.recovery_services.capabilities(LOCATION, {"type": "x"}), status=400)


def identity_and_key(story, vault, backup):
    config = backup.backup_resource_encryption_configs
    with story.step("a key needs an identity that the vault has"):
        equal(config.get(*ON).properties.encryption_at_rest_type, "MicrosoftManaged", "encryption")
        asked = lambda kek: {"properties": {"encryption": {"keyVaultProperties": {"keyUri": KEY}, "kekIdentity": kek, "infrastructureEncryption": "Disabled"}}}
        refused(lambda: vault.vaults.begin_update(RG, VAULT, asked({"useSystemAssignedIdentity": True})), "BMSUserErrorKekIdentityNotFound", 400)
        made = vault.vaults.begin_update(RG, VAULT, {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {USER: {}}}}).result()
        equal(made.identity.type, "SystemAssigned, UserAssigned", "identity")
        assert made.identity.principal_id and made.identity.user_assigned_identities[USER].client_id, made.identity
        set_ = vault.vaults.begin_update(RG, VAULT, asked({"userAssignedIdentity": USER})).result()
        equal(set_.properties.encryption.key_vault_properties.key_uri, KEY, "key")
    with story.step("the key is shown, rotated, and never given back"):
        shown = config.get(*ON).properties
        equal((shown.encryption_at_rest_type, shown.key_uri, shown.last_update_status), ("CustomerManaged", KEY, "Succeeded"), "encryption")
        equal(shown.user_assigned_identity, USER, "identity")
        config.update(*ON, {"properties": {"encryptionAtRestType": "CustomerManaged", "keyUri": KEY + "2"}})
        equal(config.get(*ON).properties.key_uri, KEY + "2", "rotated key")
        refused(lambda: config.update(*ON, {"properties": {"encryptionAtRestType": "MicrosoftManaged"}}), status=400)
        refused(lambda: vault.vaults.begin_update(RG, VAULT, {"identity": {"type": "None"}}), "BMSUserErrorIdentityInUse", 400)
        refused(lambda: backup.backup_resource_storage_configs_non_crr.update(*ON, {"properties": {"crossRegionRestoreFlag": True}}), status=400)


def endpoints(story, vault, backup):
    connection = backup.private_endpoint_connection
    at = (*ON, "pe1.conn")
    with story.step("private link resources"):
        listed = list(vault.private_link_resources.list(RG, VAULT))
        equal([r.properties.group_id for r in listed], ["AzureBackup"], "groups")
        equal(vault.private_link_resources.get(RG, VAULT, listed[0].name).id, listed[0].id, "the same by name")
        refused(lambda: vault.private_link_resources.get(RG, VAULT, "none"), status=404)
    with story.step("a private endpoint connection: put, decide, show, delete"):
        refused(lambda: connection.get(*at), status=404)
        body = {"properties": {"privateEndpoint": {"id": ENDPOINT}, "groupIds": ["AzureBackup"]}}
        op, made = started(lambda **more: connection.begin_put(*at, body, **more))
        equal(made.properties.private_link_service_connection_state.status, "Pending", "state")
        equal(backup.private_endpoint.get_operation_status(*at, op).status, "Succeeded", "operation")
        body["properties"]["privateLinkServiceConnectionState"] = {"status": "Approved", "description": "ours"}
        equal(connection.begin_put(*at, body).result().properties.private_link_service_connection_state.status, "Approved", "state")
        equal(connection.get(*at).properties.private_endpoint.id, ENDPOINT, "endpoint")
        shown = vault.vaults.get(RG, VAULT).properties
        equal((shown.private_endpoint_state_for_backup, [c.name for c in shown.private_endpoint_connections]), ("Enabled", ["pe1.conn"]), "vault")
        body["properties"]["privateLinkServiceConnectionState"] = {"status": "Pending"}
        refused(lambda: connection.begin_put(*at, body), "BMSUserErrorPrivateEndpointStateChangeNotAllowed", 400)
        connection.begin_delete(*at).result()
        refused(lambda: connection.get(*at), status=404)
        connection.begin_delete(*at).result()


def extended(story, vault):
    info = vault.vault_extended_info
    with story.step("extended information: none, put, patch, get"):
        refused(lambda: info.get(RG, VAULT), status=404)
        made = info.create_or_update(RG, VAULT, {"properties": {"algorithm": "None", "integrityKey": "a2V5"}})
        changed = info.update(RG, VAULT, {"properties": {"encryptionKey": "c2VhbGVk"}})
        assert changed.etag != made.etag
        read = info.get(RG, VAULT).properties
        equal((read.algorithm, read.integrity_key, read.encryption_key), ("None", "a2V5", "c2VhbGVk"), "extended information")


def certificates(story, vault, server):
    with story.step("a certificate: read, described, given up; what is none is refused"):
        pem = open(server.ca).read()
        der = base64.b64decode("".join(re.search("-----BEGIN CERTIFICATE-----(.*?)-----END", pem, re.S)[1].split()))
        made = vault.vault_certificates.create(RG, VAULT, "cred1", {"properties": {"authType": "AAD", "certificate": base64.b64encode(der).decode()}})
        shown = made.properties
        equal((made.name, shown.auth_type, shown.subject), ("cred1", "AzureActiveDirectory", shown.issuer), "certificate")
        assert shown.resource_id > 0 and shown.valid_from < shown.valid_to and len(shown.thumbprint) == 40 and shown.aad_authority, shown
        bad = {"properties": {"authType": "AAD", "certificate": base64.b64encode(der[:-9]).decode()}}
        refused(lambda: vault.vault_certificates.create(RG, VAULT, "cred2", bad), "BMSUserErrorInvalidCertificate", 400)
        vault.registered_identities.delete(RG, VAULT, "cred1")
        vault.registered_identities.delete(RG, VAULT, "cred1")


def pins(story, backup):
    with story.step("a security PIN is random and ends in five minutes"):
        issued = [backup.security_pins.get(*ON) for _ in range(2)]
        assert all(re.fullmatch(r"\d{8}", i.security_pin) for i in issued) and issued[0].security_pin != issued[1].security_pin
        left = (issued[1].expiry_time_in_utc_ticks - 621355968000000000) / 1e7 - time.time()
        # The emulator's clock may be ahead of this machine's by an hour (Server.away_from_the_hour).
        assert 200 < left < 300 + 3700, left
        backup.security_pins.get(*ON, {"resourceGuardOperationRequests": []})


def usages(story, vault, backup, servers, items):
    with story.step(f"usages of {servers} server(s) and {items} item(s)"):
        shown = {u.name.value: (u.current_value, u.limit) for u in vault.usages.list_by_vaults(RG, VAULT)}
        equal((shown["ManagedInstances"], shown["ProtectedItemCount"]), ((servers, 1000), (items, 2000)), "usages")
        for kind, want in (("BackupProtectedItemCountSummary", items), ("BackupProtectionContainerCountSummary", servers)):
            equal([(u.name.value, u.current_value) for u in backup.backup_usage_summaries.list(*ON, filter=f"type eq '{kind}'")], [("AzureWorkload", want)], kind)
        refused(lambda: list(backup.backup_usage_summaries.list(*ON, filter="type eq 'Invalid'")), status=400)


def moves(story, vault, backup):
    other = path_of("other")
    create(vault, "other", "northeurope")
    prepare = {"targetResourceId": other, "targetRegion": "northeurope", "dataMoveLevel": "Vault"}
    trigger = {"sourceResourceId": path_of("empty"), "sourceRegion": LOCATION, "dataMoveLevel": "Vault"}
    with story.step("a move out of an empty vault: prepare, trigger, both readers"):
        create(vault, "empty")
        op, _ = started(lambda **more: backup.begin_bms_prepare_data_move("empty", RG, prepare, **more))
        equal(backup.get_operation_status("empty", RG, op).status, "Succeeded", "operation")
        answer = backup.bms_prepare_data_move_operation_result.get("empty", RG, op)
        equal((answer.object_type, answer.correlation_id), ("PrepareDataMoveResponse", op), "result")
        backup.begin_bms_trigger_data_move("other", RG, {**trigger, "correlationId": answer.correlation_id}).result()
    with story.step("a move of backups ends in a failure that says that nothing was moved; wrong questions are refused"):
        op, _ = started(lambda **more: backup.begin_bms_prepare_data_move(*ON, prepare, **more))
        full = {**trigger, "sourceResourceId": path_of(VAULT), "correlationId": op}
        error = refused(lambda: backup.begin_bms_trigger_data_move("other", RG, full))
        assert "Nothing was moved" in error.message, error.message
        refused(lambda: backup.begin_bms_prepare_data_move(*ON, {**prepare, "targetRegion": "westus"}), "BMSUserErrorDataMoveRegionMismatch", 400)
        refused(lambda: backup.begin_bms_trigger_data_move("other", RG, {**full, "correlationId": "x"}), "BMSUserErrorDataMoveNotPrepared", 400)


def costs(story, backup, server):
    kinds = "FetchTieringCostSavingsInfoFor"
    of = {"containerName": container("sqlvm1"), "protectedItemName": item("salesdb")}
    up = {"sourceTierType": "HardenedRP", "targetTierType": "ArchivedRP"}
    with story.step("what the archive tier would save: of vault, policy, item; all readers"):
        for body in ({"objectType": kinds + "VaultRequest"}, {"objectType": kinds + "PolicyRequest", "policyName": "HourlyLogBackup"}, {"objectType": kinds + "ProtectedItemRequest", **of}):
            op, told = started(lambda **more: backup.fetch_tiering_cost.begin_post(RG, VAULT, {**up, **body}, **more))
            equal((told.object_type, told.source_tier_size_reduction_in_bytes), ("TieringCostSavingInfo", 0), "nothing is old enough")
            equal(backup.tiering_cost_operation_status.get(RG, VAULT, op).status, "Succeeded", "operation")
            equal(backup.get_tiering_cost_operation_result.get(RG, VAULT, op).object_type, "TieringCostSavingInfo", "result")
    with story.step("what bringing a point back takes is asked of archived points only"):
        point = next(p.name for p in backup.recovery_points.list(*ON, "Azure", of["containerName"], of["protectedItemName"]))
        down = {"objectType": "FetchTieringCostInfoForRehydrationRequest", "sourceTierType": "ArchivedRP", "targetTierType": "HardenedRP", **of,
                "recoveryPointId": point, "rehydrationPriority": "High"}
        refused(lambda: backup.fetch_tiering_cost.begin_post(RG, VAULT, down), "UserErrorRecoveryPointNotInArchive", 400)
        refused(lambda: backup.fetch_tiering_cost.begin_post(RG, VAULT, {**down, **up}), status=400)


def main():
    seed = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed.yaml")
    with telling() as story, Server("--seed", seed) as server:
        recorder = Recorder(os.path.join(server.home, "captures.jsonl"))
        vault, backup = clients(server, recorder, server.token())
        create(vault, VAULT)
        provider(story, vault, backup)
        identity_and_key(story, vault, backup)
        endpoints(story, vault, backup)
        extended(story, vault)
        certificates(story, vault, server)
        pins(story, backup)
        usages(story, vault, backup, 0, 0)
        with story.step("a database is protected and backed up under the vault's key"):
            held = Vault(server, VAULT, RG)
            held.register()
            held.protect()
            equal(held.back_up()["status"], "Completed", "backup")
        usages(story, vault, backup, 1, 1)
        moves(story, vault, backup)
        costs(story, backup, server)
        with story.step("the traffic fits the SDKs' contract"):
            recorder.fits_contract(60)
        with story.step("the server ends on SIGTERM"):
            server.stop()


main()
