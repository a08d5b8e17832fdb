"""A wire between two programs that can be cut, stretched and clogged.

FaultProxy starts a process, so that nothing that a test computes holds the wire
up; run as a program this file is that process.
"""
import asyncio
import contextlib
import socket
import struct
import subprocess
import sys

CHUNK = 65536


class FaultProxy:
    """Listens on a port of its own and passes connections on to `target`.

    As TCP does, it never loses bytes in the middle of a connection: what is
    held up is passed on later, and a connection of which something was
    swallowed carries nothing ever after.

    Its methods change at once what holds for all connections, old and new, and
    return when that is so; heal() ends all of it.
    """

    def __init__(self, target):
        host, port = target
        self.process = subprocess.Popen(
            [sys.executable, __file__, host, str(port)], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.answer())

    def answer(self):
        line = self.process.stdout.readline()
        assert line, "the proxy ended"
        return line

    def tell(self, *words):
        print(*words, file=self.process.stdin)
        self.answer()

    # --- faults -----------------------------------------------------------
    def delay(self, seconds):
        """Each piece of either direction is held up for so long."""
        self.tell("delay", seconds)

    def swallow(self):
        """Connections are accepted, and all they carry is lost."""
        self.tell("swallow")

    def stall(self, direction):
        """Half-open: nothing goes that way. "requests" or "replies"."""
        self.tell("stall", direction)

    def cut(self):
        """Resets all connections; new ones are welcome."""
        self.tell("cut")

    def refuse(self):
        """Resets all connections and refuses new ones."""
        self.tell("refuse")

    def heal(self):
        self.tell("heal")

    def stop(self):
        self.process.kill()
        self.process.wait()


# --- in that process --------------------------------------------------------

class Proxy:
    """What FaultProxy tells it, its methods do."""

    def __init__(self, target):
        self.target = target
        self.delay_s = 0
        self.stalled = set()     # of "requests", "replies"
        self.is_swallowing = False
        self.wires = set()
        self.tasks = set()       # else they may be collected
        self.server, self.port = None, 0
        self.changed = asyncio.Condition()

    async def listen(self, port):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", port)
        return self.server.sockets[0].getsockname()[1]

    async def run(self, commands):
        self.port = await self.listen(0)
        print(self.port, flush=True)
        async for line in commands:
            word, *more = line.decode().split()
            await getattr(self, word)(*more)
            print("done", flush=True)

    async def change(self, **state):
        async with self.changed:
            vars(self).update(state)
            self.changed.notify_all()

    async def delay(self, seconds):
        await self.change(delay_s=float(seconds))

    async def swallow(self):
        await self.change(is_swallowing=True)

    async def stall(self, direction):
        await self.change(stalled={direction})

    async def cut(self):
        for wire in list(self.wires):
            wire.reset()

    async def refuse(self):
        self.server.close()
        self.server = None
        await self.cut()

    async def heal(self):
        await self.change(delay_s=0, stalled=set(), is_swallowing=False)
        if not self.server:
            await self.listen(self.port)

    async def accept(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        asyncio.current_task().add_done_callback(self.tasks.discard)
        wire = Wire(self, reader, writer)
        self.wires.add(wire)
        try:
            await wire.run()
        finally:
            wire.reset()
            self.wires.discard(wire)


class Wire:
    """One connection, and the one behind it."""

    def __init__(self, proxy, reader, writer):
        self.proxy, self.reader, self.writer = proxy, reader, writer
        self.behind = None
        self.is_dead = False     # something of it was swallowed

    async def run(self):
        with contextlib.suppress(OSError):
            from_behind, self.behind = await asyncio.open_connection(
                *self.proxy.target)
            await asyncio.gather(
                self.pump(self.reader, self.behind, "requests"),
                self.pump(from_behind, self.writer, "replies"))

    async def pump(self, reader, writer, direction):
        while True:
            piece = await reader.read(CHUNK)
            await self.hold_up(direction)
            self.is_dead |= self.proxy.is_swallowing
            if not piece:
                break
            if not self.is_dead:
                writer.write(piece)
                await writer.drain()
        if self.is_dead:
            self.reset()
        else:
            writer.close()

    async def hold_up(self, direction):
        proxy = self.proxy
        if proxy.delay_s:
            await asyncio.sleep(proxy.delay_s)
        if direction in proxy.stalled:
            async with proxy.changed:
                await proxy.changed.wait_for(
                    lambda: direction not in proxy.stalled)

    def reset(self):
        for writer in filter(None, (self.writer, self.behind)):
            sock = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            writer.transport.abort()


async def main():
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    await Proxy((sys.argv[1], int(sys.argv[2]))).run(commands)


if __name__ == "__main__":
    asyncio.run(main())
