#!/usr/bin/env python3
"""Fails if a source file includes what its folder may not use."""
import pathlib
import re
import sys

FOLDERS = ["policy", "quota", "config", "proto", "bench", "test"]

# By parent, orders of the folders in it: each includes from itself and from
# those left of it in an order that both are in, and from no other.
ORDERS = {
    "": [FOLDERS],
    "policy/": [["base", "attr", "expr", "rule", "check"]],
    "proto/server/": [["shared", "call", "doors", "worker"],
                      ["shared", "loader", "admin", "master", "command"]],
}

# A library is seen only by what is named for it.
ONLY = [
    (r"libconfig\.h", ["config/", "test/config/"]),
    (r"hiredis/.*", ["quota/redis/", "test/quota/"]),
    (r"protobuf-c/.*|.*\.pb-c\.h", ["proto/wire/", "bench/", "test/"]),
    (r"grpc/(?!.*\.pb-c\.h).*", ["proto/server/call/", "proto/server/doors/",
                                 "proto/server/command/version_command.c",
                                 "proto/client/", "bench/", "test/"]),
    (r"microhttpd\.h", ["proto/server/admin/",
                        "proto/server/command/version_command.c",
                        "test/proto/"]),
    (r"curl/.*", ["proto/server/loader/", "proto/server/command/"]),
    (r"systemd/.*", ["proto/server/master/"]),
    (r"jansson\.h", ["config/", "proto/server/admin/", "proto/server/command/",
                     "proto/client/", "bench/", "test/"]),
    (r"pcre2\.h|idn2\.h|unicase\.h|unistr\.h", ["policy/expr/", "test/policy/"]),
    (r"openssl/.*", ["quota/redis/", "test/quota/"]),
]

# What decides does no I/O and knows no clock.
PURE = ["policy/attr/", "policy/expr/", "policy/rule/", "policy/check/",
        "quota/algo/"]
RIM = ["policy/base/clock.h", "policy/base/log.h"]


def part(name, parent):
    """The folder of `parent` that `name` is somewhere in, or None."""
    rest = name.removeprefix(parent)
    is_inside = name.startswith(parent) and "/" in rest
    return rest.split("/")[0] if is_inside else None


def is_out_of_order(name, used):
    if part(used, "") not in FOLDERS:
        return False
    for parent, orders in ORDERS.items():
        user, source = part(name, parent), part(used, parent)
        if user and source and user != source and not any(
                user in order and source in order[:order.index(user)]
                for order in orders):
            return True
    return False


def faults(path, text):
    name = path.as_posix()
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        if not found:
            continue
        used = found[1]
        if is_out_of_order(name, used):
            yield number, f"{path.parent}/ may not include {used}"
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
