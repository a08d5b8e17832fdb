"""Fixtures: the real program, a real Redis, an independent gRPC client.

The program under test is $SLUICE (default: build/sluice).
"""
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))


def pytest_configure(config):
    """Generates the client's stubs from proto/api."""
    out = ROOT / "build" / "e2e-stubs"
    out.mkdir(parents=True, exist_ok=True)
    api = ROOT / "proto" / "api"
    # Health comes with grpcio-health-checking; Google's own types with
    # protobuf. So what we wrote is held against what everybody uses.
    protos = [str(path) for path in api.rglob("*.proto")
              if path.relative_to(api).parts[0] in ("mixer", "sluice")]
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{api}",
         f"--python_out={out}", f"--grpc_python_out={out}", *protos],
        check=True)
    sys.path.insert(0, str(out))


@pytest.fixture
def redis(tmp_path):
    from support import Redis
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "redis"])
def store(request, tmp_path):
    """The store group of a configuration: every test that takes it runs over
    both stores."""
    from support import MEMORY, Redis
    if request.param == "memory":
        yield MEMORY
        return
    server = Redis(tmp_path)
    server.start()
    # Tests share the machine with others; that is no outage.
    yield server.store(deadline="1s")
    server.stop()


@pytest.fixture
def sluice(tmp_path):
    """Starts servers: sluice(config_text, ...) -> Sluice. Ends them."""
    from support import Sluice
    started = []

    def start(config, **options):
        server = Sluice(tmp_path / f"s{len(started)}", config, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()
