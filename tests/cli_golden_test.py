"""What `berth` prints, compared byte for byte, and what it does with input that no one should give it.

Each golden file holds one command with its exit code, standard output and standard error. After a wanted change:

    BERTH_UPDATE_CASES=1 BERTH_BINARY=build/release/berth python3 tests/cli_golden_test.py

writes them anew; read the difference before it is committed.
"""

import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
BINARY = os.environ.get("BERTH_BINARY", str(ROOT / "build" / "release" / "berth"))
UPDATE = os.environ.get("BERTH_UPDATE_CASES") == "1"

CATALOG = ["--catalog", "examples/catalog"]
ACME = CATALOG + ["--organization", "acme"]
INPUT = "tests/golden/input"
LAYERED = ["explain", "--quiet", "--catalog", f"{INPUT}/layers.yaml", "--runner", "r1"]


def run(arguments, stdin=b"", cwd=ROOT, environment=None):
    clean = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            clean[name] = os.environ[name]
    clean.update(environment or {})
    return subprocess.run([BINARY, *arguments], input=stdin, capture_output=True, cwd=cwd, env=clean, timeout=120)


def golden_cases():
    """Name of the golden file -> arguments."""
    cases = {
        "help": ["--help"],
        "lint-catalog": ["lint", "examples/catalog"],
        "lint-catalog-json": ["lint", "examples/catalog", "--format", "json"],
        "lint-mistakes": ["lint", f"{INPUT}/mistakes.yaml"],
        "lint-mistakes-json": ["lint", f"{INPUT}/mistakes.yaml", "-o", "json"],
        "lint-mistakes-selected": ["lint", f"{INPUT}/mistakes.yaml", "--select", "unknown-field,B201"],
        "lint-unicode": ["lint", f"{INPUT}/unicode.yaml"],
        "lint-color": ["lint", f"{INPUT}/unicode.yaml", "--color", "always"],
        "lint-broken-catalog": ["lint", f"{INPUT}/broken-catalog.yaml"],
        "lint-requests": ["lint", "examples/catalog", "examples/requests"],
        "admit-broken-catalog": ["admit", "--catalog", f"{INPUT}/broken-catalog.yaml", "--request",
                                 f"{INPUT}/plain-launch.json"],
        "admit-many": ["admit", *CATALOG, "--requests", f"{INPUT}/launches.jsonl"],
        "admit-many-text": ["admit", *CATALOG, "--requests", f"{INPUT}/launches.jsonl", "-o", "text"],
        "admit-color": ["admit", *CATALOG, "--request", "examples/requests/profile-mismatch.yaml", "--color", "always"],
        "resolve": ["resolve", *ACME, "--runner", "us-east-cpu-1"],
        "resolve-json": ["resolve", *ACME, "--runner", "us-east-cpu-1", "-o", "json"],
        "resolve-yaml": ["resolve", *ACME, "--runner", "us-east-cpu-1", "-o", "yaml", "--profile", "web", "--request",
                         "examples/requests/public-web-service.yaml"],
        "resolve-effective": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--profile", "web", "--effective",
                              "--request", "examples/requests/public-web-service.yaml"],
        "resolve-lists": ["resolve", *ACME, "--runner", "us-east-gpu-1"],
        "resolve-pod": ["resolve", *ACME, "--runner", "us-east-sunk-1", "--request",
                        "examples/requests/nightly-batch.yaml"],
        "resolve-mode-not-offered": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--profile", "ci", "--request",
                                     "examples/requests/egress-not-offered.yaml"],
        "resolve-without-user": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--request",
                                 "examples/requests/no-user.yaml"],
        "resolve-without-user-json": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--request",
                                      "examples/requests/no-user.yaml", "-o", "json"],
        "resolve-invalid-profile": ["resolve", "--catalog", f"{INPUT}/broken-catalog.yaml", "--runner", "r1",
                                    "--profile", "public"],
        "explain-invalid-profile": ["explain", "--catalog", f"{INPUT}/broken-catalog.yaml", "--runner", "r1",
                                    "--profile", "public"],
        "resolve-refused-runner": ["resolve", "--catalog", f"{INPUT}/broken-catalog.yaml", "--runner", "two-defaults"],
        "resolve-manifests": ["resolve", *ACME, "--runner", "us-east-cpu-1", "-o", "pod"],
        "resolve-manifests-web": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--profile", "web", "--request",
                                  "examples/requests/public-web-service.yaml", "-o", "pod"],
        "resolve-manifests-gpu": ["resolve", *ACME, "--runner", "us-east-gpu-1", "--request",
                                  "examples/requests/gpu-notebook.yaml", "-o", "pod"],
        "resolve-manifests-allowlist": ["resolve", *ACME, "--runner", "eu-west-cpu-1", "--profile", "etl", "-o", "pod"],
        "resolve-manifests-peers": ["resolve", *ACME, "--runner", "us-east-sunk-1", "--request",
                                    "examples/requests/nightly-batch.yaml", "-o", "pod"],
        "resolve-manifests-effective": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--profile", "web", "--effective",
                                        "--request", "examples/requests/public-web-service.yaml", "--output", "pod"],
        "resolve-manifests-notes": ["resolve", "--catalog", f"{INPUT}/manifests.yaml", "--runner", "r", "--request",
                                    f"{INPUT}/notebook.yaml", "-o", "pod"],
        "resolve-manifests-color": ["resolve", "--catalog", f"{INPUT}/manifests.yaml", "--runner", "r", "-o", "pod",
                                    "--color", "always"],
        "resolve-manifests-mode-not-offered": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--profile", "ci",
                                               "--request", "examples/requests/egress-not-offered.yaml", "-o", "pod"],
        "resolve-manifests-level-not-offered": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--profile", "agent",
                                                "--request", "examples/requests/public-web-service.yaml", "-o", "pod"],
        "resolve-manifests-invalid-request": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--request",
                                              "examples/requests/invalid-request.yaml", "-o", "pod"],
        "resolve-manifests-without-user": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--request",
                                           "examples/requests/no-user.yaml", "-o", "pod"],
        "resolve-manifests-invalid-profile": ["resolve", "--catalog", f"{INPUT}/broken-catalog.yaml", "--runner", "r1",
                                              "--profile", "public", "-o", "pod"],
        "resolve-manifests-unknown-profile": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--profile", "agnet", "-o",
                                              "pod"],
        "usage-explain-manifests": ["explain", *ACME, "--runner", "us-east-cpu-1", "-o", "pod"],
        "resolve-other-organization": ["resolve", *CATALOG, "--runner", "us-east-cpu-1"],
        "resolve-unknown-runner": ["resolve", *ACME, "--runner", "us-east-cpu-7"],
        "resolve-unknown-profile": ["resolve", *ACME, "--runner", "us-east-cpu-1", "--profile", "agnet"],
        "resolve-unknown-organization": ["resolve", *CATALOG, "--organization", "acmee", "--runner", "us-east-cpu-1"],
        "explain": ["explain", *ACME, "--runner", "us-east-cpu-1"],
        "explain-json": ["explain", *ACME, "--runner", "us-east-cpu-1", "-o", "json"],
        "explain-request": ["explain", *ACME, "--runner", "us-east-gpu-1", "--request",
                            "examples/requests/gpu-notebook.yaml"],
        "explain-path": ["explain", *ACME, "--runner", "us-east-cpu-1", "--path", "resource_defaults"],
        "explain-leaf": ["explain", *ACME, "--runner", "us-east-gpu-1", "--path", "/pod/spec/tolerations"],
        "explain-opened": ["explain", *ACME, "--runner", "us-east-cpu-1", "--path", "node_selector"],
        "explain-chosen": ["explain", *ACME, "--runner", "us-east-cpu-1", "--path", "network.egress"],
        "explain-all-layers": ["explain", *ACME, "--runner", "us-east-cpu-1", "--profile", "web", "--all-layers",
                               "--request", "examples/requests/public-web-service.yaml"],
        "explain-all-layers-of-nothing": ["explain", *ACME, "--runner", "us-east-cpu-1", "--all-layers", "--path",
                                          "instanceTypes"],
        "explain-html": ["explain", *ACME, "--runner", "us-east-cpu-1", "--path", "resource_defaults", "--html", "-"],
        "explain-layered": LAYERED,
        "explain-layered-json": [*LAYERED, "-o", "json"],
        "explain-layered-html": [*LAYERED, "--html", "-"],
        "explain-layered-all": [*LAYERED, "--all-layers"],
        "explain-layered-color": [*LAYERED, "--color", "always", "--path", "container_image"],
        "explain-reserved": [*LAYERED, "--path", "/pod/metadata/labels/sandbox-id", "--all-layers"],
        "explain-reserved-json": [*LAYERED, "--path", "/pod/metadata/labels/sandbox-id", "-o", "json"],
        "explain-effective": ["explain", *ACME, "--runner", "us-east-gpu-1", "--effective", "--path", "runtime_class",
                              "--request", "examples/requests/gpu-notebook.yaml"],
        "explain-fold-image": ["explain", *ACME, "--runner", "us-east-cpu-1", "--path", "/pod/spec/containers/0/image"],
        "explain-fold-selector": ["explain", *ACME, "--runner", "us-east-cpu-1", "--path",
                                  "pod.spec.nodeSelector.node-pool"],
        "explain-fold-types": ["explain", *ACME, "--runner", "us-east-gpu-1", "--path", "pod.placement.instanceTypes"],
        "explain-fold-below": [*LAYERED, "--path", "/pod/spec/containers/0/resources"],
        "explain-fold-gpus": [*LAYERED, "--path", "/pod/spec/containers/0/resources/limits/nvidia.com~1gpu"],
        "explain-pod-unknown": ["explain", *ACME, "--runner", "us-east-cpu-1", "--path", "pod.spec.toleration"],
        "explain-pod-unknown-member": [*LAYERED, "--path", "pod.spec.containers.0.envv"],
        "explain-pod-bracket": [*LAYERED, "--path", "pod.spec.containers[0]"],
        "explain-pod-element": [*LAYERED, "--path", "/pod/spec/containers/log", "--all-layers"],
        "explain-opened-in-part": [*LAYERED, "--path", "pod.spec"],
        "explain-egress-type": ["explain", *ACME, "--runner", "us-east-cpu-1", "--profile", "web", "--path",
                                "network.egress.modes"],
        "explain-egress-leaf": ["explain", *ACME, "--runner", "us-east-cpu-1", "--profile", "web", "--path",
                                "/network/egress/modes/internet/type"],
        "explain-emptied": ["explain", "--catalog", f"{INPUT}/emptied.yaml", "--runner", "r1", "--path", "pod.spec"],
        "explain-emptied-html": ["explain", "--catalog", f"{INPUT}/emptied.yaml", "--runner", "r1", "--path",
                                 "pod.spec", "--html", "-"],
        "usage-html-without-name": ["explain", *ACME, "--runner", "us-east-cpu-1", "--html", ""],
        "usage-html-and-json": ["explain", *ACME, "--runner", "us-east-cpu-1", "--html", "-", "-o", "json"],
        "explain-unknown-path": ["explain", *ACME, "--runner", "us-east-cpu-1", "--path", "/network/egres"],
        "profiles": ["profiles", *ACME],
        "profiles-json": ["profiles", *ACME, "-o", "json"],
        "profiles-filtered": ["profiles", *ACME, "--gpu-type", "H100", "--egress-mode", "internet"],
        "profiles-fits": ["profiles", *CATALOG, "--fits", "examples/requests/gpu-notebook.yaml"],
        "profiles-fits-invalid": ["profiles", *CATALOG, "--fits", "examples/requests/invalid-request.yaml"],
        "profiles-other-organization": ["profiles", *CATALOG, "--gpu-type", "h100"],
        "runners": ["runners", *ACME],
        "runners-json": ["runners", *ACME, "-o", "json"],
        "runners-resources": ["runners", *ACME, "--include-resources", "--healthy-only", "--exclude-shared",
                              "--min-cpu", "40", "--min-memory", "400Gi"],
        "runners-resources-json": ["runners", *ACME, "--include-resources", "--min-gpu", "1", "-o", "json"],
        "runners-none": ["runners", *ACME, "--group", "nowhere"],
        "usage-no-command": [],
        "usage-unknown-command": ["admitt"],
        "usage-unknown-flag": ["lint", "--strit", "examples/catalog"],
        "usage-missing-flag": ["admit", "--request", "examples/requests/agent.yaml"],
        "usage-unknown-word": ["admit", *CATALOG, "--request", "examples/requests/agent.yaml", "-o", "xml"],
        "usage-quantity": ["runners", *ACME, "--min-memory", "64GB"],
        "usage-unknown-code": ["lint", "examples/catalog", "--ignore", "unknown-feild"],
        "usage-repeated-flag": ["lint", "a", "-o", "json", "--output", "text"],
        "usage-missing-value": ["resolve", *CATALOG, "--runner"],
        "usage-flag-before-command": ["--catalog", "examples/catalog", "admit"],
        "usage-unknown-flag-before-missing-path": ["lint", "--bogus"],
        "usage-missing-path": ["lint", "--strict"],
        "usage-value-of-flag": ["lint", "--strict=yes", "a"],
        "usage-two-inputs": ["admit", "--catalog", "-", "--request", "-"],
        "explain-unset-path": ["explain", *ACME, "--runner", "us-east-cpu-1", "--path", "instanceTypes"],
        "lint-collisions": ["lint", f"{INPUT}/collisions.yaml"],
        "admit-unknown-organization": ["admit", *CATALOG, "--request", f"{INPUT}/unknown-organization.yaml"],
        "admit-why-not": ["admit", *CATALOG, "--request", "examples/requests/too-much-memory.yaml", "--why-not",
                          "us-east-gpu-1"],
        "admit-why-not-json": ["admit", *CATALOG, "--request", "examples/requests/too-much-memory.yaml", "--why-not",
                               "us-east-gpu-1/gpu", "-o", "json"],
        "admit-why-not-left-out": ["admit", *CATALOG, "--request", "examples/requests/gpus-all-busy.yaml",
                                   "--why-not", "us-east-cpu-1"],
        "admit-why-not-alternative": ["admit", *CATALOG, "--request", "examples/requests/agent.yaml", "--why-not",
                                      "us-east-cpu-2/agent"],
        "admit-why-not-invalid": ["admit", *CATALOG, "--request", "examples/requests/invalid-request.yaml",
                                  "--why-not", "us-east-cpu-2"],
        "admit-why-not-unknown-runner": ["admit", *CATALOG, "--request", "examples/requests/agent.yaml", "--why-not",
                                         "us-eastcpu-1/web"],
        "admit-why-not-unknown-profile": ["admit", *CATALOG, "--request", "examples/requests/agent.yaml", "--why-not",
                                          "us-east-cpu-1/wep"],
        "admit-html-rejected": ["admit", *CATALOG, "--request", "examples/requests/gpus-all-busy.yaml", "--html", "-"],
        "admit-html-admitted": ["admit", *CATALOG, "--request", "examples/requests/agent.yaml", "--html", "-"],
        "usage-admit-html-and-json": ["admit", *CATALOG, "--request", "a", "--html", "-", "-o", "json"],
        "usage-admit-html-and-why-not": ["admit", *CATALOG, "--request", "a", "--html", "-", "--why-not", "r"],
        "usage-admit-html-of-many": ["admit", *CATALOG, "--requests", "a", "--html", "-"],
        "admit-quiet": ["admit", "--catalog", f"{INPUT}/broken-catalog.yaml", "--quiet", "--request",
                        f"{INPUT}/plain-launch.json"],
        "test": ["test", "examples/catalog", "--verbose"],
        "test-json": ["test", "examples/catalog", "--run", "GPUs", "--verbose", "-o", "json"],
        "test-failing": ["test", f"{INPUT}/failing.test.yaml"],
        "test-failing-json": ["test", f"{INPUT}/failing.test.yaml", "--quiet", "-o", "json"],
        "test-color": ["test", f"{INPUT}/failing.test.yaml", "--run", "misspelled", "--verbose", "--color", "always"],
        "test-broken": ["test", f"{INPUT}/broken.test.yaml", "examples/catalog"],
        "test-coverage": ["test", f"{INPUT}/coverage.test.yaml", "--fail-under", "90"],
        "test-coverage-json": ["test", f"{INPUT}/coverage.test.yaml", "--catalog", f"{INPUT}/covered.yaml", "--quiet",
                               "--fail-under", "90", "-o", "json"],
        "test-none": ["test", "examples/requests"],
        "test-other-catalog": ["test", f"{INPUT}/failing.test.yaml", "--catalog", f"{INPUT}/nowhere", "--run", "passes"],
        "usage-fail-under": ["test", "examples/catalog", "--fail-under", "101"],
        "usage-two-requests": ["admit", *CATALOG, "--request", "a", "--requests", "b"],
    }
    for command in ("lint", "resolve", "explain", "admit", "test", "profiles", "runners"):
        cases[f"help-{command}"] = [command, "--help"]
    for request in sorted((ROOT / "examples" / "requests").glob("*.yaml")):
        arguments = ["admit", *CATALOG, "--request", f"examples/requests/{request.name}"]
        cases[f"admit-{request.stem}"] = arguments
        cases[f"admit-{request.stem}-json"] = arguments + ["--all", "-o", "json"]
    for name in ("profile-mismatch", "agent"):
        cases[f"admit-{name}-all"] = ["admit", *CATALOG, "--all", "--request", f"examples/requests/{name}.yaml"]
    for product in sorted((ROOT / "examples" / "product").iterdir()):
        if product.suffix in (".yaml", ".json"):
            cases[f"lint-product-{product.name}"] = ["lint", f"examples/product/{product.name}"]
    return cases


def transcript(arguments):
    done = run(arguments)
    quoted = " ".join(a if re.fullmatch(r"[\w./,=@-]+", a) else f"'{a}'" for a in ["berth", *arguments])
    return "\n".join([f"$ {quoted}", f"exit {done.returncode}", "--- standard output",
                      done.stdout.decode() + "--- standard error", done.stderr.decode()])


class Golden(unittest.TestCase):
    maxDiff = None

    def test_output_is_as_recorded(self):
        cases = golden_cases()
        for name, arguments in cases.items():
            with self.subTest(name):
                path = GOLDEN / f"{name}.txt"
                actual = transcript(arguments)
                recorded = path.read_text() if path.exists() else ""
                if UPDATE:
                    path.write_text(actual)
                elif actual != recorded:
                    diff = "".join(difflib.unified_diff(recorded.splitlines(True), actual.splitlines(True),
                                                        f"tests/golden/{name}.txt", "now"))
                    self.fail(f"\n{diff}\nif this is wanted: BERTH_UPDATE_CASES=1 BERTH_BINARY={BINARY} "
                              "python3 tests/cli_golden_test.py, and read the difference")

    def test_every_golden_file_is_used(self):
        used = {f"{name}.txt" for name in golden_cases()}
        left = sorted(path.name for path in GOLDEN.glob("*.txt") if path.name not in used)
        if UPDATE:
            for name in left:
                (GOLDEN / name).unlink()
        else:
            self.assertEqual(left, [], "no case prints these: remove them, or name the case that they belong to")

    def test_every_input_is_used(self):
        text = " ".join(" ".join(arguments) for arguments in golden_cases().values())
        left = [path.name for path in (GOLDEN / "input").iterdir() if f"{INPUT}/{path.name}" not in text]
        self.assertEqual(left, [])

    def test_json_output_starts_with_its_schema(self):
        schemas = {"lint": "berth.findings/v1", "admit": "berth.decision/v1", "resolve": "berth.resolved/v1",
                   "explain": "berth.explanation/v1", "test": "berth.test/v1",
                   "profiles": "berth.profiles/v1", "runners": "berth.runners/v1"}
        seen = set()
        for name, arguments in golden_cases().items():
            done = run(arguments)
            if "json" not in arguments or not done.stdout:
                continue
            with self.subTest(name):
                first = next(iter(json.loads(done.stdout).items()))
                wanted = "berth.decision/v1" if "without-user" in name else schemas[arguments[0]]
                self.assertEqual(first, ("schema", wanted))
                seen.add(arguments[0])
        self.assertEqual(seen, set(schemas))

    def test_the_format_never_changes_the_exit_code(self):
        for name, arguments in golden_cases().items():
            if name.endswith("-json") and f"{name[:-5]}" in golden_cases():
                with self.subTest(name):
                    self.assertEqual(run(arguments).returncode, run(golden_cases()[name[:-5]]).returncode)

    def test_printed_yaml_is_a_profile_fragment(self):
        for runner in ("us-east-cpu-1", "us-east-gpu-1", "us-east-sunk-1", "eu-west-cpu-1"):
            with self.subTest(runner):
                printed = run(["resolve", *ACME, "--runner", runner, "-o", "yaml"]).stdout
                done = run(["lint", "-", "--format", "json"], printed)
                self.assertEqual((done.returncode, json.loads(done.stdout)["summary"]["objects"]), (0, 1), done.stdout)

    def test_printed_manifests_are_kubernetes_documents(self):
        seen = set()
        for name, arguments in golden_cases().items():
            done = run(arguments)
            if arguments[-1:] != ["pod"] or done.returncode != 0:
                continue
            with self.subTest(name):
                head, *documents = done.stdout.decode().split("\n---\n")
                self.assertTrue(all(line.startswith("#") for line in head.splitlines()), head)
                for document in documents:
                    lines = [line for line in document.splitlines() if not line.startswith("#")]
                    self.assertRegex("\n".join(lines[:3]), r"^apiVersion: [\w./]+\nkind: \w+\nmetadata:$")
                    seen.add(lines[1].split()[1])
                # Our own reader finds nothing wrong with the YAML; only the kinds are not ours.
                found = json.loads(run(["lint", "-", "--format", "json"], done.stdout).stdout)["findings"]
                self.assertEqual([finding["code"] for finding in found], ["B104"] * len(documents), found)
        self.assertEqual(seen, {"Namespace", "Pod", "NetworkPolicy", "Service", "Ingress"})

    def test_no_name_leaves_its_comment(self):
        # U+2028 and U+0085 end a line for YAML 1.1.
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "c.yaml"
            path.write_text("kind: Zone\nzone: z\n---\nkind: Profile\ndisplay_name: \"p\\u2028kind: Evil\"\nspec: {network: "
                            "{egress: {default: \"m\\u2029kind: Evil\", modes: {\"m\\u2029kind: Evil\": {type: none}}}}}\n"
                            "---\nkind: Runner\nrunner_id: r\nidentity: {zone: z, cluster_name: c}\nprofile_bindings: "
                            "[{profile_template_id: \"p\\u2028kind: Evil\", is_default: true}]\n")
            for output in ("pod", "yaml"):
                done = run(["resolve", "--catalog", str(path), "--runner", "r", "-o", output])
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                for end in ("\u2028", "\u2029", "\u0085"):
                    self.assertNotIn(end, done.stdout.decode())
                self.assertIn("m?kind: Evil", done.stdout.decode())

    def test_colour_is_off_unless_asked_for(self):
        for environment in ({}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color"}):
            self.assertNotIn(b"\x1b", run(["lint", f"{INPUT}/unicode.yaml"], environment=environment).stdout)
        self.assertIn(b"\x1b", run(["lint", f"{INPUT}/unicode.yaml", "--color=always"]).stdout)


ZONE = b"kind: Zone\nzone: z\n"
PROFILE = b"kind: Profile\ndisplay_name: p\nspec: {container_image: 'a:1'}\n"
RUNNER = (b"kind: Runner\nrunner_id: r\nidentity: {zone: z, cluster_name: c}\n"
          b"profile_bindings: [{profile_template_id: p, is_default: true}]\n")
GOOD = b"---\n".join([ZONE, PROFILE, RUNNER])
ALIAS_BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (c, c, *[c - 1] * 9) for c in range(ord("b"), ord("j")))
TWO_DEFAULTS = GOOD.replace(b"is_default: true}]", b"is_default: true}, {profile_template_id: p, profile_name: q, is_default: true}]")

# Text of a file, the exit code of lint, and what lint must say. A text that is not well formed is 3, the rest 1.
BAD_TEXTS = {
    "broken YAML": (b"kind: [Zone\n", 3, r"bad\.yaml:\d+:\d+: error: .*\[B102 syntax\]"),
    "open quote": (b"kind: 'Zone\n", 3, r"bad\.yaml:\d+:\d+: error"),
    "deep nesting": (b"[" * (1 << 20), 3, r"bad\.yaml:1:\d+: error"),
    "deep mappings": (b"{a: " * 100000, 3, r"bad\.yaml:1:\d+: error"),
    "invalid UTF-8": (b"kind: Zone\nzone: \xff\xfe\n", 3, r"bad\.yaml:2:7: error"),
    "UTF-16": ("kind: Zone\n".encode("utf-16"), 3, r"bad\.yaml:1:1: error"),
    "NUL": (b"kind: Zone\nzone: a\0b\n", 3, r"bad\.yaml:2:8: error"),
    "binary": (bytes(range(256)) * 64, 3, r"bad\.yaml:\d+:\d+: error"),
    "tab as indentation": (b"kind: Zone\n\tzone: z\n", 3, r"bad\.yaml:2:\d+: error: a tab cannot indent"),
    "long key": (b"kind: Zone\n" + b"k" * 2000 + b": z\n", 3, r"bad\.yaml:2:1: error: the key is longer than 1024"),
    "empty file": (b"", 3, r"bad\.yaml: error: .*\[B514 no-objects\]"),
    "comments alone": (b"# nothing\n---\n# here\n", 3, r"bad\.yaml: error: .*\[B514 no-objects\]"),
    "alias bomb": (ALIAS_BOMB, 1, r"bad\.yaml:1:4: error: .*\[B110 yaml-feature\]"),
    "anchor": (b"kind: Zone\nzone: &z z\n", 1, r"bad\.yaml:2:7: error: .*\[B110 yaml-feature\]"),
    "duplicate key": (b"kind: Zone\nzone: a\nzone: b\n", 1, r"bad\.yaml:3:1: error: .*\[B106 duplicate-key\]"),
    "scalar": (b"42\n", 1, r"bad\.yaml:1:1: error: .*\[B104 unknown-kind\]"),
    "unknown kind": (b"kind: Zoo\n", 1, r"bad\.yaml:1:7: error: .*\[B104 unknown-kind\]"),
    "unknown field": (b"kind: Zone\nzone: a\ndefault: {}\n", 1, r"bad\.yaml:3:1: error: .*\[B105 unknown-field\]"),
    "wrong type": (b"kind: Zone\nzone: [a]\n", 1, r"bad\.yaml:2:7: error: .*\[B107 wrong-type\]"),
    "bad quantity": (b"kind: Zone\nzone: a\ndefaults: {resource_defaults: {cpuLimit: much}}\n", 1,
                     r"bad\.yaml:3:42: error: .*\[B201 invalid-quantity\]"),
    "two default bindings": (TWO_DEFAULTS, 1, r"bad\.yaml:\d+:\d+: error: .*\[B505 not-one-default\]"),
}


class BadInput(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("good.yaml", GOOD)
        self.write("launch.yaml", b"sandbox_id: s\n")

    def write(self, name, text):
        path = pathlib.Path(self.folder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        return name

    def berth(self, arguments, code, says=None, stdin=b""):
        done = run(arguments, stdin, cwd=self.folder.name)
        shown = f"berth {' '.join(arguments)}\n{done.stdout[:2000]!r}\n{done.stderr[:2000]!r}"
        self.assertEqual(done.returncode, code, shown)
        self.assertNotRegex(done.stdout + done.stderr, rb"[\x00-\x08\x0b-\x1f\x7f]", shown)
        for line in (done.stdout + done.stderr).splitlines():
            self.assertLess(len(line), 1500, shown)
        if says is not None:
            self.assertRegex(done.stdout + done.stderr, says.encode(), shown)
        return done

    def test_texts_in_lint(self):
        for name, (text, code, says) in BAD_TEXTS.items():
            with self.subTest(name):
                self.write("bad.yaml", text)
                self.berth(["lint", "bad.yaml"], code, says)
                found = json.loads(self.berth(["lint", "bad.yaml", "--format", "json"], code).stdout)
                self.assertGreater(found["summary"]["errors"], 0)
                # The other files are still checked.
                self.berth(["lint", "good.yaml", "bad.yaml"], code)

    def test_texts_as_catalog(self):
        for name, (text, _, _) in BAD_TEXTS.items():
            with self.subTest(name):
                self.write("c/bad.yaml", text)
                self.write("c/good.yaml", GOOD.replace(b"runner_id: r", b"runner_id: r0").replace(b": c}", b": c0}")
                           .replace(b"p\n", b"p0\n").replace(b"id: p", b"id: p0").replace(b"zone: z", b"zone: z0"))
                self.berth(["admit", "--catalog", "c", "--request", "launch.yaml"], 0, "ADMITTED on r0/p0")
                if name != "two default bindings":
                    self.write("bad.yaml", text)
                    done = run(["admit", "--catalog", "bad.yaml", "--request", "launch.yaml"], cwd=self.folder.name)
                    self.assertIn(done.returncode, (1, 3))

    def test_texts_as_request(self):
        for name, (text, lint_code, _) in BAD_TEXTS.items():
            if name == "two default bindings":
                continue  # three documents
            with self.subTest(name):
                self.write("bad.yaml", text)
                done = self.berth(["admit", "--catalog", "good.yaml", "--request", "bad.yaml"], lint_code)
                if lint_code == 3:
                    self.assertEqual(done.stdout, b"")
                else:
                    self.assertRegex(done.stdout, b"^INVALID CWSANDBOX_INVALID_REQUEST\n")
                done = self.berth(["admit", "--catalog", "good.yaml", "--request", "bad.yaml", "-o", "json"], lint_code)
                if lint_code == 1:
                    decision = json.loads(done.stdout)
                    self.assertEqual(decision["verdict"], "INVALID")
                    self.assertGreater(len(decision["violations"]), 0)

    def test_paths(self):
        os.mkdir(os.path.join(self.folder.name, "empty"))
        os.mkfifo(os.path.join(self.folder.name, "pipe"))
        os.symlink("nowhere.yaml", os.path.join(self.folder.name, "dangling.yaml"))
        self.write("UP/CATALOG.YAML", GOOD)
        self.write("none.json", b"[]")
        self.write("blank.jsonl", b"\n\n")
        self.write("asks.yaml", b"organization_id: o\nzone: z\nuser_id: u\n")
        self.write("owner.yaml", b"organization_id: o\nstrategy: pack\n")
        rows = [
            (["lint", "missing"], 3, "missing: error: no such file"),
            (["lint", "good.yaml", "missing"], 3, "missing: error: no such file"),
            (["lint", "good.yaml/x"], 3, "error: a part of the path is a file"),
            (["lint", "empty"], 3, "empty: error: .*no-objects"),
            (["lint", "-"], 3, "<stdin>: error: .*no-objects"),
            (["lint", "good.yaml", "good.yaml"], 0, "3 objects in 1 file"),
            (["lint", "/dev/null"], 3, "no-objects"),
            (["admit", "--catalog", "missing", "--request", "launch.yaml"], 3, "missing: error: no such file"),
            (["admit", "--catalog", "empty", "--request", "launch.yaml"], 3, "`empty` holds no object"),
            (["admit", "--catalog", "good.yaml", "--request", "missing"], 3, "missing: error: no such file"),
            (["admit", "--catalog", "good.yaml", "--request", "empty"], 3, "empty: error: .*folder"),
            (["admit", "--catalog", "good.yaml", "--request", "/dev/zero"], 3, "/dev/zero: error: .*1048576 bytes"),
            (["admit", "--catalog", "good.yaml", "--request", "/dev/null"], 3, "0 requests"),
            (["admit", "--catalog", "good.yaml", "--requests", "/dev/null"], 3, "no request"),
            (["admit", "--catalog", "good.yaml", "--requests", "none.json"], 3, "no request"),
            (["admit", "--catalog", "good.yaml", "--requests", "blank.jsonl"], 3, "no request"),
            (["lint", "UP"], 0, "3 objects in 1 file"),
            (["lint", "pipe"], 3, "pipe: error: is a named pipe"),
            (["lint", "dangling.yaml"], 3, "dangling.yaml: error: is a link to a missing file"),
            (["lint", "asks.yaml"], 0, "1 object in 1 file: nothing to report"),
            (["lint", "owner.yaml"], 0, "1 object in 1 file: nothing to report"),
            (["admit", "--catalog", "good.yaml", "--request", "good.yaml"], 3, "3 requests .*--requests"),
            (["resolve", "--catalog", "good.yaml", "--runner", "x"], 2, "`x` is unknown"),
            (["resolve", "--catalog", "good.yaml", "--runner", "r", "--organization", "x"], 2, "organization `x`"),
            (["resolve", "--catalog", "good.yaml", "--runner", "r", "--request", "missing"], 3, "no such file"),
            (["profiles", "--catalog", "good.yaml", "--fits", "missing"], 3, "no such file"),
            (["runners", "--catalog", "good.yaml", "--min-cpu", ""], 0, "RUNNER"),
            (["runners", "--catalog", "good.yaml", "--min-gpu", "1"], 0, "no runner passes"),
            (["runners", "--catalog", "good.yaml", "--min-gpu", "x"], 2, "--min-gpu: `x` is no count"),
        ]
        for arguments, code, says in rows:
            with self.subTest(" ".join(arguments)):
                self.berth(arguments, code, says)

    def test_too_large_a_request(self):
        self.write("big.yaml", b"sandbox_id: s\n#" + b"x" * (1 << 20))
        self.berth(["admit", "--catalog", "good.yaml", "--request", "big.yaml"], 3, "big.yaml: error: .*1048576")
        self.berth(["lint", "big.yaml"], 3, "big.yaml: error: .*1048576")
        self.write("fits.yaml", (b"sandbox_id: s\n#" + b"x" * (1 << 20))[:1 << 20])
        self.berth(["admit", "--catalog", "good.yaml", "--request", "fits.yaml"], 0)

    def test_standard_input_is_yaml_or_json(self):
        for text in (b"sandbox_id: s\n", b'{"sandboxId": "s"}', b'\xef\xbb\xbf {"sandbox_id": "\\u0073"}', b"{sandbox_id: s}"):
            with self.subTest(text):
                done = self.berth(["admit", "--catalog", "good.yaml", "--request", "-", "-o", "json"], 0, stdin=text)
                self.assertEqual(json.loads(done.stdout)["sandbox_id"], "s")
        self.berth(["admit", "--catalog", "-", "--request", "launch.yaml"], 0, stdin=GOOD)
        self.berth(["admit", "--catalog", "good.yaml", "--request", "-"], 3, "<stdin>:1:", stdin=b"{")

    def test_many_requests_in_every_spelling(self):
        one, two = b'{"sandbox_id": "a"}', b'{"sandbox_id": "b"}'
        rows = {
            "lines.jsonl": one + b"\n\n" + two + b"\n",
            "lines.txt": one + b"\r\n" + two,
            "list.json": b"[" + one + b",\n" + two + b"]",
            "documents.yaml": b"sandbox_id: a\n---\nsandbox_id: b\n",
            "list.yaml": b"- sandbox_id: a\n- sandbox_id: b\n",
        }
        for name, text in rows.items():
            with self.subTest(name):
                self.write(name, text)
                done = self.berth(["admit", "--catalog", "good.yaml", "--requests", name], 0)
                ids = [json.loads(line)["sandbox_id"] for line in done.stdout.splitlines()]
                self.assertEqual(ids, ["a", "b"])

    def test_the_worst_of_many_is_the_exit_code(self):
        admitted, rejected, broken = b'{"sandbox_id": "a"}', b'{"runner_ids": ["x"]}', b'{"sandbox_id": '
        rows = [([admitted], 0), ([admitted, rejected], 1), ([rejected, admitted], 1), ([b'{"sandbox": 1}'], 1),
                ([broken, admitted], 3), ([admitted, broken, rejected], 3)]
        for lines, code in rows:
            with self.subTest(lines):
                self.write("many.jsonl", b"\n".join(lines))
                done = self.berth(["admit", "--catalog", "good.yaml", "--requests", "many.jsonl"], code)
                decisions = [json.loads(line) for line in done.stdout.splitlines()]
                self.assertEqual(len(decisions), len(lines))
                if broken in lines:
                    violations = decisions[lines.index(broken)]["violations"]
                    self.assertEqual([v["field"] for v in violations], [""])
                    self.assertRegex(done.stderr, rb"many\.jsonl:%d:" % (lines.index(broken) + 1))

    def test_unreadable_objects_are_counted_once_and_last(self):
        self.write("many.yaml", b"".join(b"- {kind: Zone, zone: z%d, x: 1}\n" % i for i in range(1200)))
        found = json.loads(self.berth(["lint", "many.yaml", "-o", "json"], 1).stdout)["findings"]
        self.assertEqual(len(found), 1001)
        self.assertRegex(found[-1]["message"], r"^(at least )?\d+ more findings? of this file (is|are) left out")

    def test_words_of_other_tools_are_no_commands(self):
        for word in ("plan", "rule", "schema", "limits"):
            with self.subTest(word):
                self.berth([word], 2, f"`{word}` is no command")
                self.berth([word, "a", "--strict"], 2, f"`{word}` is no command")
        self.berth(["lint", "admit"], 3, "admit: error: no such file")

    def test_one_duplicate_in_a_list_spoils_its_own_request_only(self):
        self.write("list.yaml", b"- {sandbox_id: a}\n- {sandbox_id: b, user_id: x, user_id: y}\n- {sandbox_id: c}\n")
        done = self.berth(["admit", "--catalog", "good.yaml", "--requests", "list.yaml"], 1)
        verdicts = [json.loads(line)["verdict"] for line in done.stdout.splitlines()]
        self.assertEqual(verdicts, ["ADMITTED", "INVALID", "ADMITTED"])

    def test_a_reader_that_goes_away_is_no_error(self):
        self.write("many.jsonl", b'{"sandbox_id": "a"}\n' * 5000)
        command = [BINARY, "admit", "--catalog", "good.yaml", "--requests", "many.jsonl"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder.name) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.wait(), 0)

    def test_a_full_disk_is_said(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BINARY, "lint", "good.yaml"], stdout=full, stderr=subprocess.PIPE, check=False,
                                  cwd=self.folder.name)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"cannot be written", done.stderr)

    def test_files_cannot_drive_the_terminal(self):
        name = self.write("a\x1b[31mb.yaml", b'kind: Zone\nzone: "\\e[2J"\nx\xe2\x80\xae\xe2\x80\x8b: 1\n')
        done = run(["lint", name], cwd=self.folder.name)
        self.assertNotIn(b"\x1b", done.stdout)
        self.assertNotIn("\u202e".encode(), done.stdout)
        self.assertNotIn("\u200b".encode(), done.stdout)


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        sys.exit(f"{BINARY} is missing: build the target `berth`, or name it with BERTH_BINARY")
    unittest.main()
