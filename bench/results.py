"""What one run of the benchmarks measured: medians by the benchmark's name."""

import json

NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def text_of(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


class Results:
    """The file that Google Benchmark wrote, and what bench/run noted beside it."""

    def __init__(self, folder):
        with open(folder / "results.json", encoding="utf-8") as file:
            document = json.load(file)
        self.context = document["context"]
        self.rows = {row["run_name"]: row for row in document["benchmarks"] if row.get("aggregate_name") == "median"}
        self.errors = {row["name"]: row["error_message"] for row in document["benchmarks"] if row.get("error_occurred")}
        self.rpc = text_of(folder / "rpc.txt")
        self.context.update(json.loads(text_of(folder / "run.json") or "{}"))

    def time(self, name):
        """Nanoseconds of one call; of processor time, except where threads or the benchmark itself keep the time."""
        row = self.rows.get(name)
        if row is None:
            return None
        measured = "real_time" if "/real_time" in name or "/manual_time" in name else "cpu_time"
        return row[measured] * NANOSECONDS[row["time_unit"]]

    def value(self, name, counter):
        return self.rows.get(name, {}).get(counter)

    def names(self, prefix):
        return [name for name in self.rows if name.startswith(prefix)]


def duration(nanoseconds):
    """Three digits and a unit."""
    if nanoseconds is None:
        return ""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{number(nanoseconds / size)} {unit}"
    return f"{number(nanoseconds)} ns"


def number(value):
    """With three digits, and thousands apart."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def spaced(count):
    return f"{count:,}".replace(",", " ")
