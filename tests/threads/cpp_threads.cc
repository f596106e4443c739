// std::thread, mutexes of every kind, scoped_lock, call_once, thread_local objects, exceptions.
#include "seen.hh"
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

static std::mutex first, second;
static std::shared_mutex shared;
static std::recursive_timed_mutex timed;
static std::once_flag flag;
static int sum, initialised, caught;

struct Local {
    int value = 0;
    ~Local() { note('A' + value); }
};
static thread_local Local local;

static void work(int self) {
    local.value = self;
    for (int i = 0; i < 30; i++) {
        std::call_once(flag, [] { initialised++; });
        if (i % 2) {
            std::scoped_lock lock(first, second);
            sum++;
        } else {
            std::scoped_lock lock(second, first);
            sum++;
        }
        {
            std::shared_lock lock(shared);
            CHECK(sum > 0);
        }
        try {
            std::unique_lock lock(timed, std::chrono::seconds(5));
            CHECK(lock.owns_lock());
            std::lock_guard again(timed);
            note('a' + self);
            throw std::runtime_error("x" + std::to_string(i));
        } catch (const std::runtime_error &error) {
            std::unique_lock lock(shared);
            CHECK(error.what() == "x" + std::to_string(i));
            caught++;
        }
    }
}

int main() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back(work, i);
    for (std::thread &thread : threads)
        thread.join();
    CHECK(sum == 120 && caught == 120 && initialised == 1 && seen_count == 124);
    show_seen();
}
