// C++20: latches, barriers, semaphores and waiting for atomics.
#include "seen.hh"
#include <atomic>
#include <barrier>
#include <latch>
#include <semaphore>

static std::atomic<int> phase_count, flag, inside;

int main() {
    std::latch start(4);
    std::barrier phases(3, []() noexcept { phase_count++; });
    std::counting_semaphore<2> places(2);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; i++)
        threads.emplace_back([&, i] {
            start.arrive_and_wait();
            for (int round = 1; round <= 10; round++) {
                note('a' + i);
                phases.arrive_and_wait();
                CHECK(phase_count >= round);
                places.acquire();
                CHECK(++inside <= 2);
                note('A' + i);
                --inside;
                places.release();
            }
            flag++;
            flag.notify_one();
        });
    start.arrive_and_wait();
    for (int value = 0; value < 3; value = flag)
        flag.wait(value);
    threads.clear();
    CHECK(phase_count == 10 && seen_count == 60);
    show_seen();
}
