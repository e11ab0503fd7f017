"""`berth admit --html` says what `-o json` says: every number, name and place of the page is one of the document.

The pages of all example requests are read with a parser that forgives nothing, and compared part by part.
"""

import collections
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import html_page

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("BERTH_BINARY", str(ROOT / "build" / "release" / "berth"))
REQUESTS = sorted((ROOT / "examples" / "requests").glob("*.yaml"))
CATALOG = ["--catalog", "examples/catalog"]
EXIT_CODES = {"ADMITTED": 0, "REJECTED": 1, "INVALID": 1}
MAX_NAMES = 12
MAX_CANDIDATES = 1000

HOSTILE = ["<script>alert(1)</script>", "</style><style>*{display:none}", "\"'&<>&amp;&#0;", "]]><!--",
           "\u202eevil\u2066", "\u0001\u0007\u001b[31m", "\u2028\ufeff\u00ad\u061c", "\U000e0041", "a" * 200,
           "x\ty\nz", "`code`", "$(touch x) 'y'", "javascript:alert(1)"]


def run(*arguments, cwd=ROOT, **more):
    environment = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    environment.update({"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"})
    return subprocess.run([BINARY, *arguments], capture_output=True, cwd=cwd, env=environment, timeout=120,
                          check=False, **more)


class Element:
    def __init__(self, tag, named):
        self.tag, self.named, self.children = tag, named, []

    def all(self, tag, style=None):
        """The elements below it, in order; `style` is one of their classes."""
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and (style is None or style in child.named.get("class", "").split()):
                    yield child
                yield from child.all(tag, style)

    def one(self, tag, style=None):
        found = list(self.all(tag, style))
        if len(found) != 1:
            raise AssertionError(f"{len(found)} <{tag} class={style}>")
        return found[0]

    def has(self, style):
        return style in self.named.get("class", "").split()

    @property
    def text(self):
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


class Page(html_page.StrictPage):
    """The page as a tree."""

    TAGS = html_page.StrictPage.TAGS | {"section", "h2", "h3", "ol", "pre", "tfoot"}
    ATTRIBUTES = html_page.StrictPage.ATTRIBUTES | {"aria-labelledby", "data-label", "style"}

    def __init__(self, text):
        self.root = Element("", {})
        self.path = [self.root]
        super().__init__(text)

    def begin(self, tag, named):
        if not re.fullmatch(r"flex-grow:\d+", named.get("style", "flex-grow:0")):
            self.problems.append(f"style={named['style']!r}")
        element = Element(tag, named)
        self.path[-1].children.append(element)
        if tag not in html_page.VOID:
            self.path.append(element)

    def end(self, tag):
        self.path.pop()

    def add(self, data):
        self.path[-1].children.append(data)

    def section(self, name):
        """The section with this address, or nothing."""
        found = [section for section in self.root.all("section") if section.named["aria-labelledby"] == name]
        return found[0] if found else None

    def rows(self, name):
        """The cells of a section's table."""
        table = self.section(name).one("table")
        return [[cell for cell in row.children if isinstance(cell, Element)]
                for body in table.all("tbody") for row in body.all("tr")]


def facts(element):
    """Name and value of each `<dl class="facts">` below an element."""
    found = {}
    for entry in element.all("div"):
        terms = [child for child in entry.children if isinstance(child, Element)]
        if [term.tag for term in terms] == ["dt", "dd"]:
            found[terms[0].text] = terms[1]
    return found


def place_name(place):
    return f"{place['runner_id']}/{place['profile_name']}"


def without_ticks(text):
    return text.replace("`", "")


class Pages(unittest.TestCase):
    maxDiff = None

    def decide(self, *flags, cwd=ROOT):
        """The page and the document of one decision."""
        done = run("admit", "--quiet", *flags, "--html", "-", cwd=cwd)
        again = run("admit", "--quiet", *flags, "--all", "--html", "-", cwd=cwd)
        self.assertEqual(done.stdout, again.stdout, "the same bytes again")
        document = json.loads(run("admit", "--quiet", *flags, "--all", "-o", "json", cwd=cwd).stdout)
        self.assertEqual(done.returncode, EXIT_CODES[document["verdict"]], done.stderr)
        page = Page(done.stdout.decode())
        self.assertEqual(page.problems, [])
        for table in page.root.all("table"):
            self.check_table(table)
        return page, document

    def check_table(self, table):
        head = list(table.one("thead").all("th"))
        self.assertEqual({cell.named["scope"] for cell in head}, {"col"})
        for row in [row for part in (*table.all("tbody"), *table.all("tfoot")) for row in part.all("tr")]:
            cells = [cell for cell in row.children if isinstance(cell, Element)]
            self.assertEqual([cell.tag for cell in cells], ["th"] + ["td"] * (len(head) - 1))
            self.assertEqual(cells[0].named["scope"], "row")
            for cell in cells[1:]:
                self.assertTrue(cell.named.get("data-label") or cell.has("empty") or cell.has("share"), cell.named)

    def compare(self, *flags, cwd=ROOT):
        page, document = self.decide(*flags, cwd=cwd)
        heading = page.root.one("h1").text
        self.assertTrue(heading.startswith(document["verdict"]), heading)
        self.assertEqual(document.get("code", "") in heading, True)
        self.assertEqual(page.root.one("p", "message").text, without_ticks(document["message"]))
        if document["sandbox_id"] is not None:
            self.assertEqual(facts(page.section("request"))["sandbox"].text, document["sandbox_id"])
        self.assertEqual(facts(page.section("request"))["revision"].text, str(document["catalog_revision"]))
        {"ADMITTED": self.compare_admitted, "REJECTED": self.compare_rejected,
         "INVALID": self.compare_invalid}[document["verdict"]](page, document)
        return page, document

    def compare_admitted(self, page, document):
        found = facts(page.section("placement"))
        place = document["placement"]
        self.assertEqual(page.root.one("h1").text, f"ADMITTED on {place_name(place)}")
        self.assertEqual([found[name].text for name in ("runner", "profile", "zone")],
                         [place["runner_id"], place["profile_name"], place["zone"]])
        self.assertEqual(found["alternatives"].text, ", ".join(map(place_name, document["alternatives"])) or "none")
        self.assertTrue(found["namespace"].text.startswith(document["namespace"]["name"]))
        if document["egress"] is not None and document["egress"]["mode"] is not None:
            self.assertTrue(found["egress"].text.startswith(f"{document['egress']['mode']} (type "))
            self.assertIn(f"(type {document['egress']['type']})", found["egress"].text)
        if document["ingress"] is not None:
            self.assertTrue(found["ingress"].text.startswith(document["ingress"]["mode"]))
            self.assertIn(document["ingress"]["host"] or "", found["ingress"].text)
        self.compare_candidates(page, document)

    def compare_invalid(self, page, document):
        rows = page.rows("violations")
        self.assertEqual([row[0].text for row in rows],
                         [entry["field"] or "the request" for entry in document["violations"]])
        for row, entry in zip(rows, document["violations"]):
            self.assertTrue(row[2].text.startswith(without_ticks(entry["description"])), row[2].text)
        self.assertIsNone(page.section("candidates"))

    def compare_rejected(self, page, document):
        self.compare_waterfall(page, document)
        self.compare_remedies(page, document)
        self.compare_reasons(page, document)
        self.compare_candidates(page, document)

    def compare_waterfall(self, page, document):
        first, *steps = page.rows("waterfall")
        visible = left = int(first[3].text)
        reasons = {}
        for row in steps:
            lost = int(row[2].text)
            if row[0].named.get("class") is None and not list(row[0].all("code")):
                self.assertEqual(reasons, {}, "filters come first")
            else:
                if not reasons:
                    self.assertEqual(left, document["candidates"])
                name = row[0].one("code").text
                reasons[row[0].one("a").named["href"]] = (name, lost)
            left -= lost
            self.assertGreater(lost, 0)
            self.assertEqual(int(row[3].text), left)
            # The bar: what is left, what is lost here, what was lost before.
            bar = row[1].one("span", "bar")
            parts = {part.named.get("class", "gone"): int(part.named["style"].split(":")[1])
                     for part in bar.children if isinstance(part, Element)}
            wanted = {"left": left, "lost": lost, "gone": visible - left - lost}
            self.assertEqual(parts, {name: size for name, size in wanted.items() if size > 0})
            self.assertEqual(bar.named["aria-hidden"], "true")
            self.assertEqual(row[1].one("span", "unseen").text, f"{left} of {visible} left")
        self.assertEqual(left, 0)
        wanted = {f"#reason-{i + 1}": (reason["code"], reason["headline"])
                  for i, reason in enumerate(document["reasons"]) if reason["headline"] > 0}
        self.assertEqual(reasons, wanted)
        # What each remedy brings back adds up to what it admits.
        for i, remedy in enumerate(document["remedies"]):
            self.assertEqual(sum(int(row[4 + i].text) for row in steps), remedy["admits"])
            total = list(page.section("waterfall").one("tfoot").all("td"))[3 + i]
            self.assertEqual(int(total.text), remedy["admits"])

    def compare_remedies(self, page, document):
        section = page.section("remedies")
        cards = list(section.all("li", "card"))
        self.assertEqual(len(cards), len(document["remedies"]))
        if not cards:
            self.assertIn("No single change that was tried helps", section.text)
            self.assertGreater(len(list(section.all("li"))), 0)
        for i, (card, remedy) in enumerate(zip(cards, document["remedies"])):
            self.assertEqual(card.named["id"], f"remedy-{i + 1}")
            self.assertEqual(card.one("h3").text, f"#{i + 1} " + " + ".join(remedy["actions"]))
            found = facts(card)
            self.assertEqual(found["admits"].text.split()[0], str(remedy["admits"]))
            self.assertEqual("first" in found, "placement" in remedy)
            if "placement" in remedy:
                self.assertEqual(found["first"].text, place_name(remedy["placement"]))
            if remedy["changes"]:
                self.assertEqual(json.loads(card.one("pre").text), remedy["changes"])
            if "wait" in remedy:
                self.assertEqual([code.text for code in found["until it passes"].all("code")],
                                 remedy["wait"]["reasons"])
                self.assertEqual(found["try again in"].text, f"{remedy['wait']['retry_delay_seconds']} s")
            if "admin" in remedy:
                admin = remedy["admin"]
                self.assertEqual(found["for"].text, place_name(admin))
                self.assertEqual(found["field"].text, admin["path"])
                self.assertEqual(found["set in"].text, admin["layer"] + (admin["source"] or ""))
                self.assertEqual(json.loads(card.one("pre").text), admin["value"])
                current = found["now"].text
                self.assertEqual(None if current == "nothing" else json.loads(current), admin["current"])

    def compare_reasons(self, page, document):
        rows = page.rows("reasons")
        self.assertEqual(len(rows), len(document["reasons"]))
        for row, reason in zip(rows, document["reasons"]):
            # A detail can quote names as code; the reason's own code comes first.
            self.assertEqual(next(row[0].all("code")).text, reason["code"])
            self.assertEqual(row[0].one("span", "nothing").text, reason["capability"])
            detail = "; ".join(note.text for note in list(row[0].all("span", "note"))[1:])
            self.assertEqual(detail, without_ticks(reason.get("detail", "")))
            self.assertEqual(row[1].text, "none" if reason["requested"] is None else reason["requested"])
            total = reason.get("offered_total", len(reason["offered"]))
            self.assertEqual([code.text for code in row[2].all("code")], reason["offered"][:MAX_NAMES])
            self.assertEqual(row[2].text.endswith(f" and {total - MAX_NAMES} more"), total > MAX_NAMES)
            self.assertEqual([int(cell.text) for cell in row[3:6]],
                             [reason["headline"], reason["blocked"], reason["sole"]])
            example = reason["example"]
            self.assertEqual(row[6].text, "none" if example is None else place_name(example))
            who = "" if example is None else (example["layer"] or "") + (example["source"] or "")
            self.assertEqual(row[7].text, who or "none")

    def compare_candidates(self, page, document):
        wanted = collections.defaultdict(list)
        for candidate in document["per_candidate"]:
            wanted[tuple(candidate["reasons"])].append(place_name(candidate))
        if not wanted:
            self.assertIn("None", page.section("candidates").text)
            return
        shown = {}
        for row in page.rows("candidates"):
            reasons = tuple(code.text for code in row[0].all("code"))
            self.assertNotIn(reasons, shown)
            names = self.named(row)
            shown[reasons] = (int(row[1].text), names)
        self.assertEqual(sorted(shown, key=len), list(shown), "those that fail least come first")
        if len(document["per_candidate"]) <= MAX_CANDIDATES / len(wanted):
            self.assertEqual(shown, {reasons: (len(names), names) for reasons, names in wanted.items()})
        for reasons, (count, names) in shown.items():
            self.assertEqual((count, names), (len(wanted[reasons]), wanted[reasons][:len(names)]))

    @staticmethod
    def named(row):
        """The candidates in a row: `runner: profile, profile` for each runner."""
        return [f"{item.children[0].removesuffix(': ')}/{profile.text}"
                for item in row[2].all("li") for profile in item.all("span")]

    def test_pages_say_what_json_says(self):
        verdicts = collections.Counter()
        actions = set()
        for request in REQUESTS:
            with self.subTest(request.name):
                _, document = self.compare(*CATALOG, "--request", f"examples/requests/{request.name}")
                verdicts[document["verdict"]] += 1
                actions.update(action for remedy in document.get("remedies", []) for action in remedy["actions"])
        self.assertEqual(set(verdicts), set(EXIT_CODES))
        self.assertLessEqual({"RETRY_SMALLER", "WAIT", "ASK_ADMIN", "USE_OTHER_PROFILE", "USE_OTHER_RUNNER"}, actions)

    def test_the_waterfall_is_that_of_the_text(self):
        for name in ("too-much-memory", "profile-mismatch", "gpus-all-busy", "quota-exceeded"):
            with self.subTest(name):
                flags = [*CATALOG, "--request", f"examples/requests/{name}.yaml"]
                text = run("admit", *flags, "--all").stdout.decode()
                lines = text[text.index("  LOST TO"):].split("\n\n")[0].splitlines()[1:]
                told = [re.split(r"  +", re.sub("[█#]+(?= |$)", "", line).strip()) for line in lines]
                page, _ = self.decide(*flags)
                shown = []
                for row in page.rows("waterfall"):
                    cells = [cell.text for cell in row]
                    head = next(row[0].all("code"), None)
                    gains = ["-" if cell == "0" else cell for cell in cells[4:]]
                    label = cells[0] if head is None else head.text
                    shown.append([label, *[cell for cell in (cells[2], cells[3], *gains) if cell]])
                shown[0][0] = told[0][0]
                for wanted, row in zip(told, shown, strict=True):
                    self.assertEqual([wanted[0].split()[0] if row[0].isupper() else wanted[0], *wanted[1:]],
                                     [row[0].split()[0] if row[0].isupper() else row[0], *row[1:]])

    def test_a_page_says_what_is_asked(self):
        request = {
            "organization_id": "acme", "user_id": "u", "sandbox_id": "s-1", "profile_names": ["agent", "ci"],
            "runner_ids": ["us-east-cpu-1"], "runner_group_id": "g", "zone": "us-east-1",
            "container_image": "registry.example/app:1", "resource_requests": {"cpu": "1500m", "memory": "2Gi"},
            "resource_limits": {"cpu": "2", "memory": "4Gi", "gpu": {"count": 2, "type": "H100", "memory_gb": 80}},
            "network": {"egress_mode": "internet", "ingress_mode": "public", "exposed_ports": [8080, 9090]}}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "request.json"
            path.write_text(json.dumps(request), encoding="utf-8")
            page, _ = self.compare(*CATALOG, "--request", str(path))
        found = {name: value.text for name, value in facts(page.section("request")).items()}
        self.assertEqual(found, {
            "launch": "request.json", "sandbox": "s-1", "organization": "acme", "user": "u", "profile": "agent, ci",
            "runner": "us-east-cpu-1", "runner group": "g", "zone": "us-east-1", "CPU": "request 1500m, limit 2",
            "memory": "request 2Gi, limit 4Gi", "GPUs": "2 of type H100 with at least 80 GB each",
            "egress mode": "internet", "ingress mode": "public", "exposed ports": "8080, 9090",
            "image": "registry.example/app:1", "catalog": "examples/catalog", "revision": "1"})

    def test_the_command_that_a_page_names_explains_the_placement(self):
        page, document = self.compare(*CATALOG, "--request", "examples/requests/public-web-service.yaml")
        words = shlex.split(page.section("placement").one("pre").text)
        self.assertEqual(words[:2] + words[-2:], ["berth", "explain", "--html", "explained.html"])
        done = run(*words[1:-1], "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"<title>{place_name(document['placement'])}: who set every field", done.stdout.decode())

    def test_an_unknown_organization_is_said(self):
        page, _ = self.decide(*CATALOG, "--request", "tests/golden/input/unknown-organization.yaml")
        self.assertIn("is carried by no object of the catalog", page.root.one("p", "problem").text)

    def test_hostile_text_stays_text(self):
        runner, profile = "r\"<u>&\u202e$(touch x)'", "p'\"><script>"
        catalog = [
            {"kind": "Zone", "zone": "z<b>", "defaults": {}},
            {"kind": "Profile", "display_name": profile, "spec": {
                "resource_defaults": {"memoryLimit": "1Gi"},
                "network": {"egress": {"default": "<i>", "modes": {
                    name: {"type": "none"} for name in ("<i>", *HOSTILE[:5])}}}}},
            {"kind": "Runner", "runner_id": runner, "identity": {"zone": "z<b>", "cluster_name": "c"},
             "profile_bindings": [{"profile_template_id": profile, "is_default": True}]},
        ]
        valid = [text for text in HOSTILE if not re.search("[\x00-\x1f]", text)]
        requests = {
            "admitted": {"network": {"egress_mode": "<i>"}},
            "rejected": {"network": {"egress_mode": HOSTILE[0] + "x"}},
            "filtered": {"runner_ids": valid, "profile_names": valid, "zone": HOSTILE[0]},
            "memory": {"resource_limits": {"memory": "64Gi"}},
            "invalid": {"runner_ids": HOSTILE, "network": {"egress_mode": HOSTILE[1]},
                        "pod_annotations": {text: text for text in HOSTILE}, HOSTILE[0]: HOSTILE[1],
                        "exposed_ports": [0]},
        }
        verdicts = set()
        with tempfile.TemporaryDirectory() as folder:
            name = "<img src=x onerror=y>\"'&.json"
            (pathlib.Path(folder) / name).write_text(json.dumps(catalog), encoding="utf-8")
            for what, request in requests.items():
                with self.subTest(what):
                    path = f"<b>{what}'\".json"
                    (pathlib.Path(folder) / path).write_text(json.dumps(request), encoding="utf-8")
                    page, document = self.decide("--catalog", name, "--request", path, cwd=folder)
                    verdicts.add(document["verdict"])
                    text = "".join(page.text)
                    self.assertEqual((path in text, name in text), (True, True))
                    if what in ("filtered", "invalid"):
                        for wanted in (HOSTILE[0], HOSTILE[2], "\\u202eevil\\u2066", "\\udb40\\udc41"):
                            self.assertIn(wanted, text)
                    if document["verdict"] == "REJECTED":
                        self.assertEqual(len(page.rows("reasons")), len(document["reasons"]))
                        self.assertEqual(sum(int(row[1].text) for row in page.rows("candidates"))
                                         if document["candidates"] else 0, document["candidates"])
                    if document["verdict"] == "ADMITTED":
                        words = shlex.split(page.section("placement").one("pre").text)
                        self.assertEqual(words[2:10], ["--catalog", name, "--runner", runner.replace("\u202e", "\\u202e"),
                                                       "--profile", profile, "--request", path])
        self.assertEqual(verdicts, set(EXIT_CODES))

    def test_a_page_of_many_candidates_is_bounded(self):
        catalog = [{"kind": "Zone", "zone": "z", "defaults": {}}]
        for p in range(20):
            modes = {mode: {"type": "none"} for mode in ("a", *(f"m{p}-{i}" for i in range(3)))}
            catalog.append({"kind": "Profile", "display_name": f"p{p}", "spec": {
                "resource_defaults": {"memoryLimit": "64Gi" if p % 5 else "900Gi"},
                "network": {"egress": {"default": "a", "modes": modes}}}})
        for r in range(150):
            catalog.append({"kind": "Runner", "runner_id": f"r{r}", "identity": {"zone": "z", "cluster_name": f"c{r}"},
                            "profile_bindings": [{"profile_template_id": f"p{p}", "is_default": p == 0}
                                                 for p in range(20)]})
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "c.json").write_text(json.dumps(catalog), encoding="utf-8")
            for request, sets in (({"network": {"egress_mode": "none-such"}}, 1),
                                  ({"network": {"egress_mode": "none-such"}, "resource_limits": {"memory": "99Gi"}}, 2)):
                (pathlib.Path(folder) / "r.json").write_text(json.dumps(request), encoding="utf-8")
                page, document = self.compare("--catalog", "c.json", "--request", "r.json", cwd=folder)
                self.assertEqual(document["candidates"], 3000)
                rows = page.rows("candidates")
                self.assertEqual(len(rows), sets)
                named = [len(self.named(row)) for row in rows]
                self.assertLessEqual(max(named), MAX_CANDIDATES // sets)
                self.assertIn(f"{sum(named)} candidates are named here, at most {MAX_CANDIDATES // sets} of each set",
                              page.section("candidates").text)
                for row, count in zip(rows, named):
                    more = int(row[1].text) - count
                    self.assertEqual(f"and {more} more" in row[2].text, more > 0)
                self.assertIn(" more", page.rows("reasons")[0][2].text)
                size = len(run("admit", "--catalog", "c.json", "--request", "r.json", "--html", "-", cwd=folder).stdout)
                self.assertLess(size, 200_000)


class Flags(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def admit(self, name, target, *more):
        return run("admit", *CATALOG, "--request", f"examples/requests/{name}.yaml", "--html", str(target), *more)

    def test_the_file_is_what_is_printed(self):
        for name, code in (("agent", 0), ("too-much-memory", 1), ("invalid-request", 1)):
            target = self.path / f"{name}.html"
            done = self.admit(name, target)
            self.assertEqual((done.returncode, done.stdout), (code, b""))
            self.assertEqual(target.read_bytes(), self.admit(name, "-").stdout)

    def test_what_cannot_be_written_is_said(self):
        for name in ("agent", "too-much-memory"):
            done = self.admit(name, "/dev/full")
            self.assertEqual((done.returncode, done.stdout), (4, b""))
            self.assertIn("`/dev/full` cannot be written: No space left", done.stderr.decode())

    def test_what_does_not_go_together_is_a_mistake(self):
        for more, why in ((["-o", "json"], "`--html` and `--output` exclude each other"),
                          (["--why-not", "us-east-cpu-1"], "`--html` and `--why-not` exclude each other")):
            done = self.admit("agent", self.path / "page.html", *more)
            self.assertEqual(done.returncode, 2)
            self.assertIn(why, done.stderr.decode())
        done = run("admit", *CATALOG, "--requests", "tests/golden/input/launches.jsonl", "--html", "-")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn("`--html` is about one launch", done.stderr.decode())
        done = self.admit("agent", "")
        self.assertEqual(done.returncode, 2)
        self.assertIn("`--html` needs the name of a file", done.stderr.decode())
        self.assertEqual(list(self.path.iterdir()), [])


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        sys.exit(f"{BINARY} is missing: build the target `berth`, or name it with BERTH_BINARY")
    unittest.main()
