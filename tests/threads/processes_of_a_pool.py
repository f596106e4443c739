"""multiprocessing: a pool, counters with locks, queues; who did what is printed."""

import multiprocessing
import os


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def count(value: object, queue: object) -> None:
    for _ in range(50):
        with value.get_lock():
            value.value += 1
    queue.put((os.getpid(), value.value))


def main() -> None:
    with multiprocessing.Pool(3) as pool:
        results = pool.map(square, range(60), chunksize=2)
    assert [result for result, _ in results] == [number * number for number in range(60)]
    print(results)
    value, queue = multiprocessing.Value("i", 0), multiprocessing.Queue()
    processes = [multiprocessing.Process(target=count, args=(value, queue)) for _ in range(3)]
    for process in processes:
        process.start()
    print([queue.get() for _ in processes])
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert value.value == 150


if __name__ == "__main__":
    main()
