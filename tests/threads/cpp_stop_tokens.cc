// C++20: jthreads that are asked to stop, with callbacks and waits that end by it.
#include "seen.hh"
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>

int main() {
    std::mutex mutex;
    std::condition_variable_any condition;
    std::atomic<int> started = 0, stopped = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; i++)
            threads.emplace_back([&, i](std::stop_token stop) {
                std::stop_callback callback(stop, [i] { note('0' + i); });
                started++;
                if (i % 2) {
                    std::unique_lock lock(mutex);
                    CHECK(!condition.wait(lock, stop, [] { return false; }));
                } else
                    while (!stop.stop_requested()) {
                        note('a' + i);
                        std::this_thread::sleep_for(std::chrono::microseconds(200));
                    }
                note('A' + i);
                stopped++;
            });
        while (started < 4)
            std::this_thread::yield();
        threads[1].request_stop();
    }
    CHECK(stopped == 4);
    show_seen();
}
