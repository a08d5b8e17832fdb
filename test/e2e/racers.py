"""Many clients at once, in processes of their own, so that neither Python's
lock nor a test that is busy with other things holds them up.

Racers starts such processes; run as a program this file is one of them. It
reads its plan from the first line of stdin, connects, says "ready", begins
with the next line, and writes a line of JSON about each call.
"""
import asyncio
import dataclasses
import gc
import itertools
import json
import os
import subprocess
import sys
import time

from ledger import Call
from support import until

READY = b"ready"
# A refused racer comes back after this.
PAUSE = 0.01


@dataclasses.dataclass
class Plan:
    """What the clients of one process do.
    quotas: by name, for how long a unit is held before it is released; 0: it
    is none of those that are released. A call asks for one of them.
    per_second: so many calls at regular times, whatever becomes of the others;
    0: each client begins its next call when the last one is through."""
    addresses: list
    clients: int
    quotas: dict
    seconds: float
    per_second: float = 0


class Racers:
    """Processes of clients, ready to begin."""

    def __init__(self, folder, plans):
        folder.mkdir(parents=True, exist_ok=True)
        self.files = [folder / f"calls{i}" for i in range(len(plans))]
        self.readers = [Reader(file) for file in self.files]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        self.processes = [
            subprocess.Popen([sys.executable, __file__], text=True,
                             stdin=subprocess.PIPE, stdout=open(file, "wb"),
                             env=environment)
            for file in self.files]
        for process, plan in zip(self.processes, plans):
            self.tell(process, json.dumps(dataclasses.asdict(plan)))

    @staticmethod
    def tell(process, line):
        process.stdin.write(line + "\n")
        process.stdin.flush()

    def begin(self):
        until(lambda: all(file.read_bytes().startswith(READY)
                          for file in self.files), 60, what="clients connect")
        for process in self.processes:
            self.tell(process, "go")

    def finish(self):
        """Waits for them; what they saw."""
        for process in self.processes:
            assert process.wait(60) == 0
        return self.calls()

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()

    def calls(self, since=0):
        """What they saw so far, of calls sent since then."""
        return [call for reader in self.readers for call in reader.calls()
                if call.sent >= since]


class Reader:
    """Reads what one process writes. Each line once: who asks often must not
    hold up the threads beside him."""

    def __init__(self, file):
        self.file, self.read, self.known = file, 0, {}

    def calls(self):
        with open(self.file, "rb") as file:
            file.seek(self.read)
            text = file.read()
        # The last line may not be whole yet.
        text = text[:text.rfind(b"\n") + 1]
        self.read += len(text)
        for line in text.splitlines():
            if line != READY:
                number, fields = json.loads(line)
                if number in self.known:
                    vars(self.known[number]).update(fields)
                else:
                    self.known[number] = Call(**fields)
        return self.known.values()


# --- in such a process ------------------------------------------------------

class Client:
    """One connection to one server."""

    def __init__(self, address, server):
        import grpc
        from mixer.v1 import mixer_pb2, mixer_pb2_grpc
        from sluice.v1 import policy_pb2, policy_pb2_grpc
        self.grpc, self.server = grpc, server
        self.channel = grpc.aio.insecure_channel(
            address, options=[("grpc.use_local_subchannel_pool", 1),
                              ("grpc.enable_retries", 0)])
        self.check_stub = mixer_pb2_grpc.MixerStub(self.channel).Check
        self.release_stub = policy_pb2_grpc.PolicyStub(self.channel).Release
        self.check_request = mixer_pb2.CheckRequest
        self.release_request = policy_pb2.ReleaseRequest

    async def check(self, quota):
        """(what is known of the call, the handle of its lease)"""
        request = self.check_request()
        request.quotas[quota].amount = 1
        fields = {"quota": quota, "server": self.server,
                  "sent": time.monotonic()}
        try:
            call = self.check_stub(request, timeout=10)
            response = await call
            fields["received"] = time.monotonic()
        except self.grpc.RpcError as error:
            return fields | {"received": time.monotonic(),
                             "error": error.code().name}, None
        result = response.quotas[quota]
        message = result.status.message
        fields |= {"granted": result.granted_amount > 0,
                   "outage": "cannot be checked" in message or
                             "does not answer" in message,
                   "valid": result.valid_duration.ToMicroseconds() / 1e6}
        trailing = await call.trailing_metadata()
        return fields, trailing.get("sluice-lease")

    async def release(self, lease):
        try:
            reply = await self.release_stub(
                self.release_request(leases=[lease]), timeout=10)
        except self.grpc.RpcError as error:
            return {"told": time.monotonic(), "untold": error.code().name}
        return {"told": time.monotonic(), "freed": reply.released > 0}


class Journal:
    """Where calls are written: at once, or all at the end."""

    def __init__(self, is_live):
        self.lines, self.numbers = [], itertools.count()
        self.is_live = is_live

    def write(self, number, fields):
        self.lines.append(json.dumps([number, fields]))
        if self.is_live:
            self.flush()

    def flush(self):
        sys.stdout.write("".join(line + "\n" for line in self.lines))
        sys.stdout.flush()
        self.lines.clear()


async def call_once(client, quota, hold, journal, due=None):
    """Whether it was granted."""
    number = next(journal.numbers)
    lag = time.monotonic() - due if due else 0
    fields, lease = await client.check(quota)
    journal.write(number, fields | {"lag": lag})
    if lease and hold:
        await asyncio.sleep(hold)
        journal.write(number, {"let_go": time.monotonic()})
        journal.write(number, await client.release(lease))
    return fields.get("granted", False)


async def race(client, plan, journal):
    end = time.monotonic() + plan.seconds
    for quota, hold in itertools.cycle(plan.quotas.items()):
        if time.monotonic() >= end:
            return
        if not await call_once(client, quota, hold, journal):
            await asyncio.sleep(PAUSE)


async def go_steadily(clients, plan, journal):
    quotas = itertools.cycle(plan.quotas.items())
    begin, calls = time.monotonic(), set()
    for i in range(int(plan.per_second * plan.seconds)):
        due = begin + i / plan.per_second
        await asyncio.sleep(max(due - time.monotonic(), 0))
        # Each quota is asked for from every client.
        client = clients[i // len(plan.quotas) % len(clients)]
        call = asyncio.create_task(
            call_once(client, *next(quotas), journal, due))
        calls.add(call)
        call.add_done_callback(calls.discard)
    await asyncio.gather(*calls)


async def run(plan):
    servers = itertools.cycle(enumerate(plan.addresses))
    clients = [Client(address, server) for server, address in
               itertools.islice(servers, plan.clients)]
    await asyncio.gather(*(c.channel.channel_ready() for c in clients))
    # No pause for the collector: it has nothing to do in so short a life.
    gc.freeze()
    gc.disable()
    print(READY.decode(), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    journal = Journal(is_live=plan.per_second > 0)
    if plan.per_second:
        await go_steadily(clients, plan, journal)
    else:
        await asyncio.gather(*(race(c, plan, journal) for c in clients))
    journal.flush()


if __name__ == "__main__":
    asyncio.run(run(Plan(**json.loads(sys.stdin.readline()))))
