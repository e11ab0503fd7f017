"""The architecture's arrows, package doors and include style, read off the sources.

One table below says what each folder may include; `problems` returns every breach as a line of text. Run it alone with
`python3 tests/layering_test.py`.
"""

import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Folder -> the folders whose headers it may include, besides its own.
ALLOWED = {
    "spec": set(),
    "merge": {"spec"},
    "validate": {"spec"},
    "policy": {"spec"},
    "engine": {"merge", "validate", "policy", "spec"},
    "store": {"engine", "spec"},
    "cli": {"store", "engine", "validate", "policy", "spec"},
    "daemon": {"store", "engine", "policy", "spec"},
    "examples": {"store", "engine", "policy", "spec"},
}
LIBRARIES = ["spec", "merge", "validate", "policy", "engine", "store", "daemon"]
CORE = ["spec", "merge", "validate", "policy", "engine"]
EVERYTHING = ["tests", "bench", "fuzz"]  # may include any folder of ours
for _name in EVERYTHING:
    ALLOWED[_name] = set(LIBRARIES) | {"cli"} | set(EVERYTHING)
REFERENCE = "tests/reference"  # the second implementation: shares nothing with the first
ALLOWED[REFERENCE] = set()

# First part of a package's includes -> the folders that may name it.
DOORS = {
    "simdjson.h": {"spec", "bench"},  # bench times the bare parsers beside ours
    "yaml.h": {"spec", "bench"},
    "re2": {"validate", "policy", "tests", REFERENCE},
    "nettle": {"engine"},
    "absl": set(LIBRARIES) | {"cli", "examples"} | set(EVERYTHING),
    "CLI": {"cli"},
    "grpc": {"daemon"},
    "grpcpp": {"daemon", "bench", "tests"},
    "google": {"daemon", "bench", "tests", "fuzz"},
    "microhttpd.h": {"daemon"},
    "gnutls": {"daemon"},  # the TLS of libmicrohttpd: only it can check a client's certificate
    "prometheus": {"daemon"},
    "nlohmann": set(EVERYTHING) | {REFERENCE},
    "openssl": {"daemon", REFERENCE},
    "gtest": {"tests", REFERENCE},
    "gmock": {"tests", REFERENCE},
    "benchmark": {"bench"},
    "urcu": {"bench"},  # one of the ways to publish that are compared
    "rapidjson": {"bench"},
    "launch_spec.pb.h": {"bench"},  # made by protoc
}

# Who may include what protoc makes of our .proto files.
GENERATED = re.compile(r"(berth/v\d+|coreweave/.*|google/(api|rpc))/\w+(\.grpc)?\.pb\.h")
PROTO_USERS = {"daemon"} | set(EVERYTHING)

# Standard headers a folder must do without, and why.
BANNED = {
    "iostream": (LIBRARIES, "libraries print nothing"),
    "regex": (LIBRARIES, "patterns go through RE2"),
    "locale": (LIBRARIES, "output must not depend on the locale"),
    "clocale": (LIBRARIES, "output must not depend on the locale"),
    "fstream": (CORE, "the core reads no files"),
    "filesystem": (CORE, "the core reads no files"),
}

# The C library, for C and C interfaces; any other <name.h> belongs to the operating system and stays out of the core.
C_HEADERS = {"assert.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def folder_of(path):
    """The key of `path`, relative to the root, in ALLOWED."""
    return REFERENCE if path.as_posix().startswith(REFERENCE + "/") else path.parts[0]


def own_include_problem(root, path, folder, target):
    """Why `path` may not include our own header `target`, or None."""
    parts = target.split("/")
    if parts[0] == "berth":
        if len(parts) < 3 or not (root / pathlib.Path(*parts[1:])).is_file():
            return 'names no header of ours: write "berth/<folder>/<file>.h"'
        wanted = parts[1]
    else:
        if not (root / target).is_file():
            return "names no file of ours: write the path from the checkout's root"
        wanted = REFERENCE if target.startswith(REFERENCE + "/") else parts[0]
    if wanted == folder or wanted in ALLOWED[folder]:
        return None
    if wanted == REFERENCE and folder in EVERYTHING:
        return None
    return f"points from `{folder}` to `{wanted}`: it may include {sorted(ALLOWED[folder]) or 'itself only'}"


def include_problem(root, path, quote, target):
    """Why `path` may not include `target`, or None."""
    folder = folder_of(path)
    first = target.split("/")[0]
    if GENERATED.fullmatch(target):
        return None if folder in PROTO_USERS else f"is generated: only {sorted(PROTO_USERS)} may include it"
    if first == "berth" or first in EVERYTHING:
        if quote != '"':
            return "is ours: include it in double quotes"
        return own_include_problem(root, path, folder, target)
    if first in DOORS:
        if folder in DOORS[first]:
            return None
        return f"enters `{folder}`; this package's door is in {sorted(DOORS[first])}"
    if quote == '"':
        return 'has no known first part: ours are "berth/<folder>/<file>.h", a new package needs a door in this test'
    if target in BANNED and folder in BANNED[target][0]:
        return f"is banned from `{folder}`: {BANNED[target][1]}"
    if target.endswith(".h") and target not in C_HEADERS and folder in CORE:
        return f"is the operating system's or an unknown package's: it stays out of `{folder}`"
    return None


def guard_problem(path, text):
    """What is wrong with a library header's guard, or None."""
    guard = "BERTH_" + re.sub(r"[^A-Z0-9]", "_", path.as_posix().upper()) + "_"
    if f"#ifndef {guard}\n#define {guard}\n" in text:
        return None
    return f"guards itself with something other than `{guard}`"


def link_problems(root, folder):
    """Arrows in the folder's CMakeLists.txt that the table does not have."""
    path = root / folder / "CMakeLists.txt"
    text = path.read_text() if path.is_file() else ""
    linked = set(re.findall(r"\bberth(?:_|::)(\w+)", text)) & set(ALLOWED)
    return [f"{folder}/CMakeLists.txt: links `{name}`: it may link {sorted(ALLOWED[folder]) or 'nothing of ours'}"
            for name in sorted(linked - ALLOWED[folder] - {folder})]


def source_files(root):
    for folder in sorted({name.split("/")[0] for name in ALLOWED}):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".h", ".cc", ".c"}:
                yield path.relative_to(root)


def problems(root):
    """Every breach below `root`, one line each: `<file>:<line>: <what>`."""
    found = []
    for path in source_files(root):
        text = (root / path).read_text()
        for match in INCLUDE.finditer(text):
            problem = include_problem(root, path, match[1], match[2])
            if problem:
                line = text.count("\n", 0, match.start(2)) + 1
                found.append(f"{path.as_posix()}:{line}: `{match[2]}` {problem}")
        if path.suffix == ".h" and path.parts[0] in LIBRARIES:
            problem = guard_problem(path, text)
            if problem:
                found.append(f"{path.as_posix()}:1: {problem}")
    for folder in LIBRARIES + ["cli"]:
        found += link_problems(root, folder)
    return found


class Layering(unittest.TestCase):
    def test_holds_in_this_checkout(self):
        found = problems(ROOT)
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_finds_sources_in_this_checkout(self):
        self.assertTrue(any(path.parts[0] == "spec" for path in source_files(ROOT)))


# file, its include line, whether that is allowed.
CASES = [
    ("merge/x.cc", '#include "berth/spec/h.h"', True),
    ("merge/x.cc", '#include "berth/policy/h.h"', False),
    ("spec/x.cc", '#include "berth/spec/h.h"', True),
    ("spec/x.cc", '#include "berth/merge/h.h"', False),
    ("engine/x.cc", '#include "berth/validate/h.h"', True),
    ("engine/x.cc", '#include "berth/store/h.h"', False),
    ("store/x.cc", '#include "berth/engine/h.h"', True),
    ("store/x.cc", '#include "berth/policy/h.h"', False),
    ("cli/x.cc", '#include "berth/policy/h.h"', True),
    ("cli/x.cc", '  #  include "berth/merge/h.h"', False),
    ("daemon/x.cc", '#include "berth/v1/admission.pb.h"', True),
    ("daemon/x.cc", '#include "berth/validate/h.h"', False),
    ("store/x.cc", '#include "google/rpc/status.pb.h"', False),
    ("daemon/x.cc", "#include <grpcpp/grpcpp.h>", True),
    ("store/x.cc", "#include <grpcpp/grpcpp.h>", False),
    ("tests/x.cc", '#include "berth/merge/h.h"', True),
    ("tests/x.cc", '#include "tests/reference/h.h"', True),
    ("merge/x.cc", '#include "tests/reference/h.h"', False),
    ("tests/reference/x.cc", '#include "tests/reference/h.h"', True),
    ("tests/reference/x.cc", '#include "berth/spec/h.h"', False),
    ("examples/x.cc", '#include "berth/engine/h.h"', True),
    ("examples/x.cc", '#include "berth/merge/h.h"', False),
    ("spec/x.cc", "#include <yaml.h>", True),
    ("merge/x.cc", "#include <yaml.h>", False),
    ("spec/x.cc", '#include "simdjson.h"', True),
    ("engine/x.cc", '#include "simdjson.h"', False),
    ("policy/x.cc", "#include <re2/re2.h>", True),
    ("spec/x.cc", "#include <re2/re2.h>", False),
    ("engine/x.cc", "#include <nettle/sha2.h>", True),
    ("store/x.cc", "#include <nettle/sha2.h>", False),
    ("bench/x.cc", "#include <nlohmann/json.hpp>", True),
    ("cli/x.cc", "#include <nlohmann/json.hpp>", False),
    ("tests/reference/x.cc", "#include <openssl/sha.h>", True),
    ("tests/x.cc", "#include <openssl/sha.h>", False),
    ("cli/x.cc", "#include <iostream>", True),
    ("merge/x.cc", "#include <iostream>", False),
    ("store/x.cc", "#include <unistd.h>", True),
    ("engine/x.cc", "#include <unistd.h>", False),
    ("merge/x.cc", '#include "h.h"', False),
    ("merge/x.cc", '#include "merge/h.h"', False),
    ("merge/x.cc", "#include <berth/spec/h.h>", False),
    ("merge/x.cc", '#include "berth/spec/gone.h"', False),
    ("spec/CMakeLists.txt", "berth_library(spec LINKS absl::status)", True),
    ("merge/CMakeLists.txt", "berth_library(merge LINKS berth_spec)", True),
    ("merge/CMakeLists.txt", "berth_library(merge LINKS berth::policy)", False),
    ("spec/y.h", "#ifndef BERTH_SPEC_Y_H_\n#define BERTH_SPEC_Y_H_\n#endif", True),
    ("spec/y.h", "#pragma once", False),
]


class Rules(unittest.TestCase):
    def test_tell_allowed_from_forbidden(self):
        for file, line, allowed in CASES:
            with self.subTest(file=file, line=line), tempfile.TemporaryDirectory() as folder:
                root = pathlib.Path(folder)
                for name in ALLOWED:
                    (root / name).mkdir(parents=True, exist_ok=True)
                    guard = f"BERTH_{name.upper()}_H_H_"
                    (root / name / "h.h").write_text(f"#ifndef {guard}\n#define {guard}\n#endif\n")
                (root / file).write_text(line + "\n")
                found = problems(root)
                self.assertEqual(len(found), 0 if allowed else 1, found)


if __name__ == "__main__":
    unittest.main()
