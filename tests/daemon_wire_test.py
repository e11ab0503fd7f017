"""berthd as its clients see it: the calls of the public client, admissions, tenancy, errors and their details.

Everything goes over the wire, through grpcio and HTTP, to a real berthd.
"""

import hashlib
import json
import pathlib
import tempfile
import unittest

import grpc
from berthd import Berthd, details, message, method

DISCOVERY = "coreweave.sandbox.v1beta2.DiscoveryService"
GATEWAY = "coreweave.sandbox.v1beta2.GatewayService"
ADMISSION = "berth.v1.AdmissionService"

ALICE, BOB, GATE, NOBODY = "token-of-alice", "token-of-bob", "token-of-the-gateway", "token-of-nobody"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


TOKENS = f"""
tokens:
  - {{name: alice, sha256: {sha256(ALICE)}, organization_id: acme, user_id: alice, roles: [SANDBOX_USER]}}
  - {{name: bob, sha256: {sha256(BOB)}, organization_id: globex, user_id: bob, roles: [SANDBOX_ADMIN]}}
  - {{name: gate, sha256: {sha256(GATE)}, organization_id: acme, roles: [SANDBOX_USER], any_organization: true}}
  - {{name: nobody, sha256: {sha256(NOBODY)}, organization_id: acme, roles: []}}
"""

PROFILE = """
kind: Profile
organization_id: {organization}
display_name: {name}
spec:
  container_image: ghcr.io/{organization}/{name}:1
  resource_defaults: {{cpuRequest: "1", memoryRequest: 1Gi, cpuLimit: "8", memoryLimit: 16Gi}}
  network:
    egress: {{default: deny-all, modes: {{deny-all: {{type: none}}, internet: {{type: internet}}}}}}
    ingress:
      public:
        scope: any
        service: {{serviceType: ClusterIP}}
        ingress: {{controllerName: nginx, template: "{{{{.SandboxID}}}}.example.com"}}
---
"""

RUNNER = """
kind: Runner
organization_id: {organization}
runner_id: {name}
is_shared: {shared}
identity: {{zone: us-1, cluster_name: {organization}-{name}, runner_group_id: {group}}}
connection_status: {connection}
capabilities: {{max_cpu_millicores: 64000, max_memory_bytes: 274877906944, max_gpu_count: {gpus},
  supported_gpu_types: [{gpu_types}], supported_architectures: [{architecture}]}}
resources: {{available_cpu_millicores: {cpu}, available_memory_bytes: 137438953472, available_gpu_count: {gpus},
  running_sandboxes: 3}}
profile_bindings:
  - {{profile_template_id: base, is_default: true}}
---
"""


def runner(organization, name, **values):
    return RUNNER.format(organization=organization, name=name, **{
        "shared": "false", "group": "blue", "connection": "CONNECTED", "gpus": 0, "gpu_types": "",
        "architecture": "amd64", "cpu": 32000, **values})


CATALOG = ("kind: Zone\nzone: us-1\ndefaults: {}\n---\n" + PROFILE.format(organization="acme", name="base") +
           PROFILE.format(organization="acme", name="gpu") + PROFILE.format(organization="globex", name="base") +
           runner("acme", "alpha") +
           runner("acme", "beta", group="green", gpus=8, gpu_types="h100").rstrip("-\n") +
           "\n  - {profile_template_id: gpu, profile_name: trainer}\n---\n" +
           runner("acme", "gamma", connection="DISCONNECTED", architecture="arm64") +
           runner("globex", "alpha", cpu=4000) +
           runner("globex", "commons", shared="true", architecture="riscv64"))


class WireTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(cls.folder.name)
        (root / "catalog").mkdir()
        (root / "catalog/all.yaml").write_text(CATALOG)
        (root / "tokens.yaml").write_text(TOKENS)
        cls.berthd = cls.enterClassContext(
            Berthd("--source", root / "catalog", "--tokens", root / "tokens.yaml", "--gateway-facade", token=ALICE))
        cls.addClassCleanup(cls.folder.cleanup)

    def fails(self, path, code, reason, token=None, request=None, **fields):
        """The call fails so; its message, google.rpc.Status and details."""
        got, text, status, found = self.berthd.error(path, request, token, **fields)
        self.assertEqual((got, found.get("ErrorInfo") and found["ErrorInfo"].reason), (code, reason), text)
        self.assertEqual(found["ErrorInfo"].domain, "cwsandbox.com")
        self.assertEqual(status.message, text)
        self.assertEqual(grpc.StatusCode[code].value[0], status.code)
        return text, found


class Discovery(WireTest):
    def runners(self, token=None, **fields):
        """As the public client lists: pages of 100 until there is no token."""
        found, page = [], ""
        while True:
            answer = self.berthd.call(f"{DISCOVERY}/ListAvailableRunners", token=token, page_size=100, page_token=page,
                                      **fields)
            found += answer.runners
            page = answer.next_page_token
            if not page:
                return found

    def test_lists_own_and_shared_runners(self):
        found = self.runners(view="RUNNER_VIEW_BASIC")
        self.assertEqual([r.runner_id for r in found], ["alpha", "beta", "commons", "gamma"])
        self.assertEqual([r.healthy for r in found], [True, True, True, False])
        self.assertEqual([r.is_shared for r in found], [False, False, True, False])
        self.assertFalse(any(r.HasField("resources") for r in found))
        beta = found[1]
        self.assertEqual(list(beta.profile_names), ["base", "trainer"])
        self.assertEqual(beta.runner_group_id, "green")
        self.assertEqual(list(beta.capabilities.supported_gpu_types), ["h100"])
        self.assertEqual(beta.capabilities.max_memory_bytes, 256 << 30)

    def test_full_view_has_resources_of_own_runners(self):
        found = {r.runner_id: r for r in self.runners(view="RUNNER_VIEW_FULL")}
        self.assertEqual(found["alpha"].resources.available_cpu_millicores, 32000)
        self.assertEqual(found["alpha"].resources.running_sandboxes, 3)
        self.assertFalse(found["commons"].HasField("resources"))

    def test_filters(self):
        for fields, wanted in [
            ({"runner_group_id": "green"}, ["beta"]),
            ({"profile_name": "trainer"}, ["beta"]),
            ({"gpu_type": "H100"}, ["beta"]),
            ({"architecture": "arm64"}, ["gamma"]),
            ({"exclude_shared": True}, ["alpha", "beta", "gamma"]),
            ({"healthy_only": True}, ["alpha", "beta", "commons"]),
            ({"healthy_only": True, "architecture": "arm64"}, []),
            ({"gpu_type": "no-such"}, []),
        ]:
            with self.subTest(fields):
                self.assertEqual([r.runner_id for r in self.runners(**fields)], wanted)

    def test_profiles_are_bindings(self):
        answer = self.berthd.call(f"{DISCOVERY}/ListProfiles", page_size=100)
        self.assertEqual([(p.runner_id, p.profile_name) for p in answer.profiles],
                         [("alpha", "base"), ("beta", "base"), ("beta", "trainer"), ("commons", "base"),
                          ("gamma", "base")])
        self.assertEqual([m.name for m in answer.profiles[0].egress_modes], ["deny-all", "internet"])
        self.assertEqual([m.name for m in answer.profiles[0].service_exposure_modes], ["public"])

    def test_one_runner_and_one_profile(self):
        found = self.berthd.call(f"{DISCOVERY}/GetAvailableRunner", runner_id="beta", view="RUNNER_VIEW_FULL")
        self.assertEqual(found.resources.available_gpu_count, 8)
        profile = self.berthd.call(f"{DISCOVERY}/GetProfile", profile_name="base")
        self.assertEqual(profile.runner_id, "alpha")
        profile = self.berthd.call(f"{DISCOVERY}/GetProfile", profile_name="base", runner_id="gamma")
        self.assertEqual(list(profile.supported_architectures), ["arm64"])

    def test_what_is_not_there(self):
        _, found = self.fails(f"{DISCOVERY}/GetAvailableRunner", "NOT_FOUND", "CWSANDBOX_RUNNER_NOT_FOUND",
                              runner_id="delta")
        self.assertEqual(dict(found["ErrorInfo"].metadata), {"runner_id": "delta"})
        _, found = self.fails(f"{DISCOVERY}/GetProfile", "NOT_FOUND", "CWSANDBOX_PROFILE_NOT_FOUND",
                              profile_name="delta")
        self.assertEqual(dict(found["ErrorInfo"].metadata), {"profile_name": "delta"})
        self.fails(f"{DISCOVERY}/GetProfile", "INVALID_ARGUMENT", "CWSANDBOX_INVALID_REQUEST")
        self.fails(f"{DISCOVERY}/ListProfiles", "INVALID_ARGUMENT", "CWSANDBOX_INVALID_REQUEST", page_size=-1)
        self.fails(f"{DISCOVERY}/ListProfiles", "INVALID_ARGUMENT", "CWSANDBOX_INVALID_REQUEST", page_token="garbled")

    def test_pages_follow_their_filter(self):
        seen, page = [], ""
        for _ in range(10):
            answer = self.berthd.call(f"{DISCOVERY}/ListProfiles", page_size=2, page_token=page)
            seen += [(p.runner_id, p.profile_name) for p in answer.profiles]
            page = answer.next_page_token
            if not page:
                break
            self.fails(f"{DISCOVERY}/ListProfiles", "INVALID_ARGUMENT", "CWSANDBOX_INVALID_REQUEST", page_size=2,
                       page_token=page, architecture="amd64")
            self.fails(f"{DISCOVERY}/ListProfiles", "INVALID_ARGUMENT", "CWSANDBOX_INVALID_REQUEST", token=BOB,
                       page_token=page)
        self.assertEqual(len(seen), 5)
        self.assertEqual(seen, sorted(set(seen)))

    def test_another_organization_sees_its_own(self):
        found = self.runners(token=BOB, view="RUNNER_VIEW_FULL")
        self.assertEqual([r.runner_id for r in found], ["alpha", "commons"])
        self.assertEqual(found[0].resources.available_cpu_millicores, 4000)
        self.assertTrue(found[1].HasField("resources"))  # its owner sees its load
        self.fails(f"{DISCOVERY}/GetAvailableRunner", "NOT_FOUND", "CWSANDBOX_RUNNER_NOT_FOUND", token=BOB,
                   runner_id="beta")


class Access(WireTest):
    def test_tokens(self):
        path = f"{DISCOVERY}/ListProfiles"
        self.fails(path, "UNAUTHENTICATED", "CWSANDBOX_UNAUTHENTICATED", token="")
        self.fails(path, "UNAUTHENTICATED", "CWSANDBOX_UNAUTHENTICATED", token="token-of-mallory")
        self.fails(path, "UNAUTHENTICATED", "CWSANDBOX_UNAUTHENTICATED", token=sha256(ALICE))
        self.fails(path, "PERMISSION_DENIED", "CWSANDBOX_PERMISSION_DENIED", token=NOBODY)
        for service in (f"{ADMISSION}/Admit", f"{ADMISSION}/Resolve", f"{ADMISSION}/Explain", f"{GATEWAY}/Start",
                        f"{GATEWAY}/Get", f"{GATEWAY}/List", f"{GATEWAY}/Stop", f"{GATEWAY}/Delete",
                        f"{DISCOVERY}/GetProfile", f"{DISCOVERY}/ListAvailableRunners",
                        f"{DISCOVERY}/GetAvailableRunner"):
            with self.subTest(service):
                self.fails(service, "UNAUTHENTICATED", "CWSANDBOX_UNAUTHENTICATED", token="token-of-mallory")
        self.assertNotIn("mallory", self.berthd.log())

    def test_two_tokens_are_none(self):
        stub = self.berthd.channel.unary_unary(f"/{DISCOVERY}/ListProfiles")
        with self.assertRaises(grpc.RpcError) as caught:
            stub(b"", metadata=[("authorization", f"Bearer {ALICE}"), ("authorization", f"Bearer {BOB}")])
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)

    def test_who_may_speak_for_whom(self):
        launch = {"organization_id": "globex"}
        self.fails(f"{ADMISSION}/Admit", "PERMISSION_DENIED", "CWSANDBOX_PERMISSION_DENIED", launch=launch)
        answer = self.berthd.call(f"{ADMISSION}/Admit", token=GATE, launch=launch)
        self.assertEqual(json.loads(answer.decision_json)["candidates"], 2)

    def test_health_and_reflection_need_no_token(self):
        watch = self.berthd.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"")
        self.assertIn(b"\x08\x01", watch)  # status: SERVING, by and by
        watch.cancel()
        stub = self.berthd.channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        listed = b"".join(stub(iter([b"\x3a\x01*"])))  # list_services: "*"
        for service in (DISCOVERY, GATEWAY, ADMISSION, "grpc.health.v1.Health"):
            self.assertIn(service.encode(), listed)


class Admission(WireTest):
    def test_admitted(self):
        launch = {"sandbox_id": "sb-1", "profile_names": ["base"], "runner_ids": ["beta"],
                  "container_image": "python:3.11", "resource_requests": {"cpu": "2", "memory": "4Gi"},
                  "network": {"egress_mode": "internet", "ingress_mode": "public", "exposed_ports": [8080]},
                  "pod_annotations": {"team": "ml"}}
        answer = self.berthd.call(f"{ADMISSION}/Admit", launch=launch)
        self.assertEqual((answer.placement.runner_id, answer.placement.profile_name, answer.placement.zone),
                         ("beta", "base", "us-1"))
        decision = json.loads(answer.decision_json)
        self.assertEqual(decision["verdict"], "ADMITTED")
        self.assertEqual(decision["sandbox_id"], "sb-1")
        self.assertEqual(decision["ingress"]["host"], "sb-1.example.com")
        self.assertEqual(decision["spec"]["container_image"], "python:3.11")
        self.assertEqual(decision["spec"]["pod"]["metadata"]["annotations"], {"team": "ml"})
        self.assertEqual(decision["spec"]["resource_defaults"]["cpuRequest"], "2")
        again = self.berthd.call(f"{ADMISSION}/Explain", decision_id=answer.decision_id)
        self.assertEqual(json.loads(again.decision_json), decision)

    def test_alternatives(self):
        answer = self.berthd.call(f"{ADMISSION}/Admit", launch={"sandbox_id": "sb-1"})
        places = [answer.placement, *answer.alternatives]
        self.assertEqual(len(places), 4)  # gamma is disconnected
        self.assertEqual(len({(p.runner_id, p.profile_name) for p in places}), 4)

    def test_rejected_says_why_and_what_to_do(self):
        text, found = self.fails(f"{ADMISSION}/Admit", "FAILED_PRECONDITION", "CWSANDBOX_NO_SUITABLE_RUNNER",
                                 launch={"resource_requests": {"memory": "900Gi"}})
        self.assertIn("0 of 5 bindings", text)
        self.assertIn("next: lower `resource_requests.memory` from 900Gi to 16Gi", text)
        metadata = found["ErrorInfo"].metadata
        self.assertEqual(metadata["candidates"], "5")
        self.assertEqual(metadata["headline_reason"], "MEMORY_EXCEEDS_PROFILE")
        self.assertEqual(metadata["requested"], "900Gi")
        self.assertEqual(metadata["offered"], "16Gi")
        self.assertEqual(metadata["remedy_action"], "RETRY_SMALLER")
        self.assertEqual(json.loads(metadata["remedy_changes"]),
                         [{"op": "replace", "path": "/resource_requests/memory", "value": "16Gi"}])
        self.assertNotIn("RetryInfo", found)
        # Following the patch gets it admitted.
        self.berthd.call(f"{ADMISSION}/Admit", launch={"resource_requests": {"memory": "16Gi"}})
        explained = self.berthd.call(f"{ADMISSION}/Explain", decision_id=metadata["decision_id"])
        decision = json.loads(explained.decision_json)
        self.assertEqual(decision["message"][:20], text[:20])
        self.assertEqual(len(decision["per_candidate"]), 5)

    def test_named_profile_is_a_mismatch(self):
        self.fails(f"{ADMISSION}/Admit", "FAILED_PRECONDITION", "CWSANDBOX_PROFILE_MISMATCH",
                   launch={"profile_names": ["trainer"], "architecture": "riscv64"})

    def test_waiting_helps(self):
        _, found = self.fails(f"{ADMISSION}/Admit", "UNAVAILABLE", "CWSANDBOX_NO_SUITABLE_RUNNER",
                              launch={"architecture": "arm64"})
        self.assertEqual(found["RetryInfo"].retry_delay.seconds, 30)
        _, found = self.fails(f"{ADMISSION}/Admit", "RESOURCE_EXHAUSTED", "CWSANDBOX_NO_SUITABLE_RUNNER", token=BOB,
                              launch={"runner_ids": ["alpha"], "resource_requests": {"cpu": "5"}})
        self.assertEqual(found["RetryInfo"].retry_delay.seconds, 30)

    def test_invalid_lists_violations(self):
        launch = {"resource_requests": {"cpu": "many"}, "network": {"exposed_ports": [0]},
                  "overrides_json": '{"namespace": {}'}
        _, found = self.fails(f"{ADMISSION}/Admit", "INVALID_ARGUMENT", "CWSANDBOX_INVALID_REQUEST", launch=launch)
        fields = {violation.field for violation in found["BadRequest"].field_violations}
        self.assertLessEqual({"resource_requests.cpu", "network.exposed_ports[0]"}, fields)

    def test_decisions_belong_to_their_organization(self):
        answer = self.berthd.call(f"{ADMISSION}/Admit", launch={})
        self.fails(f"{ADMISSION}/Explain", "NOT_FOUND", "CWSANDBOX_DECISION_NOT_FOUND", token=BOB,
                   decision_id=answer.decision_id)
        self.fails(f"{ADMISSION}/Explain", "NOT_FOUND", "CWSANDBOX_DECISION_NOT_FOUND", decision_id="d-1")
        self.fails(f"{ADMISSION}/Explain", "INVALID_ARGUMENT", "CWSANDBOX_INVALID_REQUEST")

    def test_resolve_and_explain_a_spec(self):
        target = {"runner_id": "beta", "profile_name": "trainer", "launch": {"resource_limits": {"cpu": "4"}}}
        resolved = json.loads(self.berthd.call(f"{ADMISSION}/Resolve", **target).resolved_json)
        self.assertEqual(resolved["spec"]["resource_defaults"]["cpuLimit"], "4")
        answer = self.berthd.call(f"{ADMISSION}/Explain",
                                  spec={"target": target, "path": "/resource_defaults/cpuLimit"})
        (field,) = json.loads(answer.explanation_json)["fields"]
        self.assertEqual((field["layer"], field["shadowed"][0]["layer"]), ("sandbox", "profile"))
        self.fails(f"{ADMISSION}/Resolve", "NOT_FOUND", "CWSANDBOX_RUNNER_NOT_FOUND", runner_id="delta")
        self.fails(f"{ADMISSION}/Resolve", "NOT_FOUND", "CWSANDBOX_PROFILE_NOT_FOUND", runner_id="alpha",
                   profile_name="trainer")
        self.fails(f"{ADMISSION}/Resolve", "INVALID_ARGUMENT", "CWSANDBOX_INVALID_REQUEST")

    def test_stream_answers_all_in_order(self):
        request_class, _ = method(f"{ADMISSION}/AdmitStream")
        wanted = 500

        def requests():
            for i in range(wanted):
                memory = "900Gi" if i % 3 == 0 else "1Gi"
                yield request_class(request_id=i, launch={"resource_requests": {"memory": memory}})

        answers = list(self.berthd.stream(f"{ADMISSION}/AdmitStream", requests()))
        self.assertEqual([answer.request_id for answer in answers], list(range(wanted)))
        for answer in answers:
            self.assertEqual(answer.WhichOneof("answer"), "refused" if answer.request_id % 3 == 0 else "admitted")
        self.assertEqual(answers[0].refused.code, grpc.StatusCode.FAILED_PRECONDITION.value[0])

    def test_stream_needs_a_token(self):
        request_class, _ = method(f"{ADMISSION}/AdmitStream")
        with self.assertRaises(grpc.RpcError) as caught:
            list(self.berthd.stream(f"{ADMISSION}/AdmitStream", iter([request_class()]), token="token-of-mallory"))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)

    def test_oversized_and_malformed_messages(self):
        stub = self.berthd.channel.unary_unary(f"/{ADMISSION}/Admit")
        metadata = self.berthd.metadata(None)
        for payload, code in [(b"\x0a\x05ab", grpc.StatusCode.INVALID_ARGUMENT),
                              (b"\x0a" + b"\x80" * 20, grpc.StatusCode.INVALID_ARGUMENT),
                              (b"\x0a\x03\x0a\x01\xff", grpc.StatusCode.INVALID_ARGUMENT),  # not UTF-8
                              (b"", grpc.StatusCode.INVALID_ARGUMENT),  # no launch
                              (b"\x00" * (5 << 20), grpc.StatusCode.RESOURCE_EXHAUSTED)]:
            with self.assertRaises(grpc.RpcError) as caught:
                stub(payload, metadata=metadata)
            self.assertEqual(caught.exception.code(), code, caught.exception.details())
        self.berthd.call(f"{ADMISSION}/Admit", launch={})


class Gateway(WireTest):
    def start(self, token=None, **fields):
        request = {"command": "sleep", "args": ["infinity"], "container_image": "python:3.11", **fields}
        return self.berthd.call(f"{GATEWAY}/Start", token=token, **request)

    def get(self, sandbox_id):
        return self.berthd.call(f"{GATEWAY}/Get", sandbox_id=sandbox_id)

    def stop(self, sandbox_id, token=None):
        answer = self.berthd.call(f"{GATEWAY}/Stop", token=token, sandbox_id=sandbox_id)
        self.assertTrue(answer.success, answer.error_message)

    def test_life_of_a_sandbox(self):
        started = self.start(
            tags=["a"], environment_variables={"A": "b"}, ports=[{"container_port": 9000, "name": "debug"}],
            mounted_files=[{"mount_path": "/etc/a", "file_content": b"\xff\x00"}],
            s3_mount={"bucket": "b", "directory": "d", "mount_path": "/m"},
            file_system={"mount_path": "/f", "size": "1Gi"}, max_lifetime_seconds=3600, max_timeout_seconds=60,
            volumes=[{"volume_id": "v", "mount_path": "/v"}], profile_names=["base"], runner_ids=["beta"],
            runner_cluster_secrets=[{"kubernetes": {"secret_name": "s", "secret_key": "k"}, "env_var": "S"}],
            secret_stores=[{"store_name": "s", "secrets": [{"path": "p", "field": "f", "env_var": "F"}]}],
            resource_limits={"cpu": "4", "memory": "8Gi"}, resource_requests={"cpu": "2", "memory": "4Gi"},
            network={"egress_mode": "internet", "ingress_mode": "public", "exposed_ports": [8080]},
            pod_annotations={"team": "ml"})
        self.assertTrue(started.sandbox_id)
        self.assertEqual(started.runner_id, "beta")
        self.assertEqual(started.service_address, f"{started.sandbox_id}.example.com")
        self.assertEqual((started.applied_ingress_mode, started.applied_egress_mode), ("public", "internet"))
        self.assertEqual([port.container_port for port in started.exposed_ports], [9000, 8080])
        self.assertEqual(started.requested_resource_limits.memory, "8Gi")
        self.assertEqual(started.requested_resource_requests.cpu, "2")
        running = message("coreweave.sandbox.v1beta2.GetSandboxResponse")(sandbox_status="SANDBOX_STATUS_RUNNING")
        state = self.get(started.sandbox_id)
        self.assertEqual(state.sandbox_status, running.sandbox_status)
        self.assertIn("runs nothing", state.status_reason)
        self.stop(started.sandbox_id)
        self.assertEqual(self.get(started.sandbox_id).sandbox_status, 3)  # COMPLETED: the client's poll ends
        self.stop(started.sandbox_id)
        self.berthd.call(f"{GATEWAY}/Delete", sandbox_id=started.sandbox_id)
        self.fails(f"{GATEWAY}/Get", "NOT_FOUND", "CWSANDBOX_SANDBOX_NOT_FOUND", sandbox_id=started.sandbox_id)

    def test_what_is_started_counts_until_it_is_stopped(self):
        gpus = {"runner_ids": ["beta"], "resource_requests": {"gpu": {"gpu_count": 5, "gpu_type": "h100"}}}
        first = self.start(**gpus)
        self.assertEqual(
            self.berthd.call(f"{DISCOVERY}/GetAvailableRunner", runner_id="beta",
                             view="RUNNER_VIEW_FULL").resources.available_gpu_count, 3)
        request = {"command": "sleep", "container_image": "python:3.11", **gpus}
        text, found = self.fails(f"{GATEWAY}/Start", "RESOURCE_EXHAUSTED", "CWSANDBOX_NO_SUITABLE_RUNNER", **request)
        self.assertIn("3 GPUs", text)
        self.assertEqual(found["RetryInfo"].retry_delay.seconds, 30)
        self.stop(first.sandbox_id)
        self.stop(self.start(**gpus).sandbox_id)

    def test_legacy_fields(self):
        started = self.start(resources={"cpu": "2", "memory": "2Gi"}, profile_ids=["base"])
        self.assertEqual(started.requested_resources.cpu, "2")
        self.assertEqual(started.requested_resource_limits.cpu, "2")
        self.stop(started.sandbox_id)

    def test_tenancy(self):
        started = self.start()
        self.fails(f"{GATEWAY}/Get", "NOT_FOUND", "CWSANDBOX_SANDBOX_NOT_FOUND", token=BOB,
                   sandbox_id=started.sandbox_id)
        self.fails(f"{GATEWAY}/Stop", "NOT_FOUND", "CWSANDBOX_SANDBOX_NOT_FOUND", token=BOB,
                   sandbox_id=started.sandbox_id)
        listed = self.berthd.call(f"{GATEWAY}/List", token=BOB)
        self.assertNotIn(started.sandbox_id, [sandbox.sandbox_id for sandbox in listed.sandboxes])
        listed = self.berthd.call(f"{GATEWAY}/List")
        self.assertIn(started.sandbox_id, [sandbox.sandbox_id for sandbox in listed.sandboxes])
        self.stop(started.sandbox_id)

    def test_bad_requests(self):
        for fields, field in [({"container_image": "python:3.11"}, "command"),
                              ({"command": "a", "ports": [{"name": "x"}]}, "ports[0].container_port"),
                              ({"command": "a", "max_lifetime_seconds": -1}, "max_lifetime_seconds"),
                              ({"command": "a", "resource_requests": {"gpu": {"gpu_type": "h100"}}},
                               "resource_requests.gpu.count")]:
            with self.subTest(field):
                _, found = self.fails(f"{GATEWAY}/Start", "INVALID_ARGUMENT", "CWSANDBOX_INVALID_REQUEST", **fields)
                self.assertEqual([v.field for v in found["BadRequest"].field_violations], [field])

    def test_other_methods_are_unimplemented(self):
        for name in ("Exec", "AddFile", "Pause", "NoSuch"):
            stub = self.berthd.channel.unary_unary(f"/{GATEWAY}/{name}")
            with self.assertRaises(grpc.RpcError) as caught:
                stub(b"", metadata=self.berthd.metadata(None))
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)


class Rest(WireTest):
    def test_lists(self):
        status, headers, text = self.berthd.http("/v1beta2/runners?pageSize=2&view=RUNNER_VIEW_FULL")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        page = json.loads(text)
        self.assertEqual([r["runnerId"] for r in page["runners"]], ["alpha", "beta"])
        self.assertEqual(page["runners"][0]["resources"]["availableCpuMillicores"], "32000")
        _, _, text = self.berthd.http(f"/v1beta2/runners?page_size=2&view=RUNNER_VIEW_FULL&pageToken="
                                      f"{page['nextPageToken']}")
        self.assertEqual([r["runnerId"] for r in json.loads(text)["runners"]], ["commons", "gamma"])
        _, _, text = self.berthd.http("/v1beta2/runners/beta")
        self.assertEqual(json.loads(text)["profileNames"], ["base", "trainer"])
        _, _, text = self.berthd.http("/v1beta2/profiles?runnerId=beta")
        self.assertEqual([p["profileName"] for p in json.loads(text)["profiles"]], ["base", "trainer"])
        _, _, text = self.berthd.http("/v1beta2/profiles/trainer")
        self.assertEqual(json.loads(text)["runnerId"], "beta")

    def test_errors(self):
        for path, token, wanted, reason in [
            ("/v1beta2/runners/delta", None, 404, "CWSANDBOX_RUNNER_NOT_FOUND"),
            ("/v1beta2/profiles/delta", None, 404, "CWSANDBOX_PROFILE_NOT_FOUND"),
            ("/v1beta2/runners?pageSize=x", None, 400, "CWSANDBOX_INVALID_REQUEST"),
            ("/v1beta2/runners?nosuch=1", None, 400, "CWSANDBOX_INVALID_REQUEST"),
            ("/v1beta2/runners/beta?runner_id=alpha", None, 400, "CWSANDBOX_INVALID_REQUEST"),
            ("/v1beta2/runners?pageSize=1&page_size=1", None, 400, "CWSANDBOX_INVALID_REQUEST"),
            ("/v1beta2/runners/beta/x", None, 404, "CWSANDBOX_NOT_FOUND"),
            ("/v1beta2/runners?pageToken=%zz", None, 400, "CWSANDBOX_INVALID_REQUEST"),
            ("/" + "a" * 5000, None, 414, "CWSANDBOX_INVALID_REQUEST"),
            ("/v1beta2/runners", "", 401, "CWSANDBOX_UNAUTHENTICATED"),
            ("/v1beta2/runners", "token-of-mallory", 401, "CWSANDBOX_UNAUTHENTICATED"),
            ("/v1beta2/runners", NOBODY, 403, "CWSANDBOX_PERMISSION_DENIED"),
            ("/nosuch", None, 404, "CWSANDBOX_NOT_FOUND"),
        ]:
            with self.subTest(path=path, token=token):
                status, _, text = self.berthd.http(path, token)
                body = json.loads(text)
                self.assertEqual(status, wanted)
                self.assertEqual(body["details"][0]["@type"], "type.googleapis.com/google.rpc.ErrorInfo")
                self.assertEqual((body["details"][0]["reason"], body["details"][0]["domain"]),
                                 (reason, "cwsandbox.com"))

    def test_what_the_server_refuses_is_a_status_too(self):
        for name, code in [("POST", 12), ("DELETE", 12)]:
            before = self.berthd.metric("berthd_requests_total", method="http", code="405")
            status, headers, text = self.berthd.http("/v1beta2/runners", method=name)
            self.assertEqual((status, headers["Content-Type"], headers["Allow"]), (405, "application/json", "GET, HEAD"))
            body = json.loads(text)
            self.assertEqual((body["code"], body["details"][0]["reason"]), (code, "CWSANDBOX_INVALID_REQUEST"))
            self.assertEqual(self.berthd.metric("berthd_requests_total", method="http", code="405"), before + 1)

    def test_an_enumeration_is_a_name_or_a_number(self):
        by_name = self.berthd.http("/v1beta2/runners/alpha?view=RUNNER_VIEW_FULL")
        self.assertEqual(self.berthd.http("/v1beta2/runners/alpha?view=2")[0::2], by_name[0::2])
        self.assertIn("resources", json.loads(by_name[2]))

    def test_operators_need_no_token(self):
        self.assertEqual(self.berthd.http("/healthz", token="")[0::2], (200, "ok\n"))
        status, _, text = self.berthd.http("/readyz", token="")
        self.assertEqual((status, json.loads(text)["ready"]), (200, True))
        self.assertIn("berthd_catalog_objects 9", self.berthd.http("/metrics", token="")[2])


class WhoCalled(unittest.TestCase):
    def serve(self, *arguments):
        root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (root / "catalog").mkdir()
        (root / "catalog/all.yaml").write_text(CATALOG)
        (root / "tokens.yaml").write_text(TOKENS)
        self.decisions = root / "decisions.log"
        return self.enterContext(Berthd("--source", root / "catalog", "--gateway-facade", "--decision-log",
                                        self.decisions, *(str(root / name) if name == "tokens.yaml" else name
                                                          for name in arguments)))

    def test_decisions_say_whose_token_asked_and_through_what(self):
        for arguments, token, name in [(("--tokens", "tokens.yaml"), ALICE, "alice"), ((), "", "anonymous")]:
            with self.subTest(name):
                berthd = self.serve(*arguments)
                berthd.call(f"{ADMISSION}/Admit", token=token, launch={})
                stream = berthd.open(f"{ADMISSION}/AdmitStream", token=token)
                stream.ask(launch={})
                stream.close()
                berthd.call(f"{GATEWAY}/Start", token=token, command="a", container_image="python:3.11")
                self.assertEqual(berthd.stop(), 0)
                lines = [json.loads(line) for line in self.decisions.read_text().splitlines()]
                self.assertEqual([(line["caller"], line["method"]) for line in lines],
                                 [(name, "Admit"), (name, "AdmitStream"), (name, "Start")])

    def test_refused_callers_are_logged_and_their_tokens_are_not(self):
        berthd = self.serve("--tokens", "tokens.yaml")
        profiles = f"{DISCOVERY}/ListProfiles"
        berthd.error(profiles, token="")
        berthd.error(f"{GATEWAY}/Start", token="token-of-mallory")
        berthd.error(f"{ADMISSION}/Admit", token=NOBODY)
        berthd.http("/v1beta2/runners?token=secret", token="token-of-mallory")
        for method_name, reason, caller, peer in [(profiles, "missing", "", "ipv4:127.0.0.1:"),
                                                  (f"{GATEWAY}/Start", "unknown", "", "ipv4:127.0.0.1:"),
                                                  (f"{ADMISSION}/Admit", "forbidden", "nobody", "ipv4:127.0.0.1:"),
                                                  ("http", "unknown", "", "127.0.0.1:")]:
            line = berthd.wait_for("caller refused", method=method_name, reason=reason, caller=caller)
            self.assertEqual(line["level"], "warn")
            self.assertTrue(line["peer"].startswith(peer), line)
        for _ in range(200):
            berthd.http("/v1beta2/runners", token="token-of-mallory")
        berthd.wait_for("more callers were refused than are listed")
        self.assertEqual(berthd.stop(), 0)
        lines = [json.loads(line) for line in berthd.log().splitlines()]
        told = sum(line["message"] == "caller refused" for line in lines)
        self.assertLess(told, 204)
        self.assertLessEqual(told + sum(line.get("left_out", 0) for line in lines), 204)
        for text in (berthd.log(), self.decisions.read_text()):
            for secret in ("mallory", "secret", NOBODY, sha256(NOBODY)[:16], sha256("token-of-mallory")[:16]):
                self.assertNotIn(secret, text)


class WithoutFacade(unittest.TestCase):
    def test_gateway_is_unimplemented(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "all.yaml").write_text(CATALOG)
            with Berthd("--source", folder) as berthd:
                code, *_ = berthd.error(f"{GATEWAY}/Start", command="a")
                self.assertEqual(code, "UNIMPLEMENTED")
                # Without tokens everybody may ask, for any organization.
                answer = berthd.call(f"{ADMISSION}/Admit", launch={"organization_id": "globex"})
                self.assertEqual(answer.placement.zone, "us-1")


class LargeFleet(unittest.TestCase):
    def test_no_error_passes_four_kib(self):
        with tempfile.TemporaryDirectory() as folder:
            documents = [PROFILE.format(organization="default", name="base")]
            documents += [runner("default", f"runner-{i:05}" + "x" * 180, group=f"g{i % 50}") for i in range(3000)]
            (pathlib.Path(folder) / "all.yaml").write_text("".join(documents))
            with Berthd("--source", folder) as berthd:
                for launch in ({"resource_requests": {"memory": "900Gi"}, "architecture": "sparc"},
                               {"profile_names": ["é" * 60]}, {"runner_ids": ["x"] * 64},
                               {"network": {"egress_mode": "ü" * 120}}):
                    request_class, _ = method(f"{ADMISSION}/Admit")
                    stub = berthd.channel.unary_unary(f"/{ADMISSION}/Admit")
                    with self.assertRaises(grpc.RpcError) as caught:
                        stub(request_class(launch=launch).SerializeToString())
                    size = sum(len(key) + len(value) for key, value in caught.exception.trailing_metadata())
                    size += 3 * len(caught.exception.details().encode())  # percent-encoded at worst
                    self.assertLessEqual(size, 4096)
                    status, found = details(caught.exception)
                    self.assertTrue(found["ErrorInfo"].metadata["decision_id"])


del WireTest

if __name__ == "__main__":
    unittest.main()
