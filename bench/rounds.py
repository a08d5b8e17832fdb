"""What all measurements have in common: processes that are up meanwhile, and
figures over rounds. Ratios are medians over pairs of the same round, as the
speed of a machine changes; README.md says more.
"""
import os
import pathlib
import platform
import re
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
STARTS_WITHIN = 20


def prepare(build):
    """A build directory; None: build/, brought up to date."""
    if not build:
        subprocess.run([ROOT / "script" / "setup", "test"], check=True)
    return (build or ROOT / "build").resolve()


# --- processes --------------------------------------------------------------
def start(command, folder, log):
    return subprocess.Popen(command, cwd=folder, stdout=open(log, "wb"),
                            stderr=subprocess.STDOUT)


def until(condition, what):
    end = time.monotonic() + STARTS_WITHIN
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"waited in vain for {what}")
        time.sleep(0.05)


def stop(processes):
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_redis(folder, port=0, options=()):
    """On folder/redis.sock and a port, if any, without persistence."""
    process = start(["redis-server", "--port", str(port), "--bind",
                     "127.0.0.1", "--unixsocket", "redis.sock", "--save", "",
                     "--appendonly", "no", *options],
                    folder, folder / "redis.log")
    until((folder / "redis.sock").exists, "Redis")
    return process


# --- figures ----------------------------------------------------------------
def values(results, key):
    return [result[key] for result in results if result[key] is not None]


def median(results, key):
    found = values(results, key)
    return statistics.median(found) if found else None


def ratio(results, floor, key):
    """The median of the pairs of each round."""
    pairs = [one[key] / other[key] for one, other in zip(results, floor)
             if one[key] is not None and other[key]]
    return statistics.median(pairs) if pairs else None


def machine():
    cpu = re.search(r"model name\s*:\s*(.+)",
                    pathlib.Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always",
                             "--dirty"], capture_output=True, text=True)
    return {"cpu": cpu[1] if cpu else platform.machine(),
            "cores": os.cpu_count(), "kernel": platform.release(),
            "commit": commit.stdout.strip(),
            "date": time.strftime("%Y-%m-%d")}


def tell(progress):
    if sys.stderr.isatty():
        print(f"\r{progress:50}\r", end="", flush=True, file=sys.stderr)
