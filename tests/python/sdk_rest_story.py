"""What no other client asks for: role assignments and definitions in all scopes, tenants and subscriptions, readers of operations, the
settings of the second region. By the official Python SDKs.
"""
import os
import uuid

from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.recoveryservicesbackup.passivestamp import RecoveryServicesBackupPassiveClient
from azure.mgmt.recoveryservicesbackup.passivestamp.models import CrrJobRequest
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

from recording import refused
from sdkclients import Static, clients, kept
from story import equal, telling, until
from vault import GROUP, LOCATION, SUB, TENANT, Server, Vault

RG, NAME = "rest-rg", "rest"
ON = (NAME, GROUP)
VERSION = "2022-04-01"


def operation_of(headers):
    return headers["location"].split("?")[0].rsplit("/", 1)[1]


def tenancy(story, server, more):
    token = Static(server.token())
    with story.step("tenants and subscriptions"):
        client = SubscriptionClient(token, **more)
        equal([t.tenant_id for t in client.tenants.list()], [TENANT], "tenants")
        assert SUB in [s.subscription_id for s in client.subscriptions.list()]
        equal(client.subscriptions.get(SUB).state, "Enabled", "subscription")
    with story.step("resource groups: made, looked for, listed, deleted"):
        groups = ResourceManagementClient(token, SUB, **more).resource_groups
        equal(groups.check_existence(RG), False, "exists")
        groups.create_or_update(RG, {"location": LOCATION, "tags": {"a": "b"}})
        equal((groups.check_existence(RG), groups.get(RG).tags), (True, {"a": "b"}), "group")
        assert {RG, GROUP} <= {g.name for g in groups.list()}
        groups.begin_delete(RG).result()
        equal(groups.check_existence(RG), False, "exists")
    with story.step("a Resource Guard as any resource by its id: put, get, delete"):
        resources = ResourceManagementClient(token, SUB, **more).resources
        guard, version = f"/subscriptions/{SUB}/resourceGroups/{GROUP}/providers/Microsoft.DataProtection/resourceGuards/watch", "2025-07-01"
        made = resources.begin_create_or_update_by_id(guard, {"location": LOCATION, "properties": {}}, api_version=version).result()
        equal((made.name, made.type.lower()), ("watch", "microsoft.dataprotection/resourceguards"), "guard")
        equal(resources.get_by_id(guard, api_version=version).properties["provisioningState"], "Succeeded", "state")
        resources.begin_delete_by_id(guard, api_version=version).result()
        refused(lambda: resources.get_by_id(guard, api_version=version), status=404)


def roles(story, server, more):
    client = AuthorizationManagementClient(Static(server.token()), SUB, api_version=VERSION, **more)
    subscription = f"/subscriptions/{SUB}"
    scopes = {"subscription": subscription, "resource group": f"{subscription}/resourceGroups/{GROUP}", "vault": Vault(server, NAME).path}
    seeded = list(client.role_assignments.list_for_subscription())
    who = next(a.principal_id for a in seeded if a.scope == subscription)
    for name, scope in scopes.items():
        with story.step(f"roles of a {name}: definitions by list and by name; an assignment made, read, listed, taken back"):
            [operator] = client.role_definitions.list(scope, filter="roleName eq 'Backup Operator'")
            equal(client.role_definitions.get(scope, operator.name).role_name, "Backup Operator", "definition")
            assert len(list(client.role_definitions.list(scope))) > 5
            key = str(uuid.uuid4())
            wanted = {"properties": {"roleDefinitionId": operator.id, "principalId": who, "principalType": "ServicePrincipal"}}
            made = client.role_assignments.create(scope, key, wanted)
            equal((made.name, made.scope.lower(), made.principal_id), (key, scope.lower(), who), "assignment")
            equal(client.role_assignments.get(scope, key).role_definition_id, operator.id, "assignment")
            assert key in [a.name for a in client.role_assignments.list_for_scope(scope, filter="atScope()")]
            wanted["properties"]["principalId"] = str(uuid.uuid4())
            refused(lambda: client.role_assignments.create(scope, str(uuid.uuid4()), wanted), "PrincipalNotFound", 400)
            client.role_assignments.delete(scope, key)
            refused(lambda: client.role_assignments.get(scope, key), status=404)
            equal(client.role_assignments.delete(scope, key), None, "deleted again")


def readers(story, server, vault, backup):
    with story.step("what the deletion of a vault came to, by the readers of its status and its result"):
        first = []
        Vault(server, "rest-gone").create()
        vault.vaults.begin_delete(GROUP, "rest-gone", raw_response_hook=lambda r: first.append({k.lower(): v for k, v in r.http_response.headers.items()})).result()
        op = operation_of(first[0])
        equal(vault.get_operation_status(GROUP, "rest-gone", op).status, "Succeeded", "operation")
        refused(lambda: vault.get_operation_result(GROUP, "rest-gone", op), "ResourceNotFound", 404)
    with story.step("a refresh, by the reader of its status"):
        _, headers = backup.protection_containers.refresh(*ON, "Azure", filter="backupManagementType eq 'AzureWorkload'", cls=kept)
        op = operation_of(headers)
        # Unlike its neighbours this method takes the group before the vault.
        done = until(lambda: (s := backup.protection_container_refresh_operation_statuses.get(GROUP, NAME, "Azure", op)).status != "InProgress" and s, "refresh", 30)
        equal(done.status, "Succeeded", "refresh")
        equal(vault.get_operation_result(GROUP, NAME, op).name, NAME, "the vault, by the vault's own reader")
    with story.step("a changed policy, by both of its readers"):
        policies = backup.protection_policies
        body = {"properties": policies.get(*ON, "HourlyLogBackup").as_dict()["properties"]}
        body["properties"]["subProtectionPolicy"][1]["schedulePolicy"]["scheduleFrequencyInMins"] = 30
        status, headers = policies.create_or_update(*ON, "HourlyLogBackup", body, cls=kept)
        equal(status, 202, "a policy of items is changed in them, too")
        op = operation_of(headers)
        until(lambda: backup.protection_policy_operation_statuses.get(*ON, "HourlyLogBackup", op).status == "Succeeded", "operation", 30)
        equal(backup.protection_policy_operation_results.get(*ON, "HourlyLogBackup", op).name, "HourlyLogBackup", "policy")
    with story.step("a cancelled job, by the reader of the cancel"):
        held = Vault(server, "rest-long")
        c, i = held.long_backup(mib=512)
        trigger = {"properties": {"objectType": "AzureWorkloadBackupRequest", "backupType": "Full", "enableCompression": False}}
        _, headers = backup.backups.trigger(held.name, GROUP, "Azure", c, i, trigger, cls=kept)
        status = backup.backup_operation_statuses.get(held.name, GROUP, operation_of(headers))
        job = status.properties.job_id
        code, headers = backup.job_cancellations.trigger(held.name, GROUP, job, cls=kept)
        equal(code, 202, "status")
        op = operation_of(headers)
        ended = until(lambda: (s := backup.job_operation_results.get(held.name, GROUP, job, op, cls=kept)[0]) != 202 and s, "cancel", 30)
        equal(ended, 204, "status")


def second_region(story, server, more):
    passive = RecoveryServicesBackupPassiveClient(Static(server.token()), SUB, **more)
    configs = passive.backup_resource_storage_configs
    fresh = Vault(server, "rest-crr").create()
    with story.step("storage settings as the second region's SDK writes them"):
        configs.update(fresh.name, GROUP, {"properties": {"storageModelType": "GeoRedundant", "crossRegionRestoreFlag": False}})
        equal(configs.get(fresh.name, GROUP).properties.cross_region_restore_flag, False, "flag")
        configs.patch(fresh.name, GROUP, {"properties": {"crossRegionRestoreFlag": True}})
        equal(configs.get(fresh.name, GROUP).properties.cross_region_restore_flag, True, "flag")
    with story.step("no jobs in the second region yet"):
        equal(list(passive.backup_crr_jobs.list("northeurope", CrrJobRequest(resource_id=fresh.path))), [], "jobs")


def main():
    seed = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed.yaml")
    with telling() as story, Server("--seed", seed) as server:
        more = {"base_url": server.base, "credential_scopes": [server.base + "/.default"], "connection_verify": server.ca}
        vault, backup = clients(server, None, server.token())
        with story.step("a vault with a protected database"):
            held = Vault(server, NAME).create()
            held.register()
            held.protect()
        tenancy(story, server, more)
        roles(story, server, more)
        readers(story, server, vault, backup)
        second_region(story, server, more)
        with story.step("the server ends on SIGTERM"):
            server.stop()


main()
