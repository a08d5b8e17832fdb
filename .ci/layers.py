#!/usr/bin/env python3
"""Fails if a source file includes what its folder may not use."""
import pathlib
import re
import sys

# A folder includes from itself and from those left of it.
FOLDERS = ["policy", "quota", "config", "proto", "bench", "test"]
# Within policy likewise.
PLANES = ["base", "attr", "expr", "rule", "check"]

# A library is seen only by what is named for it.
ONLY = [
    (r"libconfig\.h", ["config/", "test/config/"]),
    (r"hiredis/.*", ["quota/redis/", "test/quota/"]),
    (r"protobuf-c/.*|.*\.pb-c\.h", ["proto/wire/", "bench/", "test/"]),
    (r"grpc/(?!.*\.pb-c\.h).*", ["proto/server/", "proto/client/", "bench/", "test/"]),
    (r"microhttpd\.h", ["proto/server/", "test/proto/"]),
    (r"curl/.*", ["proto/server/"]),
    (r"pcre2\.h|idn2\.h|unicase\.h|unistr\.h", ["policy/expr/", "test/policy/"]),
    (r"openssl/.*", ["quota/redis/", "test/quota/"]),
]

# What decides does no I/O and knows no clock.
PURE = ["policy/attr/", "policy/expr/", "policy/rule/", "policy/check/",
        "quota/algo/"]
RIM = ["policy/base/clock.h", "policy/base/log.h"]


def faults(path, text):
    name = path.as_posix()
    folder = path.parts[0]
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        if not found:
            continue
        used = found[1]
        first = used.split("/")[0]
        if first in FOLDERS and \
                FOLDERS.index(first) > FOLDERS.index(folder):
            yield number, f"{folder}/ may not include {first}/"
        if folder == "policy" and first == "policy" and \
                PLANES.index(used.split("/")[1]) > PLANES.index(path.parts[1]):
            yield number, f"{path.parts[1]}/ may not include {used}"
        if used in RIM and name.startswith(tuple(PURE)):
            yield number, f"what decides may not include {used}"
        for pattern, allowed in ONLY:
            if re.fullmatch(pattern, used) and \
                    not name.startswith(tuple(allowed)):
                yield number, f"only {' '.join(allowed)} may include {used}"


def main():
    bad = 0
    for folder in FOLDERS:
        for path in sorted(pathlib.Path(folder).rglob("*.[ch]")):
            for number, fault in faults(path, path.read_text()):
                print(f"{path}:{number}: {fault}")
                bad += 1
    return 1 if bad else 0


sys.exit(main())
