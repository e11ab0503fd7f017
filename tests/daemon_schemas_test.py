"""The JSON documents of berthd are described by their schemas in docs/schemas/.

Each is taken from a real berthd and validated; then broken one detail at a time, so that a schema that accepts anything
cannot pass.
"""

import copy
import json
import pathlib
import tempfile
import unittest

from berthd import Berthd, replace, run, until
from daemon_wire_test import CATALOG
from schemas_test import at, closed_objects, errors_of


class SchemaTest(unittest.TestCase):
    def valid(self, name, document):
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(document["schema"], f"berth.{name}/v1")
        self.assertEqual(errors_of(name, document), [])
        return document

    def refused(self, name, document, what):
        self.assertNotEqual(errors_of(name, document), [], f"{name}: {what}")

    def check_breaking(self, name, document):
        """Another schema, a missing key and a key too many are refused wherever they are."""
        for schema in ("", f"berth.{name}/v2", "berth.decision/v1"):
            self.refused(name, {**document, "schema": schema}, schema)
        for path in closed_objects(document):
            broken = copy.deepcopy(document)
            at(broken, path)["surprise"] = 1
            self.refused(name, broken, f"unknown key at {path}")
            for key in at(document, path):
                broken = copy.deepcopy(document)
                del at(broken, path)[key]
                self.refused(name, broken, f"without {key} at {path}")


class Config(SchemaTest):
    def test_settings(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "berthd.yaml"
            path.write_text("source: catalog\nlisten: [127.0.0.1:1, 'unix:/a']\ngateway_facade: true\n")
            for arguments, code in (([], 2), (["--config", path, "--decision-log-mode=rejected"], 0)):
                got, out, err = run("config", "-o", "json", *arguments, environment={"BERTHD_LOG_LEVEL": "warn"})
                self.assertEqual(got, code, err)
                document = self.valid("config", json.loads(out))
        origins = {row["origin"].split(" ")[0].rsplit("/", 1)[-1] for row in document["settings"]}
        self.assertLessEqual({"default", "flag", "environment", "berthd.yaml:1:9"}, origins)
        self.check_breaking("config", document)
        self.refused("config", {**document, "settings": document["settings"][1:]}, "one setting too few")
        for name, value in (("listen", "127.0.0.1:1"), ("listen", []), ("gateway_facade", "true"),
                            ("log_level", "loud"), ("grace_seconds", "10"), ("grace_seconds", -1),
                            ("decision_log_mode", "none"), ("source", None)):
            broken = copy.deepcopy(document)
            (row,) = [row for row in broken["settings"] if row["name"] == name]
            row["value"] = value
            self.refused("config", broken, f"{name} = {value!r}")
        for key, value in (("name", "nosuch"), ("origin", "somewhere"), ("origin", "berthd.yaml:0:1")):
            broken = copy.deepcopy(document)
            broken["settings"][0][key] = value
            self.refused("config", broken, f"{key} = {value!r}")


class Readiness(SchemaTest):
    def test_readiness(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "catalog"
            with Berthd("--source", source, "--source-poll-seconds", "1", ready=False) as berthd:
                until(lambda: berthd.readiness()[1]["problems"], "the source is missing")
                missing = self.valid("readiness", berthd.readiness()[1])
                self.check_breaking("readiness", missing)
                source.mkdir()
                (source / "all.yaml").write_text(CATALOG)
                berthd.wait_for("ready")
                ready = self.valid("readiness", berthd.readiness()[1])
                self.refused("readiness", {**ready, "draining": True}, "ready and draining")
                self.refused("readiness", {**ready, "objects": 0}, "ready with nothing")
                self.refused("readiness", {**ready, "applied_at": None}, "ready without ever")
                objects = CATALOG.split("---")
                last = objects.index(next(text for text in objects if "commons" in text))
                objects[last] = objects[last].replace("32000", "many")
                replace(source / "all.yaml", "---".join(objects))
                replace(source / "new.yaml", objects[last].replace("commons", "newcomer"))
                berthd.wait_for("object refused, its last good version is served")
                berthd.wait_for("object refused, it is not served")
                replace(source / "other.yaml", "kind: Zone\nzone: us-2\n")
                until(lambda: berthd.readiness()[1]["objects"] == len(objects) + 1, "there is another object")
                replace(source / "other.yaml", "kind: [")
                berthd.wait_for("file refused, its last good objects are served")
                stale = self.valid("readiness", berthd.readiness()[1])
        for key in ("stale_objects", "refused_objects", "stale_files"):
            self.assertEqual((stale[key]["total"], len(stale[key]["listed"])), (1, 1), key)
            self.assertTrue(stale[key]["listed"][0]["issues"], key)
            for part, value in (("total", -1), ("listed", [{}]), ("listed", None)):
                broken = copy.deepcopy(stale)
                broken[key][part] = value
                self.refused("readiness", broken, f"{key}.{part} = {value!r}")
            for part, value in (("code", "stale"), ("source", ""), ("message", "")):
                broken = copy.deepcopy(stale)
                broken[key]["listed"][0]["issues"][0][part] = value
                self.refused("readiness", broken, f"{key}: {part} = {value!r}")
        self.check_breaking("readiness", stale)


del SchemaTest

if __name__ == "__main__":
    unittest.main()
