"""What the benchmarks are to reach, each goal as ratios between rows of one run."""

import re
from dataclasses import dataclass, field
from typing import Callable, Optional

from results import Results, number

USUAL = "kinds:120"
DIFFERENT = "kinds:0"


@dataclass(frozen=True)
class Check:
    what: str
    measure: Callable[[Results], Optional[float]]
    bound: float
    at_least: bool = False
    unit: str = "x"

    def reached(self, value):
        return value >= self.bound if self.at_least else value <= self.bound

    def text(self, value):
        if value is None:
            return f"{self.what}: not measured"
        limit = "at least" if self.at_least else "at most"
        mark = "" if self.reached(value) else "**"
        return f"{self.what}: {mark}{number(value)}{self.unit}{mark} ({limit} {number(self.bound)}{self.unit})"


@dataclass(frozen=True)
class Goal:
    name: str
    text: str
    checks: list = field(default_factory=list)
    why: str = ""  # when it is not reached, or not measured

    def values(self, results):
        return [check.measure(results) for check in self.checks]

    def verdict(self, results):
        values = self.values(results)
        measured = [(check, value) for check, value in zip(self.checks, values) if value is not None]
        if any(not check.reached(value) for check, value in measured):
            return "not reached"
        if not values or len(measured) < len(values):
            return "not measured" if not measured else "measured in part"
        return "reached"


def ratio(a, b):
    """Of one row's time to another's."""

    def measure(results):
        times = results.time(a), results.time(b)
        return None if None in times else times[0] / times[1]

    return measure


def counter(name, key, scale=1.0):
    def measure(results):
        value = results.value(name, key)
        return None if value is None else value * scale

    return measure


def counters(a, b, key):
    """Of one row's counter to another's."""

    def measure(results):
        values = results.value(a, key), results.value(b, key)
        return None if None in values else values[0] / values[1]

    return measure


def within(name, key, divisor):
    """Of one counter of a row to another of it."""

    def measure(results):
        values = results.value(name, key), results.value(name, divisor)
        return None if None in values else values[0] / values[1]

    return measure


def milliseconds(name):
    def measure(results):
        time = results.time(name)
        return None if time is None else time / 1e6

    return measure


def served(name, peer, factor):
    """Of the time to serve a catalog to what is allowed: some times its bare parse, and 20 us for each spec."""

    def measure(results):
        specs = results.value(name, "specs")
        times = results.time(name), results.time(peer)
        if None in times or specs is None:
            return None
        return times[0] / (factor * times[1] + specs * 20e3)

    return measure


def calls(pattern, column):
    """The least of a column over the rows of the table of calls that match."""

    def measure(results):
        values = [float(found.group(column)) for found in re.finditer(pattern, results.rpc)]
        return min(values) if values else None

    return measure


def streamed(results):
    rates = dict(re.findall(r"^TCP +(unary, 64 at once|stream, 64 at once) +(\d+)", results.rpc, re.MULTILINE))
    return float(rates["stream, 64 at once"]) / float(rates["unary, 64 at once"]) if len(rates) == 2 else None


def fleet(family, case, bindings, kinds=USUAL):
    return f"{family}/{case}/bindings:{bindings}/{kinds}"


def admit(case, bindings, kinds=USUAL):
    return fleet("BM_Admit", case, bindings, kinds)


def beside(threads, publishes=100):
    return f"BM_AdmitBesideWriter/bindings:100/publishes_per_s:{publishes}/real_time/threads:{threads}"


COLD = "iterations:200/manual_time"

GOALS = [
    Goal(
        "S1",
        "Resolve, from the launch's JSON to the resolved JSON: 150x faster than nlohmann's parse, three merge patches "
        "and write; 45x and 18x than nlohmann and RapidJSON with layers merged before",
        why="no benchmark of resolving yet",
    ),
    Goal(
        "S2",
        "the same within 1.8x of simdjson's parse of that launch and a memcpy of that answer",
        why="no benchmark of resolving yet",
    ),
    Goal(
        "S3",
        "Resolve a decoded request: within 6x of a memcpy of the answer; 30x faster than protobuf's MergeFrom",
        why="no benchmark of resolving yet",
    ),
    Goal(
        "S4",
        "Rejection with every reason counted: the same at 100 000 bindings as at 1 000; a filter costs in proportion "
        "to the scope it leaves; 25 000x (10 000 bindings) and 250 000x (100 000) faster than a loop over strings",
        [
            Check(
                "100 000 bindings to 1 000",
                ratio(admit("rejected_manifold", 100000), admit("rejected_manifold", 1000)),
                1.25,
            ),
            Check(
                "filtered by profile, 100 000 to 10 000",
                ratio(admit("rejected_profile", 100000), admit("rejected_profile", 10000)),
                12.5,
            ),
            Check(
                "filtered by zone, 100 000 to 10 000",
                ratio(admit("rejected_zone", 100000), admit("rejected_zone", 10000)),
                12.5,
            ),
            Check(
                "strings to berth, 10 000",
                ratio(fleet("BM_PeerStrings", "rejected_manifold", 10000), admit("rejected_manifold", 10000)),
                25000, True,
            ),
            Check(
                "strings to berth, 100 000",
                ratio(fleet("BM_PeerStrings", "rejected_manifold", 100000), admit("rejected_manifold", 100000)),
                250000, True,
            ),
        ],
        "a decision judges every visible binding, one after the other",
    ),
    Goal(
        "S5",
        "the same when free capacity counts too: 1.2x one pass over its columns",
        [
            Check("10 000 bindings", ratio(admit("rejected_full", 10000), "BM_FloorColumns/rows:2500"), 1.2),
            Check("100 000", ratio(admit("rejected_full", 100000), "BM_FloorColumns/rows:25000"), 1.2),
        ],
        "a decision judges every visible binding, and reads its runner's cell",
    ),
    Goal(
        "S6",
        "Admission, the best candidate: 1.5x one pass over the columns of the feasible runners; 20x first fit",
        [
            Check(
                "spread, 10 000, to the pass",
                ratio(admit("admitted_spread", 10000), fleet("BM_FloorFeasible", "admitted_spread", 10000)),
                1.5,
            ),
            Check(
                "spread, 100 000, to the pass",
                ratio(admit("admitted_spread", 100000), fleet("BM_FloorFeasible", "admitted_spread", 100000)),
                1.5,
            ),
            Check(
                "tied, 10 000, to the pass",
                ratio(admit("admitted_tied", 10000), fleet("BM_FloorFeasible", "admitted_spread", 10000)),
                1.5,
            ),
            Check(
                "spread, 10 000, to first fit",
                ratio(admit("admitted_spread", 10000), fleet("BM_PeerFirstFit", "admitted_spread", 10000)),
                20,
            ),
        ],
        "a decision judges every visible binding, and ranks all that fit",
    ),
    Goal(
        "S7",
        "No two bindings alike: 1.2x one pass over six bitmaps and three columns",
        [
            Check(
                "rejected, 10 000 bindings",
                ratio(admit("rejected_full", 10000, DIFFERENT), "BM_FloorBitmapsAndColumns/bindings:10000"),
                1.2,
            ),
            Check(
                "rejected, 100 000",
                ratio(admit("rejected_full", 100000, DIFFERENT), "BM_FloorBitmapsAndColumns/bindings:100000"),
                1.2,
            ),
            Check(
                "admitted, 100 000",
                ratio(admit("admitted_spread", 100000, DIFFERENT), "BM_FloorBitmapsAndColumns/bindings:100000"),
                1.2,
            ),
        ],
        "a decision judges every visible binding, one after the other",
    ),
    Goal(
        "S8",
        "Remedies of a rejection: 50x the rejection, and under 1 ms at 100 000 bindings",
        [
            Check("10 000 bindings", ratio(fleet("BM_Remedies", "too_large", 10000), admit("too_large", 10000)), 50),
            Check("100 000", ratio(fleet("BM_Remedies", "too_large", 100000), admit("too_large", 100000)), 50),
            Check("100 000, time", milliseconds(fleet("BM_Remedies", "too_large", 100000)), 1, unit=" ms"),
        ],
        "each trial of a remedy is an admission over all visible bindings",
    ),
    Goal(
        "S9",
        "Whole decision, JSON to JSON: no allocation; 5 000x (10 000 bindings) and 50 000x (100 000) faster than the "
        "loop over strings with nlohmann; with cold caches 4x hot",
        [
            Check(
                "strings and nlohmann to berth, 10 000",
                ratio(
                    fleet("BM_PeerJson", "rejected_manifold", 10000),
                    fleet("BM_AdmitJson", "rejected_manifold", 10000),
                ),
                5000, True,
            ),
            Check(
                "strings and nlohmann to berth, 100 000",
                ratio(
                    fleet("BM_PeerJson", "rejected_manifold", 100000),
                    fleet("BM_AdmitJson", "rejected_manifold", 100000),
                ),
                50000, True,
            ),
            Check("allocations", counter(fleet("BM_AdmitJson", "rejected_manifold", 10000), "allocs/op"), 0, unit=""),
            Check(
                "cold to hot, 100 000",
                counters(
                    fleet("BM_AdmitJsonCold", "rejected_manifold", 100000) + "/" + COLD,
                    fleet("BM_AdmitJsonHot", "rejected_manifold", 100000),
                    "p50",
                ),
                4,
            ),
        ],
        "the request becomes a document and the answer is written with strings; the decision between them is a loop",
    ),
    Goal(
        "S10",
        "Snapshot entry and exit: 3x a plain atomic load; two readers 1.95x one while somebody publishes 100 times a "
        "second; p99.9 3x p50",
        [
            Check(
                "`Engine::snapshot` to the load",
                ratio("BM_Snapshot", "BM_Enter/plain/publishes_per_s:100/real_time/threads:1"),
                3,
            ),
            Check("two readers to one", counters(beside(2), beside(1), "items_per_second"), 1.95, True),
            Check("p99.9 to p50, one reader", within(beside(1), "p99.9", "p50"), 3),
            Check("p99.9 to p50, two readers", within(beside(2), "p99.9", "p50"), 3),
        ],
        "every decision takes a lock and counts a reference that all threads share; with three threads on two cores "
        "the writer takes a reader's time",
    ),
    Goal(
        "S11",
        "A heartbeat 1 000x cheaper than a rebuild; an edit of a profile with 10 000 bindings and 100 overrides served "
        "200x sooner than merging every binding again with nlohmann",
        [
            Check(
                "publish to heartbeat, 100 000 bindings",
                ratio("BM_Publish/bindings:100000", "BM_Heartbeat/bindings:100000"),
                1000, True,
            ),
            Check(
                "merging again to the edit, 100 000",
                ratio("BM_PeerRemerge/bindings:100000", "BM_EditProfile/bindings:100000"),
                200, True,
            ),
        ],
        "an edit compiles the whole catalog again",
    ),
    Goal(
        "S12",
        "Load and serve 100 000 bindings: 4x simdjson's bare parse (2x libyaml's events) and 20 us for each distinct "
        "spec; at most 512 bytes for each binding beyond what they share",
        [
            Check("JSON, to what is allowed", served("BM_ServeJson", "BM_PeerSimdjsonDomOfFleet", 4), 1),
            Check("YAML, to what is allowed", served("BM_ServeYaml", "BM_PeerLibyamlEventsOfFleet", 2), 1),
            Check(
                "heap for each binding",
                counter("BM_SnapshotMemory/iterations:1", "heap bytes per binding"),
                512, unit=" bytes",
            ),
        ],
        "documents keep the place of every value; every binding has a compiled form of its own",
    ),
    Goal(
        "S13",
        "Lint 50 000 objects in 35 000 files on two cores within 8 s; one file, cold, within 15 ms",
        why="no benchmark of lint yet",
    ),
    Goal(
        "S14",
        "Admit over gRPC: 0.97x the calls of a server that answers a constant; a stream with 64 in flight 2x unary",
        [
            Check("unary, the least of the rows", calls(r"(?m)^(?:TCP|Unix) +unary, .*? ([\d.]+)x", 1), 0.97, True),
            Check("stream to unary, TCP", streamed, 2, True),
        ],
        "needs the daemon: `bench/run --with-daemon`; a launch is read, decided and answered as a JSON document",
    ),
]
