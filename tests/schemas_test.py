"""Every JSON document that `berth` prints is described by its schema in docs/schemas/.

What berthd prints is validated by daemon_schemas_test.py; here its schemas are only read.

Runs the tool (the environment's BERTH_BINARY) over the examples and validates what it prints; then breaks those
documents one detail at a time and expects each to be refused, so that a schema that accepts anything cannot pass.
"""

import copy
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import jsonschema  # package python3-jsonschema; without it this test fails, it is never skipped

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "docs" / "schemas"
CATALOG = "examples/catalog"
REQUESTS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "examples" / "requests").iterdir())
ORGANIZATIONS = ["acme", "globex", "platform"]
NAMES = ["decision", "explanation", "findings", "profiles", "resolved", "runners", "test"]
ALL_NAMES = sorted(NAMES + ["config", "readiness"])

# One file with a finding of every shape: with and without a layer, with a suggestion, warnings and notes.
BROKEN_CATALOG = """\
kind: Zone
zone: z
defaults: {container_image: null}
---
kind: Profile
display_name: p
spec:
  resource_defaults: {cpuLimitt: "4", memoryLimit: 1.5m}
  network: {egress: {default: a, modes: {a: {type: allowlist, cidrs: [10.0.0.1/8]}}}}
---
kind: Runner
runner_id: r
identity: {zone: y, cluster_name: c}
profile_bindings: [{profile_template_id: q, is_default: true}]
"""

# A spec that unsets and shadows: every kind of entry an explanation can have.
UNSETTING_CATALOG = """\
kind: Zone
zone: z
defaults: {container_image: "python:3.11", tags: [a], node_selector: {pool: x, "a/b": y}}
---
kind: Profile
display_name: p
spec:
  tags: null
  node_selector: {pool: null}
  resource_defaults: {cpuLimit: "2"}
  pod: {metadata: {labels: {sandbox-id: x}}, spec: {volumes: [{name: v}], runtimeClassName: a}}
  runtime_class: b
---
kind: Runner
runner_id: r
identity: {zone: z, cluster_name: c}
profile_bindings: [{profile_template_id: p, is_default: true, overrides_json: '{"container_image":"python:3.12"}'}]
"""


def setUpModule():
    if not os.environ.get("BERTH_BINARY"):
        raise AssertionError("set BERTH_BINARY to the berth binary, such as build/release/berth")


def load_schema(name):
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def validator_of(name):
    # The packaged resolver cannot follow a reference inside a document that a URN named: errors_of does that.
    elsewhere = {load_schema(other)["$id"]: {} for other in ALL_NAMES}
    schema = load_schema(name)
    resolver = jsonschema.RefResolver.from_schema(schema, store=elsewhere)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


VALIDATORS = {name: validator_of(name) for name in ALL_NAMES}


def errors_of(name, document):
    """What the schema says against a document, as lines of text."""
    errors = [f"{error.json_path}: {error.message[:200]}" for error in VALIDATORS[name].iter_errors(document)]
    if name == "test":
        decisions = [case["decision"] for case in document.get("cases") or [] if "decision" in case]
        errors += [error for decision in decisions for error in errors_of("decision", decision)]
    return errors


def run(*arguments):
    """Runs the tool; returns its exit code, standard output and standard error."""
    done = subprocess.run([os.environ["BERTH_BINARY"], *arguments], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


class Documents(unittest.TestCase):
    def document(self, name, arguments, codes=(0,)):
        """Runs a command with `-o json` and returns its document, which must be valid."""
        code, out, err = run(*arguments, "-o", "json")
        self.assertIn(code, codes, f"{arguments}: {err or out}")
        return self.valid(name, out, arguments)

    def valid(self, name, text, context):
        document = json.loads(text)
        self.assertEqual(next(iter(document)), "schema", f"{context}: `schema` stands first")
        self.assertEqual(document["schema"], f"berth.{name}/v1", str(context))
        self.assertEqual(errors_of(name, document), [], str(context))
        return document


class Decisions(Documents):
    def test_every_request_gives_a_valid_decision(self):
        verdicts = set()
        for request in REQUESTS:
            for options in ([], ["--all"]):
                with self.subTest(request=request, options=options):
                    arguments = ["admit", "--catalog", CATALOG, "--request", request, *options]
                    decision = self.document("decision", arguments, codes=(0, 1))
                    verdicts.add(decision["verdict"])
                    self.assertEqual("per_candidate" in decision,
                                     bool(options) and decision["verdict"] != "INVALID")
        self.assertEqual(verdicts, {"ADMITTED", "REJECTED", "INVALID"})

    def test_every_line_of_a_batch_is_a_valid_decision(self):
        batch = "\n---\n".join((ROOT / request).read_text(encoding="utf-8") for request in REQUESTS)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "batch.yaml"
            path.write_text(batch, encoding="utf-8")
            code, out, err = run("admit", "--catalog", CATALOG, "--requests", str(path), "-o", "json")
        self.assertEqual(code, 1, err)
        lines = out.splitlines()
        self.assertEqual(len(lines), len(REQUESTS))
        for request, line in zip(REQUESTS, lines):
            with self.subTest(request=request):
                self.valid("decision", line, request)

    def test_an_organization_without_runners_gives_a_valid_decision(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "request.yaml"
            path.write_text("organization_id: nobody\nzone: mars\n", encoding="utf-8")
            arguments = ["admit", "--catalog", "examples/catalog/zones", "--request", str(path)]
            decision = self.document("decision", arguments, codes=(1,))
        self.assertEqual([reason["code"] for reason in decision["reasons"]], ["NO_RUNNERS"])

    def test_the_same_input_gives_the_same_bytes(self):
        arguments = ["admit", "--catalog", CATALOG, "--request", REQUESTS[0], "-o", "json"]
        self.assertEqual(run(*arguments), run(*arguments))


class Specs(Documents):
    def bindings(self, organization):
        listed = self.document("profiles", ["profiles", "--catalog", CATALOG, "--organization", organization])
        self.assertTrue(listed["profiles"])
        return [(entry["runner_id"], entry["profile_name"]) for entry in listed["profiles"]]

    def test_every_binding_resolves_and_explains_itself(self):
        for organization in ORGANIZATIONS:
            for runner, profile in self.bindings(organization):
                flags = ["--catalog", CATALOG, "--organization", organization, "--runner", runner]
                with self.subTest(runner=runner, profile=profile):
                    self.document("resolved", ["resolve", *flags, "--profile", profile])
                    self.document("resolved", ["resolve", *flags, "--profile", profile, "--effective"])
                    self.document("explanation", ["explain", *flags, "--profile", profile])
                with self.subTest(runner=runner, profile="the default"):
                    self.document("resolved", ["resolve", *flags])

    def test_every_admitted_request_resolves_to_the_spec_of_its_decision(self):
        admitted = 0
        for request in REQUESTS:
            decision = self.document("decision", ["admit", "--catalog", CATALOG, "--request", request], codes=(0, 1))
            if decision["verdict"] != "ADMITTED":
                continue
            admitted += 1
            place = decision["placement"]
            flags = ["--catalog", CATALOG, "--runner", place["runner_id"], "--profile", place["profile_name"],
                     "--request", request]
            with self.subTest(request=request):
                resolved = self.document("resolved", ["resolve", *flags])
                for part in ("namespace", "egress", "ingress", "spec"):
                    self.assertEqual(resolved[part], decision[part], part)
                self.document("explanation", ["explain", *flags])
        self.assertGreater(admitted, 5)

    def test_a_path_narrows_an_explanation(self):
        flags = ["--catalog", CATALOG, "--organization", "acme", "--runner", "us-east-cpu-1", "--profile", "agent"]
        explanation = self.document("explanation", ["explain", *flags, "--path", "/resource_defaults"])
        self.assertEqual([field["path"] for field in explanation["fields"]],
                         [f"/resource_defaults/{name}"
                          for name in ("cpuLimit", "cpuRequest", "memoryLimit", "memoryRequest")])

    def test_unset_and_shadowed_fields_have_valid_entries(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "catalog.yaml"
            path.write_text(UNSETTING_CATALOG, encoding="utf-8")
            explanation = self.document("explanation", ["explain", "--catalog", str(path), "--runner", "r"])
        fields = {field["path"]: field for field in explanation["fields"]}
        self.assertEqual(fields["/tags"]["unset_by"], "profile")
        self.assertEqual(fields["/tags"]["shadowed"][0]["value"], ["a"])
        self.assertEqual(fields["/container_image"]["layer"], "binding")
        self.assertIn("/node_selector/a~1b", fields)
        self.assertEqual([row["says"] for row in fields["/runtime_class"]["layers"]], ["set", "dropped"])
        self.assertEqual([row["says"] for row in fields["/tags"]["layers"]], ["shadowed", "unset"])
        self.assertEqual([row["path"] for row in explanation["dropped"]], ["/pod/metadata/labels/sandbox-id"])


class Lists(Documents):
    def test_every_organization_lists_valid_profiles_and_runners(self):
        for organization in ORGANIZATIONS + ["nobody"]:
            flags = ["--catalog", CATALOG, "--organization", organization]
            codes = (0,) if organization != "nobody" else (2,)
            with self.subTest(organization=organization):
                for command in ("profiles", "runners"):
                    code, out, err = run(command, *flags, "-o", "json")
                    self.assertIn(code, codes, err)
                    if code == 0:
                        self.valid(command, out, flags)
                if organization != "nobody":
                    listed = self.document("runners", ["runners", *flags, "--include-resources"])
                    self.assertTrue(all(runner["resources"] is not None for runner in listed["runners"]))

    def test_a_filter_that_matches_nothing_gives_an_empty_list(self):
        flags = ["--catalog", CATALOG, "--organization", "acme", "--gpu-type", "nothing"]
        self.assertEqual(self.document("profiles", ["profiles", *flags])["profiles"], [])
        self.assertEqual(self.document("runners", ["runners", *flags])["runners"], [])


class Findings(Documents):
    def test_the_examples_have_valid_findings(self):
        for path in [CATALOG, *REQUESTS]:
            with self.subTest(path=path):
                findings = self.document("findings", ["lint", path], codes=(0, 1))
                self.assertEqual(findings["summary"]["files"], 29 if path == CATALOG else 1)

    def test_the_product_pages_documents_have_valid_findings(self):
        for path in sorted((ROOT / "examples" / "product").iterdir()):
            if path.suffix in (".yaml", ".json"):
                with self.subTest(path=path.name):
                    self.document("findings", ["lint", str(path)], codes=(0, 1))

    def test_a_broken_catalog_has_valid_findings_of_every_level(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "catalog.yaml"
            path.write_text(BROKEN_CATALOG, encoding="utf-8")
            found = self.document("findings", ["lint", str(path)], codes=(1,))
        self.assertEqual({finding["level"] for finding in found["findings"]}, {"error", "warning", "note"})
        self.assertTrue(any("suggestion" in finding for finding in found["findings"]))
        self.assertTrue(any("layer" in finding for finding in found["findings"]))
        for level in ("error", "warning", "note"):
            self.assertEqual(found["summary"][level + "s"],
                             sum(finding["level"] == level for finding in found["findings"]))

    def test_a_file_that_is_not_well_formed_still_gives_a_valid_document(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "catalog.json"
            path.write_text('{"kind": ', encoding="utf-8")
            self.document("findings", ["lint", str(path)], codes=(3,))


FAILING_TESTS = "tests/golden/input/failing.test.yaml"


class PolicyTests(Documents):
    def test_passing_and_failing_tests_give_valid_documents(self):
        for path, code in ((CATALOG, 0), (FAILING_TESTS, 1)):
            for options in ([], ["--verbose"], ["--coverage"]):
                with self.subTest(path=path, options=options):
                    document = self.document("test", ["test", path, *options], codes=(code,))
                    summary = document["summary"]
                    self.assertEqual(summary["passed"] + summary["failed"], len(document["cases"]))
                    self.assertEqual(summary["failed"] > 0, code == 1)
                    self.assertEqual(document["coverage"] is None, options != ["--coverage"])
                    if options == ["--verbose"]:
                        self.assertTrue(all("decision" in case for case in document["cases"]))

    def test_counts_of_the_coverage_add_up(self):
        coverage = self.document("test", ["test", CATALOG, "--coverage"])["coverage"]
        (catalog,) = coverage["catalogs"]
        kinds = [catalog[kind] for kind in ("bindings", "egress_modes", "ingress_levels", "guardrails")]
        for total in (catalog, coverage):
            for key in ("exercised", "total"):
                self.assertEqual(total[key], sum(kind[key] for kind in kinds))
        for kind in kinds:
            self.assertGreater(kind["exercised"], 0)
            self.assertEqual(kind["exercised"] + len(kind["missing"]), kind["total"])
            self.assertEqual(kind["percent"], kind["exercised"] * 100 // kind["total"])

    def test_what_cannot_run_gives_a_valid_document(self):
        document = self.document("test", ["test", "examples/requests/agent.yaml"], codes=(3,))
        self.assertEqual((document["cases"], document["summary"]["files_not_run"]), ([], 1))
        self.document("test", ["test", "missing"], codes=(3,))


def closed_objects(document, path=()):
    """The paths of every object in a document whose keys the contract closes."""
    values = {"value", "wanted", "given"}  # of any shape
    open_maps = {"labels", "annotations", "node_selector", "modes", *values}
    if isinstance(document, dict):
        pod_spec = len(path) > 1 and path[-2:] == ("pod", "spec")
        if not (path and path[-1] in open_maps) and not pod_spec and path[-2:] != ("network", "ingress"):
            yield path
        if pod_spec:
            return
        for key, value in document.items():
            if key not in values:
                yield from closed_objects(value, path + (key,))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from closed_objects(value, path + (index,))


def at(document, path):
    for step in path:
        document = document[step]
    return document


class BrokenDocuments(Documents):
    """Each schema refuses a document that differs from a valid one in a single detail."""

    SOURCES = {
        "decision": [
            (["admit", "--catalog", CATALOG, "--all", "--request", f"examples/requests/{name}.yaml"], code)
            for name, code in (("public-web-service", 0), ("gpu-notebook", 0), ("too-much-memory", 1),
                               ("unknown-runner", 1), ("image-not-allowed", 1), ("runner-down", 1),
                               ("invalid-request", 1))
        ] + [(["admit", "--catalog", CATALOG, "--why-not", "us-east-cpu-1", "--request",
               "examples/requests/agent.yaml"], 0)],
        "resolved": [(["resolve", "--catalog", CATALOG, "--runner", "eu-west-cpu-1", "--profile", "web", "--request",
                       "examples/requests/public-web-service.yaml"], 0)],
        "explanation": [(["explain", "--catalog", CATALOG, "--organization", "acme", "--runner", "eu-west-cpu-1"], 0)],
        "profiles": [(["profiles", "--catalog", CATALOG, "--organization", "acme"], 0)],
        "runners": [(["runners", "--catalog", CATALOG, "--organization", "acme", "--include-resources"], 0)],
        "findings": [(["lint", "examples/product/runner-bindings.yaml"], 0)],  # a note: its profiles are not given
        "test": [(["test", CATALOG, "--coverage", "--run", "agent"], 0), (["test", FAILING_TESTS, "--coverage"], 1)],
    }

    # One value each that no document may hold, where the schema's own words matter.
    WRONG = {
        "decision": [("verdict", "MAYBE"), ("code", "NOPE"), ("candidates", -1), ("candidates", "19"),
                     ("catalog_revision", 1.5), ("sandbox_id", 7), ("message", ""), ("reasons", []),
                     ("remedies", None), ("remedies", [{}]), ("why_not", []), ("why_not", [{}]), ("violations", []), ("placement", None), ("ingress", []), ("alternatives", None)],
        "resolved": [("runner_id", None), ("profile_name", 1), ("namespace", None), ("spec", None), ("spec", {}),
                     ("egress", "none"), ("ingress", "public")],
        "explanation": [("runner_id", None), ("profile_name", 1), ("organization_id", ""), ("valid", "true"),
                        ("fields", None), ("fields", {}), ("fields", [{}])],
        "profiles": [("profiles", None), ("profiles", [{}])],
        "runners": [("runners", None), ("runners", [{}])],
        "findings": [("findings", None), ("findings", [{}]), ("summary", {}), ("summary", None)],
        "test": [("cases", None), ("cases", [{}]), ("summary", {}), ("summary", None), ("coverage", {}), ("coverage", [])],
    }

    def documents(self, name):
        for arguments, code in self.SOURCES[name]:
            yield self.document(name, arguments, codes=(code,))

    def refused(self, name, document, what):
        self.assertNotEqual(errors_of(name, document), [], f"{name}: {what}")

    def test_another_schema_or_none_is_refused(self):
        for name in NAMES:
            for document in self.documents(name):
                for wrong in ("berth.decision/v2", f"berth.{name}", ""):
                    self.refused(name, {**document, "schema": wrong}, f"schema `{wrong}`")

    def test_a_missing_key_is_refused(self):
        optional = {"code", "source", "suggestion", "layer", "fix", "per_candidate", "remedies", "why_not"}
        for name in NAMES:
            for document in self.documents(name):
                for key in document:
                    if key not in optional:
                        broken = {k: v for k, v in document.items() if k != key}
                        self.refused(name, broken, f"without `{key}`")

    def test_an_unknown_key_is_refused_in_every_closed_object(self):
        for name in NAMES:
            for document in self.documents(name):
                paths = list(closed_objects(document))
                self.assertGreater(len(paths), 1, name)
                for path in paths:
                    broken = copy.deepcopy(document)
                    at(broken, path)["surprise"] = 1
                    self.refused(name, broken, f"unknown key at {path}")

    def test_a_wrong_value_is_refused(self):
        for name in NAMES:
            documents = list(self.documents(name))
            for key, value in self.WRONG[name]:
                broken = [{**document, key: value} for document in documents if key in document]
                self.assertTrue(broken, f"{name}: no document has `{key}`")
                for document in broken:
                    self.refused(name, document, f"{key} = {value!r}")

    def test_parts_of_another_verdict_are_refused(self):
        by_verdict = {document["verdict"]: document for document in self.documents("decision")}
        self.assertEqual(set(by_verdict), {"ADMITTED", "REJECTED", "INVALID"})
        for verdict, document in by_verdict.items():
            for other, donor in by_verdict.items():
                for key in set(donor) - set(document):
                    if key == "why_not" and verdict != "INVALID":
                        continue  # of any verdict that a binding can have
                    self.refused("decision", {**document, key: donor[key]}, f"{verdict} with `{key}` of {other}")

    def test_a_reason_outside_the_contract_is_refused(self):
        arguments = ["admit", "--catalog", CATALOG, "--request", "examples/requests/too-much-memory.yaml"]
        decision = self.document("decision", arguments, codes=(1,))
        for key, value in (("code", "TOO_BIG"), ("class", "LATER"), ("capability", "disk"), ("requested", 900),
                           ("offered", "512Gi"), ("offered", ["a", "a"]), ("headline", -1), ("example", {})):
            broken = copy.deepcopy(decision)
            broken["reasons"][0][key] = value
            self.refused("decision", broken, f"reason with {key} = {value!r}")

    def test_a_field_of_an_explanation_outside_the_contract_is_refused(self):
        for document in self.documents("explanation"):
            for key, value in (("path", "container_image"), ("layer", "runner"), ("source", "agent.yaml"),
                               ("unset_by", "profile"), ("value", None), ("shadowed", None)):
                broken = copy.deepcopy(document)
                broken["fields"][0][key] = value
                self.refused("explanation", broken, f"field with {key} = {value!r}")
            for key, value in (("layer", "runner"), ("says", "hides"), ("says", "unset"), ("source", "agent.yaml")):
                broken = copy.deepcopy(document)
                broken["fields"][0]["layers"][0][key] = value
                self.refused("explanation", broken, f"layer with {key} = {value!r}")
            for key in ("layers", "shadowed"):
                broken = copy.deepcopy(document)
                del broken["fields"][0][key]
                self.refused("explanation", broken, f"field without `{key}`")
            broken = {**document, "dropped": [{"path": "/tags", "layer": "zone", "value": 1}]}
            self.refused("explanation", broken, "a dropped value without a source")


class Schemas(unittest.TestCase):
    def test_there_is_one_schema_for_each_document(self):
        self.assertEqual(sorted(path.name for path in SCHEMAS.iterdir()), [f"{name}.schema.json" for name in ALL_NAMES])

    def test_schemas_are_well_formed_and_name_their_document(self):
        for name in ALL_NAMES:
            schema = load_schema(name)
            jsonschema.Draft202012Validator.check_schema(schema)
            self.assertEqual(schema["properties"]["schema"]["const"], f"berth.{name}/v1")

    def test_parts_that_schemas_share_are_equal(self):
        seen = {}
        for name in ALL_NAMES:
            for part, definition in load_schema(name).get("$defs", {}).items():
                self.assertEqual(seen.setdefault(part, definition), definition, f"{name}: {part}")

    def test_every_property_is_described(self):
        def check(schema, path):
            if isinstance(schema, list):
                for index, entry in enumerate(schema):
                    check(entry, f"{path}/{index}")
            if not isinstance(schema, dict) or path.endswith(("/if", "/then", "/else")):
                return
            for key, entry in schema.get("properties", {}).items():
                self.assertTrue(entry.get("description"), f"{path}/{key}")
            for key, entry in schema.items():
                for name, below in entry.items() if key in ("properties", "$defs") else [("", entry)]:
                    check(below, f"{path}/{key}/{name}".rstrip("/"))

        for name in ALL_NAMES:
            schema = load_schema(name)
            self.assertTrue(schema["description"])
            check(schema, name)


if __name__ == "__main__":
    unittest.main()
