"""What asyncio does in threads: work given to it, names looked up, children waited for."""

import asyncio


async def main() -> None:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec("seq", "5", stdout=pipe)
    print(await child.communicate(), child.returncode)
    print(await asyncio.gather(*(asyncio.to_thread(pow, n, 2) for n in range(20))))
    print((await asyncio.get_running_loop().getaddrinfo("localhost", 80))[0][0].name)


asyncio.run(main())
