"""Threads that work side by side: a queue, a lock, a pool, a timer, files."""

import concurrent.futures
import queue
import threading

tasks: queue.Queue[int | None] = queue.Queue()
results = []
lock = threading.Lock()
total = {"n": 0}


def work() -> None:
    while (n := tasks.get()) is not None:
        results.append(n * n)


def add() -> None:
    for _ in range(500):
        with lock:
            total["n"] += 1


def write(n: int) -> None:
    with open(f"file.{n}", "w") as file:
        for m in range(50):
            print(n, m, file=file)


def run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


for number in range(2000):
    tasks.put(number)
for _ in range(4):
    tasks.put(None)
run([threading.Thread(target=work) for _ in range(4)])
print(sum(results))
run([threading.Thread(target=add) for _ in range(4)])
print(total["n"])
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    print(sum(pool.map(abs, range(300))))
event = threading.Event()
timer = threading.Timer(0.1, event.set)
timer.start()
print(event.wait(5))
timer.join()
run([threading.Thread(target=write, args=(n,)) for n in range(4)])
print(threading.active_count())
