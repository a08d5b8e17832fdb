"""What the tests drive: processes, configurations, and a Mixer client."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import grpc

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ.get(
    "SLUICE", str(ROOT / "build" / "sluice"))
MEMORY = 'kind = "memory"; size = "4MiB";'
STARTS_WITHIN = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, within=10, every=0.02, what="condition"):
    """Waits for something to become true; returns it."""
    end = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            seen = what() if callable(what) else what
            raise AssertionError(f"not within {within} s: {seen}")
        time.sleep(every)


def run(*arguments, timeout=60):
    """Runs the program to its end."""
    return subprocess.run([PROGRAM, *arguments], capture_output=True,
                          text=True, timeout=timeout)


class Redis:
    """A private redis-server that forgets everything when it ends.
    arguments: more of its command line."""

    def __init__(self, folder, *arguments):
        self.port = free_port()
        self.folder = folder
        self.arguments = arguments
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
             "--save", "", "--appendonly", "no", "--dir", str(self.folder),
             *self.arguments],
            stdout=subprocess.DEVNULL)
        until(self.answers, what="redis")

    def answers(self):
        with contextlib.suppress(OSError), \
                socket.create_connection(("127.0.0.1", self.port), 1) as s:
            s.sendall(b"PING\r\n")
            return s.recv(16).startswith(b"+PONG")
        return False

    def ask(self, command):
        """The first line of the reply to a command on one line."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as s:
            s.sendall(command.encode() + b"\r\n")
            return s.makefile().readline().rstrip()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()

    def store(self, **more):
        text = f'kind = "redis"; servers = [ "127.0.0.1:{self.port}" ];'
        return text + "".join(f' {k} = "{v}";' for k, v in more.items())


class Sluice:
    """One `sluice serve`. config: its text without server's addresses, which
    are added; {store} in it is replaced by the store group."""

    def __init__(self, folder, config, store=MEMORY, workers=2, server="",
                 listen=None, wait=True):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.admin_port = free_port()
        self.address = listen or f"127.0.0.1:{self.port}"
        self.file = folder / "sluice.conf"
        # Tests share the machine with others; that is no overload.
        if "max_delay" not in server:
            server += ' max_delay = "10s";'
        self.head = (
            f'server = {{ listen = [ "{self.address}" ]; '
            f'admin = "127.0.0.1:{self.admin_port}"; workers = {workers}; '
            f'{server} }};\nstore = {{ {store} }};\n')
        self.write(config)
        self.log_file = folder / "log"
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "-c", str(self.file)],
            stdout=open(folder / "out", "wb"),
            stderr=open(self.log_file, "wb"))
        self.channels = []
        if wait:
            until(self.is_ready, STARTS_WITHIN, what=self.log)

    # --- configuration --------------------------------------------------
    def write(self, config):
        """In place, as `cat >` does."""
        self.file.write_text(self.head + config)

    def replace(self, config):
        """By rename, as editors do."""
        new = self.file.with_suffix(".new")
        new.write_text(self.head + config)
        new.rename(self.file)

    def log(self):
        return self.log_file.read_text(errors="replace")

    def events(self, name):
        return re.findall(rf"^.*event={name}\b.*$", self.log(), re.M)

    def wait_event(self, name, count=1, within=10):
        until(lambda: len(self.events(name)) >= count, within,
              what=lambda: f"{count} x {name} in:\n{self.log()}")

    def wait_log(self, text, within=10):
        """What a worker logs comes when it comes."""
        until(lambda: text in self.log(), within,
              what=lambda: f"{text!r} in:\n{self.log()}")

    def generation(self):
        return self.status()["config"]["generation"]

    def wait_generation(self, wanted, within=10):
        def reached():
            status = self.status()
            return all(worker["generation"] >= wanted
                       for worker in status["workers"])
        until(reached, within, what=self.log)

    # --- from outside ---------------------------------------------------
    def get(self, path):
        """(HTTP status, body); status 0 where nobody answers."""
        url = f"http://127.0.0.1:{self.admin_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ended: {self.log()}")
        return self.get("/readyz")[0] == 200

    def status(self):
        return json.loads(self.get("/status")[1])

    def metrics(self):
        """{'name{labels}': value}"""
        lines = self.get("/metrics")[1].splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines
                 if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def metric(self, name, **labels):
        """The sum over all series of that name with these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(value for series, value in self.metrics().items()
                   if re.match(rf"{name}(\{{|$)", series)
                   and all(label in series for label in wanted))

    def worker_pids(self):
        """Of those that run: 0 would mean this process group to kill()."""
        return [worker["pid"] for worker in self.status()["workers"]
                if worker["pid"] > 0]

    def client(self, **options):
        client = Mixer(self.address, **options)
        self.channels.append(client)
        return client

    def check(self, *arguments):
        return run("check", "-s", self.address, *arguments)

    # --- ends -----------------------------------------------------------
    def kill(self):
        for client in self.channels:
            client.close()
        self.channels = []
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Answer:
    """A CheckResponse, and the lease that came with it."""

    def __init__(self, response, call):
        self.response = response
        self.code = response.precondition.status.code
        self.message = response.precondition.status.message
        self.granted = {name: result.granted_amount
                        for name, result in response.quotas.items()}
        trailing = dict(call.trailing_metadata() or ())
        self.lease = trailing.get("sluice-lease")

    @property
    def passed(self):
        return self.code == 0 and all(self.granted.values())


class Mixer:
    """An Istio sidecar, as far as the wire can tell."""

    def __init__(self, address, **options):
        from mixer.v1 import mixer_pb2, mixer_pb2_grpc
        from sluice.v1 import policy_pb2, policy_pb2_grpc
        self.messages, self.policy_messages = mixer_pb2, policy_pb2
        # Each client has a connection of its own.
        self.channel = grpc.insecure_channel(
            address, options=[("grpc.use_local_subchannel_pool", 1),
                              ("grpc.enable_retries", 0),
                              *options.items()])
        self.mixer = mixer_pb2_grpc.MixerStub(self.channel)
        self.policy = policy_pb2_grpc.PolicyStub(self.channel)

    def request(self, attributes=None, quotas=None, dedup="", best_effort=False,
                words=0):
        """attributes: {name: str | int | float | bool | bytes | dict}."""
        request = self.messages.CheckRequest(
            global_word_count=words, deduplication_id=dedup)
        bag = request.attributes

        def index(word):
            if word not in bag.words:
                bag.words.append(word)
            return -1 - list(bag.words).index(word)

        for name, value in (attributes or {}).items():
            key = index(name)
            if isinstance(value, bool):
                bag.bools[key] = value
            elif isinstance(value, int):
                bag.int64s[key] = value
            elif isinstance(value, float):
                bag.doubles[key] = value
            elif isinstance(value, bytes):
                bag.bytes[key] = value
            elif isinstance(value, dict):
                bag.string_maps[key].SetInParent()
                for k, v in value.items():
                    bag.string_maps[key].entries[index(k)] = index(v)
            else:
                bag.strings[key] = index(value)
        for name, amount in (quotas or {}).items():
            request.quotas[name].amount = amount
            request.quotas[name].best_effort = best_effort
        return request

    def check(self, attributes=None, quotas=None, timeout=5, **options):
        return self.send(self.request(attributes, quotas, **options), timeout)

    def send(self, request, timeout=5):
        response, call = self.mixer.Check.with_call(request, timeout=timeout)
        return Answer(response, call)

    def start(self, request, timeout=10):
        """A call in flight: a future."""
        return self.mixer.Check.future(request, timeout=timeout)

    def release(self, *leases, timeout=5):
        request = self.policy_messages.ReleaseRequest(leases=leases)
        return self.policy.Release(request, timeout=timeout).released

    def close(self):
        self.channel.close()


class Health:
    """grpc.health.v1, by the names of its states."""

    def __init__(self, channel):
        from grpc_health.v1 import health_pb2, health_pb2_grpc
        self.messages = health_pb2
        self.stub = health_pb2_grpc.HealthStub(channel)
        self.name = (health_pb2.HealthCheckResponse.ServingStatus.Name)

    def check(self, service):
        request = self.messages.HealthCheckRequest(service=service)
        return self.name(self.stub.Check(request, timeout=5).status)

    def watch(self, service):
        request = self.messages.HealthCheckRequest(service=service)
        for response in self.stub.Watch(request, timeout=20):
            yield self.name(response.status)
