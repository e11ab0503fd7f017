"""`berth test`: what passes, what fails, what is refused, and what counts as exercised.

Runs the tool (the environment's BERTH_BINARY). What it prints is compared by tests/cli_golden_test.py.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("BERTH_BINARY", str(ROOT / "build" / "release" / "berth"))
COVERED = ROOT / "tests" / "golden" / "input" / "covered.yaml"

# Two runners of two profiles; `closed` has one egress mode, `open` two and an ingress level.
CATALOG = """\
kind: Zone
zone: z
defaults: {container_image: "python:3.11"}
---
kind: Profile
display_name: closed
id: 2f5ae96c-b558-4c7b-a590-a501ae1c3f6c
spec:
  resource_defaults: {cpuLimit: "4", memoryLimit: 8Gi}
  namespace: {strategy: static, staticNamespace: closed, autoCreate: false, labels: {team: a}}
  network: {egress: {default: none, modes: {none: {type: none}}}}
  pod: {metadata: {annotations: {enabled: "true", port: "8080"}}, spec: {nodeSelector: {pool: a}, tolerations: [{key: k}]}}
---
kind: Profile
display_name: open
spec:
  network:
    egress: {default: none, modes: {none: {type: none}, web: {type: allowlist, cidrs: [10.0.0.0/8]}}}
    ingress:
      public:
        scope: any
        service: {serviceType: ClusterIP}
        ingress: {controllerName: nginx, template: "{{.SandboxID}}.example.com"}
---
kind: Runner
runner_id: r1
identity: {zone: z, cluster_name: c1}
resources: {available_cpu_millicores: 8000}
profile_bindings: [{profile_template_id: 2f5ae96c-b558-4c7b-a590-a501ae1c3f6c, is_default: true}]
---
kind: Runner
runner_id: r2
identity: {zone: z, cluster_name: c2}
install_status: PENDING
profile_bindings: [{profile_template_id: open, is_default: true}]
"""

READY = "{r2: {install_status: READY}}"


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.write("catalog/c.yaml", CATALOG)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    def berth(self, *arguments, code=0, stdin=b""):
        done = subprocess.run([BINARY, "test", *arguments], input=stdin, capture_output=True, cwd=self.folder,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout[:4000]!r}\n{done.stderr[:4000]!r}")
        self.assertNotRegex(done.stdout + done.stderr, rb"[\x00-\x08\x0b-\x1f\x7f]")
        for line in done.stderr.splitlines() + (done.stdout.splitlines() if "json" not in arguments else []):
            self.assertLess(len(line), 1500)
        done.out, done.err = done.stdout.decode(), done.stderr.decode()
        return done

    def cases(self, *cases):
        """A file of tests beside the catalog's folder; each case is (request, want) or (request, want, live)."""
        lines = ["catalog: catalog", "cases:"]
        for i, (request, want, *live) in enumerate(cases):
            lines += [f"- name: case {i}", f"  request: {request}", f"  want: {want}"]
            lines += [f"  live: {state}" for state in live]
        return self.write("policy.test.yaml", "\n".join(lines) + "\n")

    def document(self, *arguments, code=0):
        return json.loads(self.berth(*arguments, "-o", "json", code=code).stdout)

    def differences(self, request, want, *live):
        """Path -> (wanted, given) of the one case."""
        self.cases((request, want, *live))
        done = subprocess.run([BINARY, "test", "policy.test.yaml", "-o", "json"], capture_output=True, cwd=self.folder,
                              timeout=60, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        (case,) = json.loads(done.stdout)["cases"]
        self.assertEqual(case["passed"], done.returncode == 0)
        self.assertEqual(case["passed"], not case["differences"])
        return {entry["path"]: (entry["wanted"], entry["given"]) for entry in case["differences"]}


class Judging(Commands):
    def test_what_is_so_passes(self):
        for request, want, *live in [
            ("{}", "{verdict: ADMITTED, reasons: [], headlines: [], violations: []}"),
            ("{}", "{placement: {runner_id: r1, profile_name: closed, zone: z}}"),
            ("{}", "{placement: {profile_id: 2f5ae96c-b558-4c7b-a590-a501ae1c3f6c}}"),
            ("{}", "{namespace: {name: closed, auto_create: false, labels: {team: a}, annotations: {}}}"),
            ("{}", "{egress: {mode: none, type: none, cidrs: []}, ingress: null}"),
            ("{profileNames: [open]}", "{placement: {runnerId: r2, profileId: null}}", READY),
            ("{profile_names: [open], network: {egress_mode: web}}", "{egress: {mode: web, cidrs: [10.0.0.0/8]}}", READY),
            ("{profile_names: [open], sandbox_id: s, network: {ingress_mode: public, exposed_ports: [80]}}",
             "{ingress: {mode: public, scope: any, host: s.example.com}}", READY),
            ("{profile_names: [open], network: {ingress_mode: public, exposed_ports: [80]}}",
             "{ingress: {mode: public, host: null}}", READY),
            ("{profile_names: [open]}", "{code: CWSANDBOX_PROFILE_MISMATCH, reasons: [RUNNER_NOT_READY]}"),
            ("{network: {egress_mode: web}}",
             "{reasons: [EGRESS_MODE_NOT_OFFERED, RUNNER_NOT_READY], headlines: [RUNNER_NOT_READY, EGRESS_MODE_NOT_OFFERED]}"),
            ("{runner_ids: [r9]}", "{reasons: [RUNNER_NOT_FOUND], headlines: []}"),
            ("{profile: p}", "{verdict: INVALID, code: CWSANDBOX_INVALID_REQUEST, violations: [profile]}"),
            ("[]", "{verdict: INVALID, violations: [(request)]}"),
        ]:
            with self.subTest(request=request, want=want):
                self.assertEqual(self.differences(request, want, *live), {})

    def test_what_is_otherwise_is_said(self):
        for request, want, path, wanted, given in [
            ("{}", "{verdict: REJECTED}", "verdict", "REJECTED", "ADMITTED"),
            ("{}", "{code: CWSANDBOX_INVALID_REQUEST}", "code", "CWSANDBOX_INVALID_REQUEST", None),
            ("{}", "{reasons: [NO_RUNNERS]}", "reasons", ["NO_RUNNERS"], []),
            ("{profile_names: [open]}", "{reasons: []}", "reasons", [], ["RUNNER_NOT_READY"]),
            ("{network: {egress_mode: web}, privileged: true}", "{headlines: [RUNNER_NOT_READY]}", "headlines",
             ["RUNNER_NOT_READY"], ["PRIVILEGED_UNSUPPORTED", "RUNNER_NOT_READY"]),
            ("{}", "{placement: {runner_id: r2}}", "placement.runner_id", "r2", "r1"),
            ("{}", "{placement: {profile_id: null}}", "placement.profile_id", None,
             "2f5ae96c-b558-4c7b-a590-a501ae1c3f6c"),
            ("{profile_names: [open]}", "{placement: {runner_id: r2}}", "placement", {"runner_id": "r2"}, None),
            ("{profile_names: [open]}", "{egress: {mode: none}}", "egress", {"mode": "none"}, None),
            ("{}", "{namespace: {auto_create: true}}", "namespace.auto_create", True, False),
            ("{}", "{namespace: {labels: {team: b}}}", "namespace.labels", {"team": "b"}, {"team": "a"}),
            ("{}", "{egress: {cidrs: [10.0.0.0/8]}}", "egress.cidrs", ["10.0.0.0/8"], []),
            ("{}", "{ingress: {mode: public}}", "ingress", {"mode": "public"}, None),
            ("{profile: p}", "{violations: []}", "violations", [], ["profile"]),
        ]:
            with self.subTest(request=request, want=want):
                self.assertEqual(self.differences(request, want), {path: (wanted, given)})

    def test_an_ingress_that_is_not_wanted_is_said(self):
        request = "{profile_names: [open], network: {ingress_mode: public, exposed_ports: [80]}}"
        (wanted, given) = self.differences(request, "{ingress: null}", READY)["ingress"]
        self.assertEqual((wanted, given["mode"]), (None, "public"))

    def test_fields_are_compared_by_value(self):
        for field, value in [
            ("container_image", "python:3.11"),
            ("/container_image", "'python:3.11'"),
            ("containerImage", "python:3.11"),
            ("resource_defaults.cpuLimit", "4"),
            ("resource_defaults.cpu_limit", "'4'"),
            ("resourceDefaults.cpuLimit", "4000m"),
            ("/resource_defaults/memoryLimit", "8192Mi"),
            ("/resource_defaults/memoryLimit", "8589934592"),
            ("resource_defaults", "{cpuLimit: 4000m, memoryLimit: 8Gi, cpuRequest: 4, memoryRequest: 8Gi}"),
            ("namespace.autoCreate", "false"),
            ("pod.metadata.annotations.enabled", "true"),
            ("pod.metadata.annotations", "{enabled: true, port: 8080}"),
            ("node_selector.pool", "a"),
            ("pod.spec.nodeSelector.pool", "a"),  # folds into /node_selector
            ("pod.spec.containers.0.image", "python:3.11"),  # folds into /container_image
            ("pod.spec.tolerations", "[{key: k}]"),
            ("/pod/spec/tolerations/0/key", "k"),
            ("/pod/spec/tolerations/1", "null"),
            ("tags", "null"),
            ("network.ingress", "null"),
        ]:
            with self.subTest(field=field, value=value):
                self.assertEqual(self.differences("{}", f"{{fields: {{{field}: {value}}}}}"), {})

    def test_fields_that_differ_are_said(self):
        for field, value, shown, wanted, given in [
            ("resource_defaults.cpuLimit", "8", "fields.resource_defaults.cpuLimit", 8, "4"),
            ("/resource_defaults/cpuLimit", "many", "fields/resource_defaults/cpuLimit", "many", "4"),
            ("resource_defaults.cpuLimit", "null", "fields.resource_defaults.cpuLimit", None, "4"),
            ("tags", "[a]", "fields.tags", ["a"], None),
            ("tags", "[]", "fields.tags", [], None),
            ("namespace.autoCreate", "'false'", "fields.namespace.autoCreate", "false", False),
            ("node_selector", "{pool: a, more: b}", "fields.node_selector", {"pool": "a", "more": "b"}, {"pool": "a"}),
            ("pod.spec.tolerations", "[]", "fields.pod.spec.tolerations", [], [{"key": "k"}]),
        ]:
            with self.subTest(field=field, value=value):
                self.assertEqual(self.differences("{}", f"{{fields: {{{field}: {value}}}}}"), {shown: (wanted, given)})

    def test_fields_of_a_named_binding(self):
        rejected = "{profile_names: [open]}"
        self.assertEqual(self.differences(rejected, "{binding: r1/closed, fields: {namespace.strategy: static}}"), {})
        by_id = "r1/2f5ae96c-b558-4c7b-a590-a501ae1c3f6c"
        self.assertEqual(self.differences(rejected, f"{{binding: {by_id}, fields: {{namespace.strategy: static}}}}"), {})
        self.assertEqual(self.differences(rejected, "{fields: {tags: null}}"), {"fields": ({"tags": None}, None)})
        self.assertEqual(self.differences("{profile: p}", "{binding: r1/closed, fields: {tags: null}}"),
                         {"fields": ({"tags": None}, None)})
        self.assertEqual(self.differences("{}", "{binding: r1/close, fields: {tags: null}}"),
                         {"binding": ("r1/close", None)})
        self.assertIn("did you mean `r1/closed`?", self.berth("policy.test.yaml", code=1).out)

    def test_live_state_is_that_of_one_case(self):
        self.cases(("{profile_names: [open]}", "{verdict: ADMITTED}", READY),
                   ("{profile_names: [open]}", "{reasons: [RUNNER_NOT_READY]}"),
                   ("{}", "{verdict: REJECTED, headlines: [RUNNER_DISCONNECTED, RUNNER_NOT_READY]}",
                    "{r1: {connectionStatus: DISCONNECTED}}"),
                   ("{resource_requests: {cpu: 2}}", "{headlines: [INSUFFICIENT_CPU, RUNNER_NOT_READY]}",
                    "{r1: {available_cpu_millicores: 1000}}"),
                   ("{resource_requests: {memory: 4Gi}}", "{headlines: [INSUFFICIENT_MEMORY, RUNNER_NOT_READY]}",
                    "{r1: {available_memory_bytes: 1}, r2: {}}"),
                   ("{}", "{verdict: ADMITTED, placement: {runner_id: r1}}"))
        self.assertIn("6 passed, 0 failed in 1 file", self.berth("policy.test.yaml").out)
        self.assertEqual(set(self.differences("{}", "{verdict: ADMITTED}", "{r3: {available_gpu_count: 1}}")), {"live.r3"})

    def test_requests_come_from_files_too(self):
        self.write("asks/open.yaml", "profile_names: [open]\n")
        self.write("asks/twice.yaml", "user_id: u\nuser_id: v\n")
        self.write("deep/policy.test.json", json.dumps({"catalog": "../catalog", "cases": [
            {"name": "a", "request_file": "../asks/open.yaml", "want": {"reasons": ["RUNNER_NOT_READY"]}},
            {"name": "b", "requestFile": "../asks/twice.yaml", "want": {"violations": ["user_id"]}}]}))
        self.assertIn("2 passed, 0 failed in 1 file", self.berth("deep").out)


class Running(Commands):
    GOOD = "cases: [{name: good, request: {}, want: {verdict: ADMITTED}}]\n"
    BAD = "cases: [{name: bad, request: {}, want: {verdict: REJECTED}}]\n"

    def test_files_are_found_and_the_catalog_leaves_them_out(self):
        self.write("catalog/policy.test.yaml", self.GOOD)
        self.write("catalog/deep/more.test.yml", "catalog: ..\n" + self.GOOD)
        self.write("catalog/deep/MORE.TEST.JSON", json.dumps({"catalog": "..", "cases": [
            {"name": "good", "request": {}, "want": {"verdict": "ADMITTED"}}]}))
        self.write("catalog/.hidden.test.yaml", "broken: [")
        self.assertEqual(self.berth("catalog", "catalog/deep", "./catalog/policy.test.yaml").out,
                         "3 passed, 0 failed in 3 files\n")
        done = subprocess.run([BINARY, "lint", "catalog"], capture_output=True, cwd=self.folder, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, b"5 objects in 1 file: nothing to report\n"))

    def test_a_named_file_needs_no_ending(self):
        self.write("policy.yaml", "catalog: catalog\n" + self.GOOD)
        self.assertIn("1 passed", self.berth("policy.yaml").out)

    def test_the_catalog_is_the_flags_the_files_or_the_folder(self):
        self.write("tests/a.test.yaml", self.GOOD)
        self.berth("tests", code=3)
        self.berth("tests", "--catalog", "catalog")
        self.write("tests/a.test.yaml", "catalog: ../catalog/c.yaml\n" + self.GOOD)
        self.berth("tests")
        self.write("tests/a.test.yaml", "catalog: nowhere\n" + self.GOOD)
        self.assertRegex(self.berth("tests", code=3).err, r"tests/a\.test\.yaml:1:10: error: the tests cannot run")
        self.berth("tests", "--catalog", "catalog")
        self.write("tests/a.test.yaml", f"catalog: {self.folder}/catalog\n" + self.GOOD)
        self.berth("tests")

    def test_exit_codes(self):
        self.write("good.test.yaml", "catalog: catalog\n" + self.GOOD)
        self.write("bad.test.yaml", "catalog: catalog\n" + self.BAD)
        self.write("broken.test.yaml", "cases: [\n")
        for paths, code, says in [
            (["good.test.yaml"], 0, "1 passed, 0 failed in 1 file\n"),
            (["good.test.yaml", "bad.test.yaml"], 1, "1 passed, 1 failed in 2 files\n"),
            (["bad.test.yaml", "broken.test.yaml"], 3, "0 passed, 1 failed in 1 file; 1 file was not run\n"),
            (["good.test.yaml", "nowhere"], 3, "1 passed, 0 failed in 1 file\n"),
        ]:
            with self.subTest(paths=paths):
                self.assertTrue(self.berth(*paths, code=code).out.endswith(says))
                self.berth(*paths, "-o", "json", code=code)

    def test_usage(self):
        for arguments, says in [([], "`PATH` is missing"), (["a", "--fail-under", "101"], "no percentage"),
                                (["a", "--fail-under", "-1"], "needs a value"), (["a", "--fail-under", "x"], "no percentage"),
                                (["a", "--fail-under", ""], "no percentage"), (["a", "-o", "junit"], "is none of text,json"),
                                (["a", "--verbos"], "did you mean"), (["-", "--catalog", "-"], "only one of")]:
            with self.subTest(arguments=arguments):
                self.assertIn(says, self.berth(*arguments, code=2).err)

    def test_no_test_is_an_error_that_says_what_was_looked_for(self):
        self.assertRegex(self.berth("catalog", code=3).err, r"`catalog` holds no tests: looked for files named "
                         r"`\*\.test\.yaml`, `\*\.test\.yml` or `\*\.test\.json`")
        self.write("a.test.yaml", "catalog: catalog\n" + self.GOOD)
        self.assertIn("no case has `zzz` in its name", self.berth("a.test.yaml", "--run", "zzz", code=3).err)

    def test_cases_are_chosen_by_name(self):
        self.write("a.test.yaml", "catalog: catalog\n" + self.GOOD)
        self.write("b.test.yaml", "catalog: catalog\n" + self.BAD)
        self.assertIn("1 passed, 0 failed in 2 files", self.berth(".", "--run", "oo").out)
        self.assertIn("1 passed, 1 failed in 2 files", self.berth(".", "--run", "", code=1).out)

    def test_standard_input(self):
        self.berth("-", "--catalog", "catalog", stdin=self.GOOD.encode())
        self.berth("-", "-", "--catalog", "catalog", stdin=self.GOOD.encode())
        self.write("a.test.yaml", self.GOOD)
        self.write("deep/a.test.yaml", self.GOOD)
        self.berth(".", "--catalog", "-", stdin=CATALOG.encode())
        done = self.berth("-", "--catalog", "catalog", code=1, stdin=self.BAD.encode())
        self.assertTrue(done.out.startswith("<stdin>:1:9: FAILED bad\n"))

    def test_findings_of_a_catalog_do_not_keep_tests_from_running(self):
        self.write("catalog/z.yaml", "kind: Zone\nzone: y\ndefault: {}\n")
        self.write("a.test.yaml", "catalog: catalog\n" + self.GOOD)
        self.assertRegex(self.berth("a.test.yaml").err, r"catalog/z\.yaml:3:1: error: unknown field")
        self.assertEqual(self.berth("a.test.yaml", "--quiet").err, "")

    def test_the_same_input_gives_the_same_bytes(self):
        self.write("a.test.yaml", "catalog: catalog\n" + self.BAD)
        for arguments in (["--coverage"], ["--coverage", "-o", "json"], ["-v"]):
            first = self.berth(".", *arguments, code=1)
            second = self.berth(".", *arguments, code=1)
            self.assertEqual((first.stdout, first.stderr), (second.stdout, second.stderr))

    def test_an_unknown_organization_is_noted(self):
        self.cases(("{organization_id: defualt}", "{verdict: ADMITTED}"))
        self.assertIn("is carried by no object of the catalog, did you mean `default`?",
                      self.berth("policy.test.yaml", code=1).out)


LONG = b"n" * (1 << 20)
CASE = b"cases: [{name: n, request: {}, want: {verdict: ADMITTED}}]\n"

# Text of a file, and what must be said of it.
BAD_FILES = {
    "empty": (b"", r"a\.test\.yaml: error: the file holds no test"),
    "comments": (b"# nothing\n", r"the file holds no test"),
    "no cases": (b"catalog: c\n", r"1:1: error: the file holds no test: `cases` is missing"),
    "cases without a case": (b"cases: []\n", r"1:8: error: the file holds no test: `cases` is empty"),
    "cases of nothing": (b"cases:\n", r"`cases` is missing"),
    "cases of another type": (b"cases: {a: b}\n", r"1:8: error: expected a list, found a mapping"),
    "case of another type": (b"cases: [1]\n", r"1:9: error: expected a mapping \(test case\)"),
    "list": (b"[]\n", r"1:1: error: expected a mapping \(policy test\), found a list"),
    "two documents": (CASE + b"---\n" + CASE, r"3:1: error: expected one document"),
    "syntax": (b"cases: [\n", r"error: .*\[B102 syntax\]"),
    "binary": (bytes(range(256)), r"error: "),
    "NUL": (b"cases: [{name: a\0b}]\n", r"1:17: error: .*U\+0000"),
    "escaped NUL": (b'cases: [{name: "a\\0b"}]\n', r"1:16: error: the text holds a control character"),
    "deep": (b"cases: " + b"[" * 100000, r"error: .*\[B10[23] "),
    "long name": (b"cases: [{name: " + LONG + b"}]\n", r"1:16: error: the value has 1048576 bytes"),
    "long key": (b"cases: [{" + LONG + b": 1}]\n", r"1:10: error: the key is longer"),
    "too many cases": (b"cases:\n" + b"- {}\n" * 10001, r"10001 entries are above the limit of 10000"),
    "unknown field": (b"case: []\n" + CASE, r"1:1: error: unknown field `case` in policy test"),
    "duplicate key": (CASE + CASE, r"2:1: error: key `cases` is already set"),
    "both spellings": (b"cases: [{name: n, request_file: a, requestFile: b, want: {}}]\n", r"is given twice"),
    "anchor": (b"cases: [{name: &a n}]\n", r"\[B110 yaml-feature\]"),
    "empty name": (b"cases: [{name: '', request: {}, want: {verdict: ADMITTED}}]\n", r"the value is empty"),
    "no name": (b"cases: [{request: {}, want: {verdict: ADMITTED}}]\n", r"1:9: error: a test case needs a `name`"),
    "no request": (b"cases: [{name: n, want: {verdict: ADMITTED}}]\n", r"a test case needs a `request`"),
    "no want": (b"cases: [{name: n, request: {}}]\n", r"a test case needs `want`"),
    "empty want": (b"cases: [{name: n, request: {}, want: {}}]\n", r"the case wants nothing"),
    "two requests": (b"cases: [{name: n, request: {}, request_file: a, want: {verdict: ADMITTED}}]\n",
                     r"1:46: error: `request` and `request_file` exclude each other"),
    "missing request file": (b"cases: [{name: n, request_file: a, want: {verdict: ADMITTED}}]\n",
                             r"1:33: error: `a`: no such file"),
    "folder as request file": (b"cases: [{name: n, request_file: catalog, want: {verdict: ADMITTED}}]\n",
                               r"1:33: error: `catalog`: is a folder"),
    "many requests in a file": (b"cases: [{name: n, request_file: catalog/c.yaml, want: {verdict: ADMITTED}}]\n",
                                r"1:33: error: `catalog/c\.yaml` holds 5 requests"),
    "broken request file": (b"cases: [{name: n, request_file: broken.yaml, want: {verdict: ADMITTED}}]\n",
                            r"broken\.yaml:\d+:\d+: error: .*\[B102 syntax\]"),
    "unknown verdict": (b"cases: [{name: n, request: {}, want: {verdict: admitted}}]\n", r"did you mean `ADMITTED`\?"),
    "unknown code": (b"cases: [{name: n, request: {}, want: {code: PROFILE_MISMATCH}}]\n", r"expected one of `CWSANDBOX_"),
    "unknown reason": (b"cases: [{name: n, request: {}, want: {headlines: [LIMIT_REQUIRED]}}]\n",
                       r"1:51: error: `LIMIT_REQUIRED` is no code of a reason .*\n.*\n.*\n  help: did you mean `LIMITS_REQUIRED`\?"),
    "reason twice": (b"cases: [{name: n, request: {}, want: {reasons: [NO_RUNNERS, NO_RUNNERS]}}]\n",
                     r"1:61: error: `NO_RUNNERS` stands in the list already"),
    "reasons of another type": (b"cases: [{name: n, request: {}, want: {reasons: NO_RUNNERS}}]\n", r"expected a list"),
    "empty placement": (b"cases: [{name: n, request: {}, want: {placement: {}}}]\n", r"`placement` compares nothing"),
    "fields of another type": (b"cases: [{name: n, request: {}, want: {fields: [a]}}]\n", r"expected a mapping of paths"),
    "unknown path": (b"cases: [{name: n, request: {}, want: {fields: {network.egres: 1}}}]\n",
                     r"1:48: error: `network\.egres` names no field of a spec .*\n.*\n.*\n  help: did you mean `/network/egress`\?"),
    "binding without fields": (b"cases: [{name: n, request: {}, want: {binding: a/b, verdict: ADMITTED}}]\n",
                               r"1:48: error: `binding` says whose `fields`"),
    "binding without profile": (b"cases: [{name: n, request: {}, want: {binding: a, fields: {tags: null}}}]\n",
                                r"expected `RUNNER/PROFILE`, found `a`"),
    "unknown state": (b"cases: [{name: n, request: {}, live: {r: {installed: READY}}, want: {verdict: ADMITTED}}]\n",
                      r"unknown field `installed` in runner's state"),
    "state of another type": (b"cases: [{name: n, request: {}, live: {r: null}, want: {verdict: ADMITTED}}]\n",
                              r"expected a value, found null"),
    "remedies": (b"cases: [{name: n, request: {}, want: {remedies: [WAIT]}}]\n", r"unknown field `remedies`"),
}


class BadFiles(Commands):
    def test_each_is_refused_with_its_place(self):
        self.write("broken.yaml", "a: [\n")
        self.write("good.test.yaml", CASE)
        for name, (text, says) in BAD_FILES.items():
            with self.subTest(name):
                self.write("a.test.yaml", text)
                done = self.berth("a.test.yaml", "good.test.yaml", "--catalog", "catalog", code=3)
                self.assertRegex(done.err, says)
                self.assertEqual(done.out, "1 passed, 0 failed in 1 file; 1 file was not run\n")

    def test_two_cases_of_one_name(self):
        self.cases(("{}", "{verdict: ADMITTED}"))
        text = (self.folder / "policy.test.yaml").read_text()
        self.write("policy.test.yaml", text + text.split("cases:\n")[1])
        self.assertRegex(self.berth("policy.test.yaml", code=3).err,
                         r"6:9: error: the case of line 3 is called `case 0` too \[B209 duplicate-item\]")

    def test_long_texts_are_cut(self):
        long = "n" * 200000
        self.write("a.test.yaml", f"catalog: catalog\ncases: [{{name: {long}, request: {{user_id: {long}}}, want: "
                   f"{{placement: {{runner_id: {long}}}, fields: {{tags: [{long}]}}}}}}]\n")
        self.berth("a.test.yaml", code=1)
        case = self.document("a.test.yaml", code=1)["cases"][0]
        self.assertEqual(case["name"], long)


class CoverageOfCatalogs(Commands):
    def missing(self, *cases, catalog=COVERED):
        """What no case exercises, as (kind, name) -> sources; the cases are expected to pass."""
        lines = [f"catalog: {catalog}", "cases:"]
        for i, (request, want) in enumerate(cases):
            lines += [f"- name: case {i}", f"  request: {request}", f"  want: {want}"]
        self.write("policy.test.yaml", "\n".join(lines) + "\n")
        document = self.document("policy.test.yaml", "--coverage", "--quiet")
        (found,) = document["coverage"]["catalogs"]
        return {
            "bindings": {f"{m['runner_id']}/{m['profile_name']}" for m in found["bindings"]["missing"]},
            "egress_modes": {f"{m['runner_id']}/{m['profile_name']} {m['name']}" for m in found["egress_modes"]["missing"]},
            "ingress_levels": {f"{m['runner_id']}/{m['profile_name']} {m['name']}" for m in found["ingress_levels"]["missing"]},
            "guardrails": [(m["field"], m["layer"], m["source"]) for m in found["guardrails"]["missing"]],
        }

    def test_nothing_is_exercised_by_an_invalid_request(self):
        missing = self.missing(("{profile: p}", "{verdict: INVALID}"))
        self.assertEqual(missing["bindings"], {"r1/agent", "r1/gpu", "r1/broken", "r2/agent", "r2/plain"})
        self.assertEqual(missing["egress_modes"], {"r1/agent closed", "r1/agent open", "r1/gpu closed", "r2/agent closed",
                                                   "r2/agent open"})
        self.assertEqual(missing["ingress_levels"], {f"{binding} {level}" for binding in ("r1/agent", "r2/agent")
                                                     for level in ("public", "short")})
        lines = COVERED.read_text().splitlines()
        for field, layer, source in missing["guardrails"]:
            self.assertIn(layer, ("zone", "profile", "binding", "runner", "organization"))
            line = int(re.fullmatch(r"covered\.yaml:(\d+):\d+", source)[1])
            word = {"network.egress": "modes:", "network.ingress": "controllerName:",
                    "network.ingress.public.ingress.template": "template:"}.get(field, field.split(".")[-1] + '":'
                    if layer == "binding" else field.split(".")[-1] + ":")
            self.assertIn(word, lines[line - 1], (field, source))
        # Templates whose longest host name is still one, and settings that allow everything, can say no to nobody.
        fields = [field for field, _, _ in missing["guardrails"]]
        self.assertNotIn("network.ingress.short.ingress.template", fields)
        self.assertEqual(fields.count("capabilities.supports_privileged"), 1)
        self.assertEqual(fields.count("capabilities.max_cpu_millicores"), 1)

    def test_a_placement_exercises_its_binding_and_what_was_chosen_by_name(self):
        case = ("{user_id: u, runner_ids: [r2], profile_names: [agent]", "{placement: {runner_id: r2}}")
        for network, egress, ingress in [
            ("", set(), set()),
            (", network: {egress_mode: closed}", {"r2/agent closed"}, set()),
            (", network: {egress_mode: open, ingress_mode: short, exposed_ports: [80]}", {"r2/agent open"}, {"r2/agent short"}),
        ]:
            with self.subTest(network=network):
                everything = self.missing(("{profile: p}", "{verdict: INVALID}"))
                missing = self.missing((case[0] + network + "}", case[1]))
                self.assertEqual(everything["bindings"] - missing["bindings"], {"r2/agent"})
                self.assertEqual(everything["egress_modes"] - missing["egress_modes"], egress)
                self.assertEqual(everything["ingress_levels"] - missing["ingress_levels"], ingress)
                self.assertEqual(everything["guardrails"], missing["guardrails"])

    def test_a_rejection_exercises_examples_and_compared_bindings_but_no_modes(self):
        everything = self.missing(("{profile: p}", "{verdict: INVALID}"))
        rejected = "{user_id: u, profile_names: [agent, gpu], network: {egress_mode: open}, privileged: true, runner_ids: [r1]}"
        missing = self.missing((rejected, "{reasons: [PRIVILEGED_UNSUPPORTED, EGRESS_MODE_NOT_OFFERED]}"))
        self.assertEqual(everything["bindings"] - missing["bindings"], {"r1/agent", "r1/gpu"})
        self.assertEqual(everything["egress_modes"], missing["egress_modes"])
        missing = self.missing(("{runner_ids: [r9]}", "{binding: r2/plain, fields: {tags: null}}"))
        self.assertEqual(everything["bindings"] - missing["bindings"], {"r2/plain"})

    def test_each_guardrail_is_exercised_by_the_launch_that_it_keeps_out(self):
        everything = self.missing(("{profile: p}", "{verdict: INVALID}"))["guardrails"]
        left = set(everything)
        agent, gpu = "user_id: u, profile_names: [agent]", "profile_names: [gpu]"
        template = "sandbox_id: " + "s" * 63 + ", network: {ingress_mode: public, exposed_ports: [80]}"
        # A launch that is rejected, and how many guardrails of which field it exercises: over all candidates.
        for request, exercised in [
            (f"{{{agent}, resource_limits: {{cpu: 5}}}}", {"resource_defaults.cpuLimit": 1}),
            (f"{{{gpu}, resource_limits: {{cpu: 9}}}}", {"resource_defaults.cpuLimit": 1}),
            (f"{{{agent}, resource_limits: {{memory: 9Gi}}}}", {"resource_defaults.memoryLimit": 1}),
            (f"{{{agent}, resource_requests: {{memory: 9Gi}}}}", {"resource_defaults.memoryLimit": 1}),
            ("{profile_names: [agent]}", {"namespace.strategy": 1}),
            (f"{{{agent}, network: {{egress_mode: other}}}}", {"network.egress": 1}),
            (f"{{{gpu}, network: {{egress_mode: other}}}}", {"network.egress": 1}),
            (f"{{{agent}, network: {{ingress_mode: other, exposed_ports: [80]}}}}", {"network.ingress": 1}),
            (f"{{{agent}, {template}}}", {"network.ingress.public.ingress.template": 1}),
            (f"{{{gpu}, resource_requests: {{gpu: {{count: 1, type: l40s}}}}}}", {"instance_types": 1}),
            (f"{{{agent}, runner_ids: [r1], resource_requests: {{gpu: {{count: 1, type: a100}}}}}}",
             {"capabilities.supported_gpu_types": 1}),
            (f"{{{agent}, runner_ids: [r2], resource_requests: {{gpu: {{count: 1, type: h100}}}}}}",
             {"capabilities.supported_gpu_types": 1}),
            (f"{{{agent}, runner_ids: [r1], resource_requests: {{gpu: {{count: 3}}}}}}", {"capabilities.max_gpu_count": 1}),
            (f"{{{agent}, architecture: riscv64}}", {"capabilities.supported_architectures": 2}),
            (f"{{{agent}, runner_ids: [r1], privileged: true}}", {"capabilities.supports_privileged": 1}),
            (f"{{{agent}, runner_ids: [r1], storage_classes: [slow]}}", {"capabilities.available_storage_classes": 1}),
            (f"{{{agent}, runner_ids: [r1], resource_limits: {{cpu: 17}}}}",
             {"resource_defaults.cpuLimit": 1, "capabilities.max_cpu_millicores": 1}),
            (f"{{{agent}, runner_ids: [r1], resource_limits: {{memory: 17Gi}}}}",
             {"resource_defaults.memoryLimit": 1, "capabilities.max_memory_bytes": 1}),
            ("{profile_names: [plain]}", {"managed_spec.enforce_resource_limits": 1}),
            (f"{{{agent}, resource_limits: {{cpu: 33}}, runner_ids: [r2]}}",
             {"resource_defaults.cpuLimit": 1, "quota.cpu": 1}),
            (f"{{{agent}, resource_limits: {{memory: 65Gi}}, runner_ids: [r2]}}",
             {"resource_defaults.memoryLimit": 1, "quota.memory": 1}),
            (f"{{{agent}, runner_ids: [r1], resource_requests: {{gpu: {{count: 5}}}}}}",
             {"capabilities.max_gpu_count": 1, "quota.gpu": 1}),
            (f"{{{agent}, container_image: 'ubuntu:24.04'}}", {"allowed_images": 1}),
        ]:
            with self.subTest(request=request):
                missing = self.missing((request, "{verdict: REJECTED}"))["guardrails"]
                hit = [guardrail for guardrail in everything if guardrail not in missing]
                self.assertEqual({field: [g[0] for g in hit].count(field) for field, _, _ in hit}, exercised)
                left -= set(hit)
        self.assertEqual(left, set())

    def test_percentages_and_the_bar(self):
        self.cases(("{}", "{verdict: ADMITTED}"))
        document = self.document("policy.test.yaml", "--coverage")
        percent = document["coverage"]["percent"]
        self.assertEqual(percent, document["coverage"]["exercised"] * 100 // document["coverage"]["total"])
        self.assertLess(percent, 99)
        self.berth("policy.test.yaml", "--fail-under", "0")
        self.berth("policy.test.yaml", "--fail-under", str(percent))
        done = self.berth("policy.test.yaml", "--fail-under", str(percent + 1), code=1)
        self.assertIn(f"the coverage of {percent}% is below the wanted {percent + 1}%", done.err)
        self.assertIn("coverage of catalog\n", done.out)
        self.assertEqual(self.document("policy.test.yaml", "--fail-under", "100", code=1)["coverage"], document["coverage"])

    def test_catalogs_are_counted_once_each(self):
        self.write("a/x.test.yaml", "catalog: ../catalog\n" + CASE.decode())
        self.write("b/c/x.test.yaml", "catalog: ../../catalog/\n" + CASE.decode())
        self.write("other/c.yaml", CATALOG)
        self.write("other/x.test.yaml", CASE.decode())
        coverage = self.document(".", "--coverage")["coverage"]
        self.assertEqual([entry["catalog"] for entry in coverage["catalogs"]], ["catalog", "other"])
        for key in ("exercised", "total"):
            self.assertEqual(coverage[key], sum(entry[key] for entry in coverage["catalogs"]))


if __name__ == "__main__":
    unittest.main()
