#!/usr/bin/env python3
"""peers_co.py WORK X TIMES - Python's coroutines in the benchmarks of
coroutines: prints the nanoseconds of CPU time that one takes. TIMES 0: as many
as take 25 ms. `park` prints "parked" when X tasks wait, and waits, too.

    generator   send, and the generator yields
    await       the same by a coroutine that awaits
    yield       X tasks of asyncio that sleep(0)
    spawn       a task that ends at once is made and awaited
    channel     a Queue(X), one task puts, one gets

Read before: peers_co.h.
"""

import asyncio
import sys
import time

RUN_NS = 25_000_000


def timed(run, times):
    """run(times) does it so often, and may say how long that took."""
    fixed = times > 0
    times = times or 100
    while True:
        start = time.process_time_ns()
        took = run(times) or time.process_time_ns() - start
        if fixed or took >= RUN_NS:
            return took / times
        times = int(min(20 * times, 1.2 * RUN_NS * times / max(took, 1))) + 1


def generator(_x):
    def numbers():
        while True:
            yield 1

    made = numbers()
    next(made)

    def run(times):
        for _ in range(times):
            made.send(None)

    return run


def awaiting(_x):
    class Turn:
        def __await__(self):
            yield

    async def numbers():
        while True:
            await Turn()

    made = numbers()

    def run(times):
        for _ in range(times):
            made.send(None)

    return run


def in_loop(work):
    """A work that is a coroutine, with a loop of asyncio for each run."""
    return lambda x: lambda times: asyncio.run(work(x, times))


async def yielding(x, times):
    async def task(turns):
        for _ in range(turns):
            await asyncio.sleep(0)

    tasks = [asyncio.ensure_future(task(times // x + 1)) for _ in range(x)]
    await asyncio.sleep(0)
    start = time.process_time_ns()
    for one in tasks:
        await one
    return time.process_time_ns() - start


async def spawning(_x, times):
    async def task():
        pass

    start = time.process_time_ns()
    for _ in range(times):
        await asyncio.ensure_future(task())
    return time.process_time_ns() - start


async def channel(x, times):
    queue = asyncio.Queue(x)

    async def sender():
        for i in range(times):
            await queue.put(i)

    start = time.process_time_ns()
    one = asyncio.ensure_future(sender())
    for _ in range(times):
        await queue.get()
    await one
    return time.process_time_ns() - start


async def park(x):
    tasks = [asyncio.ensure_future(asyncio.sleep(3600)) for _ in range(x)]
    await asyncio.sleep(0)
    print("parked", flush=True)
    await asyncio.gather(*tasks)


works = {
    "generator": generator,
    "await": awaiting,
    "yield": in_loop(yielding),
    "spawn": in_loop(spawning),
    "channel": in_loop(channel),
}


def main():
    work, x, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if work == "park":
        asyncio.run(park(x))
    elif work == "channel" and x == 0:
        sys.exit(3)  # to a Queue, 0 means any number
    else:
        print(timed(works[work](x), times))


main()
