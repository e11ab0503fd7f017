"""The documentation says what the program does: outputs, code and tables are compared with their sources.

The outputs need the tool (the environment's BERTH_BINARY).
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


if __name__ == "__main__":
    unittest.main()
