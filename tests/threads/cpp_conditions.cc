// std::condition_variable and condition_variable_any: a bounded queue with deadlines.
#include "seen.hh"
#include <condition_variable>
#include <deque>
#include <mutex>
#include <shared_mutex>

static std::mutex mutex;
static std::condition_variable not_empty, not_full;
static std::deque<int> queue;
static int late;

static void produce(int self) {
    for (int i = 0; i < 40; i++) {
        std::unique_lock lock(mutex);
        not_full.wait(lock, [] { return queue.size() < 3; });
        queue.push_back(self);
        note('a' + self);
        not_empty.notify_one();
    }
}

static void consume(int self) {
    for (int i = 0; i < 40;) {
        std::unique_lock lock(mutex);
        if (!not_empty.wait_for(lock, std::chrono::microseconds(300), [] { return !queue.empty(); })) {
            late++;
            continue;
        }
        queue.pop_front();
        note('A' + self);
        not_full.notify_all();
        i++;
    }
}

int main() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; i++) {
        threads.emplace_back(produce, i);
        threads.emplace_back(consume, i);
    }
    for (std::thread &thread : threads)
        thread.join();
    std::shared_mutex shared;
    std::condition_variable_any any;
    bool done = false;
    std::thread waiter([&] {
        std::shared_lock lock(shared);
        any.wait(lock, [&] { return done; });
        note('!');
    });
    {
        std::unique_lock lock(shared);
        done = true;
    }
    any.notify_all();
    waiter.join();
    CHECK(queue.empty() && seen_count == 161);
    show_seen();
    printf("late: %d\n", late);
}
