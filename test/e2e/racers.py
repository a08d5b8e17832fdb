"""Many clients at once, in processes of their own: build/sluice-race makes the
calls and writes a journal of them, which is read here, also while it grows.

Instants are those of time.monotonic, which is the clock of the journal.
"""
import dataclasses
import json
import pathlib
import subprocess

import grpc

from ledger import Call
from support import PROGRAM, until

RACE = pathlib.Path(PROGRAM).with_name("sluice-race")
READY = b"ready\n"
ERRORS = {code.value[0]: code.name for code in grpc.StatusCode} | {0: ""}


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
        files = [folder / f"calls{i}" for i in range(len(plans))]
        self.processes = [
            subprocess.Popen([RACE], stdin=subprocess.PIPE,
                             stdout=open(file, "wb"))
            for file in files]
        self.journals = [Journal(file, list(plan.quotas))
                         for file, plan in zip(files, plans)]
        for process, plan in zip(self.processes, plans):
            self.tell(process, json.dumps(dataclasses.asdict(plan)))

    @staticmethod
    def tell(process, line):
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()

    def begin(self):
        until(lambda: all(journal.is_ready() for journal in self.journals), 60,
              what="clients connect")
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
        return [call for journal in self.journals
                for call in journal.calls(since)]

    def forget(self, before):
        """Calls that were answered before then."""
        for journal in self.journals:
            journal.forget(before)

    def begun(self):
        """A mark: the calls that were begun before the last that is known."""
        self.calls()
        return [journal.begun for journal in self.journals]

    def unanswered(self, mark):
        """How many calls from before the mark have neither an answer nor an
        error yet."""
        self.calls()
        return sum(number < begun
                   for journal, begun in zip(self.journals, mark)
                   for number in journal.unanswered)


class Journal:
    """Reads what one process writes (bench/race/journal.h), each line once."""

    def __init__(self, file, quotas):
        self.file, self.quotas, self.read = file, quotas, len(READY)
        # By number, in the order of their answers.
        self.known = {}
        self.begun, self.unanswered = 0, set()

    def is_ready(self):
        return self.file.read_bytes().startswith(READY)

    def calls(self, since):
        """In reverse order of their answers."""
        self.take(self.more())
        found = []
        for call in reversed(self.known.values()):
            if call.received < since:
                break
            if call.sent >= since:
                found.append(call)
        return found

    def forget(self, before):
        self.known = {number: call for number, call in self.known.items()
                      if call.received >= before}

    def more(self):
        with open(self.file, "rb") as file:
            file.seek(self.read)
            text = file.read()
        # The last line may not be whole yet.
        text = text[:text.rfind(b"\n") + 1]
        self.read += len(text)
        return text.decode()

    def take(self, text):
        for line in text.splitlines():
            kind, *numbers = line.split()
            getattr(self, kind)(*map(int, numbers))

    # --- its lines ------------------------------------------------------
    def check(self, number, quota, server, due, sent, received, error,
              is_granted, is_outage, valid):
        self.known[number] = Call(
            self.quotas[quota], sent / 1e9, received / 1e9,
            granted=bool(is_granted), outage=bool(is_outage),
            error=ERRORS[error], valid=valid / 1e9, server=server,
            due=due / 1e9)
        if number >= self.begun:
            self.unanswered.update(range(self.begun, number))
            self.begun = number + 1
        else:
            self.unanswered.discard(number)

    def release(self, number, due, sent):
        if number in self.known:
            self.known[number].let_go = sent / 1e9
            self.known[number].let_go_due = due / 1e9

    def released(self, number, told, error, is_freed):
        if number in self.known:
            self.known[number].told = told / 1e9
            self.known[number].untold = ERRORS[error]
            self.known[number].freed = bool(is_freed)
