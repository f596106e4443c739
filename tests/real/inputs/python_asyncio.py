"""Streams, children, time limits, signals and queues in one thread."""

import asyncio
import contextlib
import os
import signal
import sys


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def client(port: int, n: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for k in range(5):
        writer.write(b"client %d line %d\n" % (n, k))
        await writer.drain()
        assert await reader.readline() == b"CLIENT %d LINE %d\n" % (n, k)
    writer.close()
    await writer.wait_closed()
    return n


async def children() -> None:
    if sys.version_info < (3, 12):  # later ones do so by themselves: no thread waits for the child
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec("seq", "5", stdout=pipe)
    print(await child.communicate(), child.returncode)
    child = await asyncio.create_subprocess_shell("cat; exit 6", stdin=pipe, stdout=pipe)
    print(await child.communicate(b"input"), child.returncode)


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(await asyncio.gather(*(client(port, n) for n in range(10))))
    server.close()
    await server.wait_closed()
    await children()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.sleep(10), 0.1)
        print("no")
    got = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await got.wait()
    print("signal")
    queue: asyncio.Queue[int] = asyncio.Queue(3)

    async def produce() -> None:
        for n in range(20):
            await queue.put(n)

    task = asyncio.create_task(produce())
    print([await queue.get() for _ in range(20)])
    await task


asyncio.run(main())
