"""schemathesis over the three OpenAPI documents as the server serves them: whatever is sent, no 5xx and no answer that the document does
not tell, in status, type and body. Figures of each document are printed.

    schemathesis_story.py [--seed N] [--scale N] [arm|agent|emulator ...]     --scale N sends N times as much
"""
import os
import sys
import time

from fuzzagent import AgentWorld
from fuzzemulator import EmulatorWorld
from fuzzing import Document
from fuzzworld import ArmWorld
from story import equal, telling
from vault import Server

HERE = os.path.dirname(os.path.abspath(__file__))
# Cases of each kind for an operation.
COUNT = {"whole": 1, "mixed": 6, "wrong": 5, "strange": 5}
# What takes away what other operations are asked about: by real ids only when all others have been asked, in this order.
LAST = {
    "arm": ("ProtectionIntent_Delete", "ResourceGuardProxy_Delete", "ResourceGuards_Delete", "PrivateEndpointConnection_Delete", "RegisteredIdentities_Delete",
            "RoleAssignments_DeleteForVault", "RoleAssignments_DeleteForResourceGroup", "RoleAssignments_DeleteForSubscription", "DeletedVaults_Undelete",
            "ProtectionPolicies_Delete", "ProtectedItems_Delete", "ProtectionContainers_Unregister", "Vaults_Delete", "ResourceGroups_Delete"),
    "agent": ("abortSet", "commitSet"),
    "emulator": ("AvailabilityGroups_Delete", "Servers_Delete", "Clock_Put", "Clock_Advance", "Emulator_Purge", "Emulator_Reset"),
}


def play(story, document, count):
    world, name = document.world, document.name
    known = {document.id_of(operation): operation for operation in document.operations}
    last = [known[operation] for operation in LAST[name]]
    rest = [operation for operation in document.operations if operation not in last]
    began = time.monotonic()
    with story.step(f"{name}: what stands still stands after all that takes nothing away"):
        document.sweep(("whole", "mixed", "wrong"), rest, count)
        document.sweep(("strange",), [o for o in document.operations if o in rest or "{" in o.path], count)
        world.stands()
    with story.step(f"{name}: then what takes away is asked too"):
        document.sweep(("mixed", "wrong", "whole"), last, count)
    print(document.told() + f"; {time.monotonic() - began:.0f} s", flush=True)
    print("slowest:", ", ".join(f"{n} {s:.1f} s" for n, s in document.took.most_common(8)))
    with story.step(f"{name}: every operation was asked"):
        equal(sorted(set(known) - set(document.hits)), [], "operations that were not")
    with story.step(f"{name}: every operation did what it is for at least once"):
        idle = [f"{n}: {document.last.get(n)}" for n in known if not document.reached[n] and n not in world.never]
        assert not idle, "operations that never succeeded\n      " + "\n      ".join(idle)
    with story.step(f"{name}: no 5xx, no answer that is not documented"):
        assert not document.failures, document.complaint()


def main():
    words = sys.argv[1:]
    seed, scale = (int(words.pop(words.index(w) + 1)) if w in words else default for w, default in (("--seed", 7), ("--scale", 1)))
    chosen = [w for w in words if not w.startswith("--")] or ["arm", "agent", "emulator"]
    # What is sent here is no client's traffic.
    os.environ.pop("RSVAULT_TRAFFIC", None)
    with telling() as story, Server("--seed", os.path.join(HERE, "seed.yaml"), "--secondary-lag-minutes", "1") as server:
        bearer = {"Authorization": "Bearer " + server.token()}
        for name, make in (("arm", ArmWorld), ("agent", AgentWorld), ("emulator", EmulatorWorld)):
            if name in chosen:
                world = make(server)
                world.build()
                signed = {"agent": getattr(world, "credentials", None), "arm": bearer}.get(name) or {}
                play(story, Document(server, name, world, signed, seed), {kind: n * scale for kind, n in COUNT.items()})
        with story.step("the server ends on SIGTERM"):
            server.stop()


main()
