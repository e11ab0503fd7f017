"""`berth explain` answers for every field: its text, its JSON and its page say the same, and what they say is true.

For every binding of the example catalog, each leaf of the resolved spec is looked up in the explanation, and the file
is opened at the place that the explanation names. The page is read with an HTML parser that forgives nothing.
"""

import collections
import json
import os
import pathlib
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

import html_page

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("BERTH_BINARY", str(ROOT / "build" / "release" / "berth"))
CATALOG = ROOT / "examples" / "catalog"
REQUESTS = ROOT / "examples" / "requests"
LAYERED = ["--catalog", "tests/golden/input/layers.yaml", "--runner", "r1"]
LAYERS = ["zone", "profile", "binding", "sandbox"]


def run(*arguments, cwd=ROOT, **more):
    environment = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    environment.update({"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"})
    return subprocess.run([BINARY, *arguments], capture_output=True, cwd=cwd, env=environment, timeout=120,
                          check=False, **more)


def printed(*arguments, cwd=ROOT):
    """Standard output of a command that must succeed."""
    done = run(*arguments, cwd=cwd)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr.decode()}")
    return done.stdout.decode()


def targets():
    """The flags of every binding, alone, and of every admitted request."""
    for organization in ("acme", "globex", "platform"):
        flags = ["--catalog", "examples/catalog", "--organization", organization]
        for entry in json.loads(printed("profiles", *flags, "-o", "json"))["profiles"]:
            yield [*flags, "--runner", entry["runner_id"], "--profile", entry["profile_name"]]
    for request in sorted(REQUESTS.iterdir()):
        flags = ["--catalog", "examples/catalog", "--request", str(request.relative_to(ROOT))]
        decision = json.loads(run("admit", *flags, "-o", "json").stdout)
        if decision["verdict"] == "ADMITTED":
            place = decision["placement"]
            yield [*flags, "--runner", place["runner_id"], "--profile", place["profile_name"]]


def rows_of(text):
    """The lines of the table."""
    lines = text.splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith("FIELD ")) + 1:]


def escaped(token):
    return token.replace("~", "~0").replace("/", "~1")


def text_at(source):
    """What a file shows from a place on."""
    name, line, column = source.rsplit(":", 2)
    path = CATALOG / name if (CATALOG / name).exists() else REQUESTS / name
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return lines[int(line) - 1][int(column) - 1:] + "".join(lines[int(line):])


def spellings(value):
    if not isinstance(value, str):
        return [json.dumps(value)]
    quoted = json.dumps(value)
    return [value, quoted, "'" + value.replace("'", "''") + "'", json.dumps(quoted)[1:-1]]


def shows(text, value):
    """Whether a text begins with the value, as YAML or JSON spells it."""
    if isinstance(value, dict):
        return text.startswith(tuple("{" + key for key in ("", *value))) or text.startswith(tuple(value))
    if not isinstance(value, list):
        return text.startswith(tuple(spellings(value)))
    if not text.startswith(("[", "- ")):
        return False
    for item in value:
        places = [text.find(spelling) for spelling in spellings(item)] if not isinstance(item, (dict, list)) else [0]
        found = [place for place in places if place >= 0]
        if not found:
            return False
        text = text[min(found):]
    return True


class About(unittest.TestCase):
    """Which profile is explained, in every form."""

    FLAGS = ["--catalog", "examples/catalog", "--organization", "acme", "--runner", "us-east-cpu-1"]

    def test_the_text_begins_like_that_of_resolve(self):
        for more in ([], ["--profile", "web", "--request", "examples/requests/public-web-service.yaml"]):
            explained, resolved = (printed(command, *self.FLAGS, *more).split("\n\n")[0]
                                   for command in ("explain", "resolve"))
            self.assertEqual(explained, resolved)
            self.assertIn("egress ", explained)

    def test_a_path_keeps_only_the_profile_that_was_not_asked_for(self):
        profile = json.loads(printed("explain", *self.FLAGS, "-o", "json"))["profile_name"]
        self.assertRegex(printed("explain", *self.FLAGS, "--path", "tags"), rf"\Aprofile +{profile}\n\n")
        self.assertNotRegex(printed("explain", *self.FLAGS, "--path", "tags", "--profile", profile), "^profile")

    def test_json_names_it_and_whether_it_is_valid(self):
        document = json.loads(printed("explain", *self.FLAGS, "--profile", "web", "-o", "json"))
        self.assertEqual([document[key] for key in ("runner_id", "profile_name", "organization_id", "valid")],
                         ["us-east-cpu-1", "web", "acme", True])
        self.assertEqual(list(document)[:5], ["schema", "runner_id", "profile_name", "organization_id", "valid"])
        done = run("explain", "--quiet", "--catalog", "tests/golden/input/broken-catalog.yaml", "--runner", "r1",
                   "--profile", "public", "-o", "json")
        self.assertIs(json.loads(done.stdout)["valid"], False)

    def test_what_folds_is_followed_in_every_form(self):
        path = ["--path", "pod.spec.containers.0.resources.limits.cpu"]
        line = "`/pod/spec/containers/0/resources/limits/cpu` folds into `/resource_defaults/cpuLimit`"
        self.assertIn(line, printed("explain", *self.FLAGS, *path))
        done = run("explain", *self.FLAGS, *path, "-o", "json")
        self.assertEqual([field["path"] for field in json.loads(done.stdout)["fields"]], ["/resource_defaults/cpuLimit"])
        self.assertIn(line, done.stderr.decode())


class Truth(unittest.TestCase):
    def leaves(self, value, path, fields):
        """Every leaf of a spec is a field of the explanation, with its value."""
        if path in fields:
            self.assertEqual(fields[path]["value"], value, path)
            yield path
        elif isinstance(value, dict) and value:
            for key, member in value.items():
                yield from self.leaves(member, f"{path}/{escaped(key)}", fields)
        elif isinstance(value, list) and value:
            for index, item in enumerate(value):
                yield from self.leaves(item, f"{path}/{index}", fields)
        else:
            self.fail(f"{path} is no field of the explanation")

    def test_every_leaf_has_its_value_at_the_place_that_is_named(self):
        looked_at = 0
        for flags in targets():
            with self.subTest(" ".join(flags[2:])):
                spec = json.loads(printed("resolve", *flags, "-o", "json"))["spec"]
                fields = {field["path"]: field
                          for field in json.loads(printed("explain", *flags, "-o", "json"))["fields"]}
                for path in self.leaves(spec, "", fields):
                    field = fields[path]
                    rows = [row for row in field["layers"] if row["says"] == "set"]
                    self.assertEqual(len(rows), 1, path)
                    self.assertEqual([rows[0][key] for key in ("layer", "value", "source")],
                                     [field[key] for key in ("layer", "value", "source")], path)
                    self.assertEqual(field["source"] is None, field["layer"] == "default", path)
                    for row in field["layers"]:
                        if row["value"] is not None and row["source"] is not None:
                            text = text_at(row["source"])
                            self.assertTrue(shows(text, row["value"]), f"{path} {row}: {text[:60]!r}")
                            looked_at += 1
        self.assertGreater(looked_at, 500)

    def test_text_says_what_json_says(self):
        for flags in [*targets(), LAYERED]:
            with self.subTest(" ".join(flags[2:])):
                document = json.loads(printed("explain", *flags, "-o", "json"))
                lines = rows_of(printed("explain", *flags))
                deciders, path = [], ""
                for line in lines:
                    path = line.split("  ")[0].split(" > ")[0] or path
                    if " > " in line:
                        deciders.append(path)
                self.assertEqual(deciders, [field["path"] for field in document["fields"]])
                words = collections.Counter(word for line in lines for word in line.replace("> ", " ").split()
                                            if word in ("set", "shadowed", "unset", "dropped"))
                wanted = collections.Counter(row["says"] for field in document["fields"] for row in field["layers"])
                wanted["dropped"] += len(document["dropped"])
                self.assertEqual(words, +wanted)

    def test_all_layers_have_a_row_on_request(self):
        for flags in [*targets(), LAYERED]:
            with self.subTest(" ".join(flags[2:])):
                fields = {field["path"] for field in json.loads(printed("explain", *flags, "-o", "json"))["fields"]}
                layers, path = collections.defaultdict(list), ""
                for line in rows_of(printed("explain", *flags, "--all-layers")):
                    path = line.split("  ")[0].split(" > ")[0] or path
                    row = re.search(r"  (?:> )?(zone|profile|binding|sandbox|default) +"
                                    r"(not set|set|shadowed|unset|dropped)", line)
                    if row:
                        layers[path].append(row.group(1))
                self.assertLessEqual(fields, set(layers))
                for path, found in layers.items():
                    distinct = list(dict.fromkeys(layer for layer in found if layer != "default"))
                    self.assertEqual(distinct, LAYERS[::-1], path)


class Page(html_page.StrictPage):
    """The cells of a page, row by row."""

    TAGS = html_page.StrictPage.TAGS | {"s"}
    ATTRIBUTES = html_page.StrictPage.ATTRIBUTES | {"data-layer"}

    def __init__(self, text):
        self.rows = []
        super().__init__(text)

    def begin(self, tag, named):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append({"tag": tag, "scope": named.get("scope"), "layer": named.get("data-layer"),
                                  "class": named.get("class", ""), "says": [], "values": [], "sources": [], "text": ""})
        if tag == "div" and named.get("class", "").startswith("say "):
            self.rows[-1][-1]["says"].append(named["class"].split()[1])
        if tag == "code" and self.open[-1][0] in ("span", "s") and "value" in self.open[-1][1].get("class", ""):
            self.rows[-1][-1]["values"].append("")
        if tag == "span" and named.get("class") == "source" and self.inside("div"):
            self.rows[-1][-1]["sources"].append("")

    def add(self, data):
        if not (self.inside("td") or self.inside("th")):
            return
        cell = self.rows[-1][-1]
        cell["text"] += data
        tag, named = self.open[-1]
        if tag == "code" and cell["values"] and self.inside("div") and "none" not in cell["class"]:
            cell["values"][-1] += data
        if tag == "span" and named.get("class") == "part" and self.inside("div"):
            cell["sources"][-1] += data


class Pages(unittest.TestCase):
    def read(self, text):
        page = Page(text)
        self.assertEqual(page.problems, [])
        header, *rows = page.rows
        self.assertEqual({cell["tag"] for cell in header}, {"th"})
        self.assertEqual({cell["scope"] for cell in header}, {"col"})
        for row in rows:
            self.assertEqual([cell["tag"] for cell in row], ["th"] + ["td"] * (len(header) - 1))
            self.assertEqual(row[0]["scope"], "row")
        return page, header, rows

    def compare(self, flags, cwd=ROOT):
        """The page against the JSON of the same explanation."""
        text = printed("explain", "--quiet", *flags, "--html", "-", cwd=cwd)
        self.assertEqual(text, printed("explain", "--quiet", *flags, "--html", "-", cwd=cwd), "the same bytes again")
        page, header, rows = self.read(text)
        document = json.loads(printed("explain", "--quiet", *flags, "-o", "json", cwd=cwd))
        wanted = {field["path"]: field["layers"] for field in document["fields"]}
        for dropped in document["dropped"]:
            wanted.setdefault(dropped["path"], []).append({"says": "dropped", **dropped})
        self.assertEqual(len(rows), len(wanted))
        told = re.search(r"(\d+) fields?(?:, decided by ([^.;]*))?(?:;? ?,? ?and (\d+) rows?)?", "".join(page.text))
        counts = [int(word.rsplit(" ", 1)[1]) for word in (told.group(2) or "").split(", ") if word]
        self.assertEqual((int(told.group(1)), sum(counts), int(told.group(3) or 0)),
                         (len(document["fields"]), len(document["fields"]), len(wanted) - len(document["fields"])))
        names = [cell["text"].split()[0] if cell["text"].startswith("default") else cell["text"] for cell in header[1:]]
        for layer in [*LAYERS, "default"]:
            self.assertTrue(any(name.startswith(layer) for name in names), layer)
        for row, path in zip(rows, sorted(wanted, key=lambda path: path.encode())):
            shown = [entry for cell in row[1:] for entry in self.entries(cell)]
            told = [(entry["layer"], entry["says"], entry["value"], entry["source"]) for entry in wanted[path]]
            self.assertEqual(shown, told, path)
            decided = [cell for cell in row[1:] if "wins" in cell["class"]]
            self.assertEqual(len(decided), 0 if all(says == "dropped" for _, says, _, _ in told) else 1, path)
            for cell in decided:
                self.assertRegex(cell["text"], r"> (set|unset)")
            for cell in row[1:]:
                if not cell["says"]:
                    self.assertTrue(cell["text"].startswith("not set"), cell)
        return page, rows

    @staticmethod
    def entries(cell):
        values, sources = list(cell["values"]), list(cell["sources"])
        for says in cell["says"]:
            value = None if says == "unset" else json.loads(values.pop(0))
            yield cell["layer"], says, value, sources.pop(0) if sources else None

    def test_pages_say_what_json_says(self):
        count = 0
        for flags in [*targets(), LAYERED]:
            with self.subTest(" ".join(flags[2:])):
                self.compare(flags)
                count += 1
        self.assertGreater(count, 20)

    def test_a_page_names_what_it_is_about(self):
        page, _ = self.compare(["--catalog", "examples/catalog", "--runner", "eu-west-cpu-1", "--profile", "web",
                                "--request", "examples/requests/public-web-service.yaml"])
        text = " ".join("".join(page.text).split())
        for wanted in ("eu-west-cpu-1", "web (web-service)", "acme", "sb-acme", "catalog revision",
                       "public-web-service.yaml", "zones/eu-west-1.yaml", "profiles/web-service.yaml",
                       "runners/eu-west-cpu-1.yaml", "can be set: resource_limits.cpu", "closed to launches"):
            self.assertIn(wanted, text)
        # A launch chooses modes and levels by name, and sets nothing in them.
        self.assertNotIn("can be chosen", text)

    def test_a_page_of_a_part_says_so(self):
        page, rows = self.compare([*LAYERED, "--path", "resource_defaults"])
        self.assertEqual(len(rows), 2)
        self.assertIn("only /resource_defaults and what is below it", "".join(page.text))
        page, rows = self.compare([*LAYERED, "--path", "instance_types"])
        self.assertEqual(rows, [])

    def test_an_invalid_binding_says_so(self):
        done = run("explain", "--quiet", "--catalog", "tests/golden/input/broken-catalog.yaml", "--runner", "r1",
                   "--profile", "public", "--html", "-")
        self.assertEqual(done.returncode, 1)
        page, _, _ = self.read(done.stdout.decode())
        self.assertIn("PROFILE_INVALID", "".join(page.text))

    def test_hostile_text_stays_text(self):
        hostile = ["<script>alert(1)</script>", "</style><style>*{display:none}", "\"'&<>&amp;&#0;", "]]><!--", "-->",
                   "\u202eevil\u2066", "\u0001\u0007\u001b[31m", "\u2028\u2029\ufeff\u00ad\u061c", "\ufffe\uffff",
                   "\U000e0041", "a" * 200, "\u0645\u0631\u062d\u0628\u0627", "x\ty\nz", "{{constructor}}", "`code`",
                   "javascript:alert(1)"]
        environment = [{"name": f"V{i}", "value": text} for i, text in enumerate(hostile)]
        catalog = [
            {"kind": "Zone", "zone": "z<b>", "defaults": {"namespace": {"annotations": {"a": hostile[0]}}}},
            {"kind": "Profile", "display_name": "p'\"><script>", "spec": {
                "pod": {"spec": {"containers": [{"name": "", "env": environment}],
                                 "unknown<i>\u202e\"": {text: text for text in hostile}}}}},
            {"kind": "Runner", "runner_id": "r\"<u>&\u202e", "identity": {"zone": "z<b>", "cluster_name": "c"},
             "profile_bindings": [{"profile_template_id": "p'\"><script>", "is_default": True, "overrides_json": {
                 "namespace": {"annotations": {"a": "b"}}}}]},
        ]
        with tempfile.TemporaryDirectory() as folder:
            name = "<img src=x onerror=y>\"'&.json"
            (pathlib.Path(folder) / name).write_text(json.dumps(catalog), encoding="utf-8")
            page, rows = self.compare(["--catalog", name, "--runner", "r\"<u>&\u202e"], cwd=folder)
        self.assertEqual(len(rows), 2 * len(hostile) + len(hostile) + 4)
        text = "".join(page.text)
        for wanted in (hostile[0], hostile[1], "\\u202eevil\\u2066", "z<b>", name, "r\"<u>&\\u202e"):
            self.assertIn(wanted, text)

    def test_a_large_page_is_whole(self):
        environment = [{"name": f"V{i}", "value": "v" * (i % 50)} for i in range(250)]
        beside = [{"name": f"c{i}", "image": "a:1", "env": environment} for i in range(6)]
        catalog = [
            {"kind": "Zone", "zone": "z", "defaults": {"tags": [f"t{i}" for i in range(200)]}},
            {"kind": "Profile", "display_name": "p", "spec": {
                "pod": {"spec": {"containers": [{"name": "", "env": environment, "args": ["x<" * 100000]}, *beside]}}}},
            {"kind": "Runner", "runner_id": "r", "identity": {"zone": "z", "cluster_name": "c"},
             "profile_bindings": [{"profile_template_id": "p", "is_default": True}]},
        ]
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "c.json").write_text(json.dumps(catalog), encoding="utf-8")
            _, rows = self.compare(["--catalog", "c.json", "--runner", "r"], cwd=folder)
            self.assertGreater(len(rows), 3000)
            for line in printed("explain", "--catalog", "c.json", "--runner", "r", cwd=folder).splitlines():
                self.assertLess(len(line), 200)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.page = printed("explain", "--quiet", *LAYERED, "--html", "-")

    def explain(self, target, code=0, **more):
        done = run("explain", "--quiet", *LAYERED, "--html", str(target), **more)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()

    def left(self):
        return sorted(path.name for path in self.path.iterdir())

    def test_the_file_is_what_is_printed(self):
        self.assertEqual(self.explain(self.path / "page.html"), "")
        self.assertEqual((self.path / "page.html").read_text(encoding="utf-8"), self.page)
        self.assertEqual(self.left(), ["page.html"])
        done = run("explain", "--quiet", "--catalog", str(ROOT / LAYERED[1]), *LAYERED[2:], "--html", "here.html",
                   cwd=self.path)
        self.assertEqual((done.returncode, self.left()), (0, ["here.html", "page.html"]))

    def test_a_file_that_is_there_is_replaced(self):
        target = self.path / "page.html"
        target.write_text("old" * 100000, encoding="utf-8")
        target.chmod(0o640)
        self.explain(target)
        self.assertEqual(target.read_text(encoding="utf-8"), self.page)
        self.assertEqual(stat.S_IMODE(target.stat().st_mode), 0o640)
        self.assertEqual(self.left(), ["page.html"])

    def test_a_link_stays_a_link(self):
        (self.path / "real").mkdir()
        target = self.path / "real" / "page.html"
        target.write_text("old", encoding="utf-8")
        (self.path / "link.html").symlink_to(target)
        self.explain(self.path / "link.html")
        self.assertTrue((self.path / "link.html").is_symlink())
        self.assertEqual(target.read_text(encoding="utf-8"), self.page)

    def test_what_cannot_be_written_is_said(self):
        (self.path / "file").write_text("", encoding="utf-8")
        for target, why in ((self.path, "it is a folder"), (self.path / "missing" / "page.html", "No such file"),
                            (self.path / "file" / "page.html", "Not a directory"), ("/dev/full", "No space left")):
            with self.subTest(str(target)):
                self.assertRegex(self.explain(target, code=4), f"berth: `.*` cannot be written: {why}")
        self.assertEqual(self.left(), ["file"])
        self.assertEqual((self.path / "file").read_text(encoding="utf-8"), "")

    def test_a_file_without_a_name_is_a_mistake(self):
        self.assertIn("`--html` needs the name of a file", self.explain("", code=2))

    def test_a_device_is_written_and_stays(self):
        self.explain("/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_half_a_page_is_never_left(self):
        target = self.path / "page.html"
        target.write_text("old", encoding="utf-8")

        def full_disk():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        self.assertRegex(self.explain(target, code=4, preexec_fn=full_disk), "cannot be written: File too large")
        self.assertEqual(target.read_text(encoding="utf-8"), "old")
        self.assertEqual(self.left(), ["page.html"])

    def test_a_mistake_writes_nothing(self):
        done = run("explain", "--quiet", *LAYERED, "--path", "/tagz", "--html", str(self.path / "page.html"))
        self.assertEqual((done.returncode, self.left()), (2, []))


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        sys.exit(f"{BINARY} is missing: build the target `berth`, or name it with BERTH_BINARY")
    unittest.main()
