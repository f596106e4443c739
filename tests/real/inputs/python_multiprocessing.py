"""A pool of processes, and a process that answers through a pipe."""

import multiprocessing


def square(n: int) -> int:
    return n * n


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, range(20)))
    one, other = multiprocessing.Pipe()
    process = multiprocessing.Process(target=other.send, args=({"x": 1},))
    process.start()
    print(one.recv())
    process.join()
