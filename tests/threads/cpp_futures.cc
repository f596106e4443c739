// std::async, promises, futures, packaged tasks.
#include "seen.hh"
#include <future>
#include <numeric>

static int sum_of(const std::vector<int> &values, size_t start, size_t end) {
    note('a' + (int)(start / 100));
    if (end - start <= 100)
        return std::accumulate(values.begin() + (long)start, values.begin() + (long)end, 0);
    size_t middle = (start + end) / 2;
    auto above = std::async(std::launch::async, sum_of, std::cref(values), middle, end);
    int below = sum_of(values, start, middle);
    return below + above.get();
}

int main() {
    std::vector<int> values(800);
    std::iota(values.begin(), values.end(), 1);
    CHECK(sum_of(values, 0, values.size()) == 800 * 801 / 2);
    std::promise<int> promise;
    std::shared_future<int> future = promise.get_future().share();
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; i++)
        threads.emplace_back([future, i] {
            CHECK(future.get() == 42);
            note('A' + i);
        });
    std::packaged_task<int(int)> task([](int x) { return x * 2; });
    std::future<int> doubled = task.get_future();
    std::thread(std::move(task), 21).detach();
    promise.set_value(doubled.get());
    for (std::thread &thread : threads)
        thread.join();
    auto failing = std::async(std::launch::async, []() -> int { throw 5; });
    try {
        failing.get();
        CHECK(!"thrown");
    } catch (int five) {
        CHECK(five == 5);
    }
    show_seen();
}
