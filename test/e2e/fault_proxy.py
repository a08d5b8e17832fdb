"""A wire between two programs that can be cut, stretched and clogged."""
import asyncio
import contextlib
import socket
import struct
import sys
import threading

CHUNK = 65536


class FaultProxy:
    """Listens on a port of its own and passes connections on to `target`.

    As TCP does, it never loses bytes in the middle of a connection: what is
    held up is passed on later, and a connection of which something was
    swallowed carries nothing ever after.

    Its methods change at once what holds for all connections, old and new, and
    return when that is so; heal() ends all of it. Any thread.
    """

    def __init__(self, target):
        self.target = target
        self.delay_s = 0
        self.stalled = set()     # of "requests", "replies"
        self.is_swallowing = False
        self.wires = set()
        self.tasks = set()
        self.server = None
        # Threads that compute would hold its own up for 5 ms each time.
        sys.setswitchinterval(0.0005)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.changed = self.call(self.make_condition())
        # Bound before it listens, so that a refused port is nobody else's.
        self.port = self.call(self.listen(0))

    # --- faults -----------------------------------------------------------
    def delay(self, seconds):
        """Each piece of either direction is held up for so long."""
        self.call(self.change(delay_s=seconds))

    def swallow(self):
        """Connections are accepted, and all they carry is lost."""
        self.call(self.change(is_swallowing=True))

    def stall(self, direction):
        """Half-open: nothing goes that way. "requests" or "replies"."""
        self.call(self.change(stalled={direction}))

    def cut(self):
        """Resets all connections; new ones are welcome."""
        self.call(self.reset_all())

    def refuse(self):
        """Resets all connections and refuses new ones."""
        self.call(self.shut())
        self.cut()

    def heal(self):
        self.call(self.change(delay_s=0, stalled=set(), is_swallowing=False))
        if not self.server:
            self.call(self.listen(self.port))

    def stop(self):
        self.heal()
        self.refuse()
        self.call(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    # --- in its thread ----------------------------------------------------
    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    async def make_condition(self):
        return asyncio.Condition()

    async def listen(self, port):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", port)
        return self.server.sockets[0].getsockname()[1]

    async def shut(self):
        self.server.close()
        self.server = None

    async def change(self, **state):
        async with self.changed:
            vars(self).update(state)
            self.changed.notify_all()

    async def reset_all(self):
        for wire in list(self.wires):
            wire.reset()

    async def end(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

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
        async with proxy.changed:
            await proxy.changed.wait_for(lambda: direction not in proxy.stalled)

    def reset(self):
        for writer in filter(None, (self.writer, self.behind)):
            sock = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            writer.transport.abort()
