"""The documentation says what the program does: outputs, code and tables are compared with their sources.

The outputs need the tool and the daemon (the environment's BERTH_BINARY and BERTHD_BINARY).
"""

import json
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def expanded(name):
    """`a/{b,c}.{h,cc}` as four names."""
    several = re.search(r"\{([^}]*)\}", name)
    if several is None:
        return [name]
    return [path for part in several[1].split(",")
            for path in expanded(name[:several.start()] + part + name[several.end():])]


class Readme(unittest.TestCase):
    def test_outputs_are_what_the_tool_prints(self):
        blocks = [block for page in ("README.md", "docs/manifests.md", "docs/policy-tests.md")
                  for block in re.findall(r"```\n\$ (berth [^\n]*)\n(.*?)\n```", read(page), flags=re.S)]
        self.assertGreaterEqual(len(blocks), 3)
        for command, shown in blocks:
            with self.subTest(command=command):
                done = subprocess.run([os.environ["BERTH_BINARY"], *command.split()[1:]], cwd=ROOT, text=True,
                                      capture_output=True, timeout=60, check=False)
                self.assertEqual(done.stdout.rstrip(), shown)

    def test_the_code_is_that_of_the_example(self):
        blocks = re.findall(r"```cpp\n(.*?)```", read("README.md"), flags=re.S)
        self.assertEqual(len(blocks), 1)
        self.assertEqual(len(blocks[0].splitlines()), 8)
        self.assertIn(blocks[0], read("examples/admit.cc"))

    def test_every_file_it_names_exists(self):
        for page in ("README.md", "docs/ARCHITECTURE.md", "docs/semantics.md"):
            names = re.findall(r"`((?:spec|merge|validate|policy|engine|store|cli|tests|examples|docs|packaging)/[^`\s*]*)`",
                               read(page))
            self.assertTrue(names, page)
            for name in names:
                for path in expanded(name):
                    self.assertTrue((ROOT / path).exists(), f"{page}: {path}")


class Tables(unittest.TestCase):
    def test_finding_codes_are_those_of_the_code(self):
        rows = re.findall(r'"(B\d{3})", "([a-z-]+)", k(Error|Warning|Note),\s*"([^"]*)"', read("spec/issue.cc"))
        self.assertGreater(len(rows), 40)
        shown = re.findall(r"^\| (B\d{3}) \| `([a-z-]+)` \| (\w+) \| (.*) \|$", read("docs/semantics.md"), flags=re.M)
        self.assertEqual(shown, [(code, name, level.lower(), text) for code, name, level, text in rows])

    def test_reasons_are_those_of_the_code(self):
        names = re.findall(r'\{C::k\w+, "([A-Z_]+)", K::k', read("policy/reason.cc"))
        self.assertGreater(len(names), 30)
        page = read("docs/semantics.md")
        for name in names:
            self.assertIn(f"`{name}`", page)
        schema = json.loads(read("docs/schemas/decision.schema.json"))
        self.assertEqual(schema["$defs"]["reason"]["properties"]["code"]["enum"], list(dict.fromkeys(names)))

    def test_limits_are_those_of_the_code(self):
        names = re.findall(r'\{"([a-z-]+)", kMax', read("spec/limits.cc"))
        self.assertGreater(len(names), 20)
        shown = re.findall(r"^\| ([a-z-]+) \| \d+ \w+ \| ", read("docs/semantics.md"), flags=re.M)
        self.assertEqual(shown, names)

    def test_every_capability_is_in_the_schema(self):
        schema = json.loads(read("docs/schemas/decision.schema.json"))
        known = set(schema["$defs"]["reason"]["properties"]["capability"]["enum"])
        used = set(re.findall(r'K::k\w+, "([a-z_.]+)"', read("policy/reason.cc"))) | {"gpu.memory_gb"}
        self.assertEqual(known, used)


class Daemon(unittest.TestCase):
    """docs/daemon.md and the man page say what berthd has, all of it and nothing else."""

    @unittest.skipUnless("BERTHD_BINARY" in os.environ, "built without the daemon")
    def test_the_man_page_has_every_setting_with_its_default(self):
        # Without a source it says that it could not serve, after it has printed everything.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("BERTHD_")}
        done = subprocess.run([os.environ["BERTHD_BINARY"], "config", "-o", "json"], env=environment, text=True,
                              capture_output=True, timeout=60, check=False)
        wanted = []
        for row in json.loads(done.stdout)["settings"]:
            self.assertEqual(row["origin"], "default", row["name"])
            value = row["value"]
            value = ",".join(value) if isinstance(value, list) else value
            wanted.append((row["name"], str(value).lower() if isinstance(value, bool) else str(value)))
        self.assertGreater(len(wanted), 20)
        page = read("packaging/berthd.8")
        settings = page[page.index(".Sh SETTINGS"):page.index(".Sh SIGNALS")]
        shown = []
        for names, default in re.findall(r"^\.It Ic ([a-z_ ,]+?)(?: Pq (\S+))?$", settings, flags=re.M):
            shown += [(name, default) for name in re.split(r" , ", names)]
        self.assertEqual(shown, wanted)

    def test_settings_that_are_named_exist(self):
        known = set(re.findall(r'^    \{"([a-z_]+)", &S::', read("daemon/settings.cc"), flags=re.M))
        self.assertGreater(len(known), 20)
        page = read("docs/daemon.md")
        # `(`max_message_bytes`)` is how the page names the setting of what it speaks of.
        for names in re.findall(r"\(((?:`[a-z_]+`(?:, )?)+)\)", page):
            for name in re.findall(r"[a-z_]+", names):
                self.assertIn(name, known)
        of_commands = {"--address", "--ca", "--name", "--organization", "--request", "--show-origin", "--token-file"}
        others = {"--catalog", "--config", "--help", "--version"}
        for flag in set(re.findall(r"--[a-z][a-z-]+", page)) - of_commands - others:
            self.assertIn(flag[2:].replace("-", "_"), known)

    def test_metrics_are_those_of_the_code(self):
        source = re.sub(r'"\s*\n\s*"', "", read("daemon/metrics.cc"))
        made = {name for name, _ in re.findall(r'"((?:berthd|process)_[a-z_]+)",\s*"([^"]+)"', source)}
        self.assertGreater(len(made), 15)
        # Types and labels are compared with a scrape, in daemon_operation_test.py.
        shown = re.findall(r"^\| `((?:berthd|process)_[a-z_]+)` \|", read("docs/daemon.md"), flags=re.M)
        self.assertEqual(sorted(shown), sorted(made))
        for page in ("docs/daemon.md", "packaging/berthd.8", "docs/ARCHITECTURE.md", "README.md"):
            for name in re.findall(r"\b(?:berthd|process)_[a-z]+_[a-z_]+", read(page)):
                self.assertIn(name, made, page)

    def test_paths_are_those_of_the_code(self):
        rest = read("daemon/rest.cc")
        served = set(re.findall(r'= "(/[a-z0-9/]+)"', rest))  # routes, and the lists that single objects are below
        page = read("docs/daemon.md")
        http = page[page.index("\n## HTTP\n"):page.index("\n## Catalog\n")]
        shown = set(re.findall(r"`(?:GET )?(/[a-z0-9/]+)(?:/\{[a-z_]+\})?`", http))
        self.assertGreater(len(served), 4)
        self.assertEqual(shown, served)
        for path in re.findall(r"/(?:readyz|healthz|metrics)\b", page + read("packaging/berthd.8")):
            self.assertIn(path, served)

    def test_reasons_and_keys_of_errors_are_those_of_the_code(self):
        page = read("docs/daemon.md")
        errors = page[page.index("\n## Errors\n"):page.index("\n## Lists\n")]
        sources = [path for folder in ("policy", "engine", "daemon") for path in sorted((ROOT / folder).iterdir())]
        made = {reason for path in sources if path.suffix in (".cc", ".h")
                for reason in re.findall(r'"(CWSANDBOX_[A-Z_]+)"', path.read_text(encoding="utf-8"))}
        self.assertGreater(len(made), 10)
        self.assertEqual(set(re.findall(r"CWSANDBOX_[A-Z_]+", errors)), made)
        keys = re.findall(r'Put\(\*?\w+(?:\.mutable_metadata\(\))?, "([a-z_]+)"', read("daemon/rpc_status.cc"))
        self.assertGreater(len(keys), 10)
        rows = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \| ", errors, flags=re.M)
        self.assertEqual(sorted(key for row in rows for key in re.findall(r"[a-z_]+", row)), sorted(keys))

    def test_keys_of_readiness_are_those_of_its_schema(self):
        written = set(re.findall(r'Key\("([a-z_]+)"\)|WriteObjects\(json, "([a-z_]+)"', read("daemon/readiness.cc")))
        schema = json.loads(read("docs/schemas/readiness.schema.json"))

        def properties(part):
            parts = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
            own = list(part.get("properties", {})) if isinstance(part, dict) else []
            return set(own).union(*map(properties, parts))

        self.assertEqual(properties(schema), {name for names in written for name in names if name})
        for name in re.findall(r"^\.Ql ([a-z]+_[a-z]+)$", read("packaging/berthd.8"), flags=re.M):
            self.assertIn(name, {*schema["properties"], "decision_id", "berthd_admissions_total"})


if __name__ == "__main__":
    unittest.main()
