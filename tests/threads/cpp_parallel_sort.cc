// A merge sort with a thread for each half, and a reduction with atomics.
#include "seen.hh"
#include <algorithm>
#include <atomic>

static std::atomic<int> comparisons;

static void sort(std::vector<int> &values, size_t start, size_t end, int depth) {
    size_t middle = (start + end) / 2;
    auto at = [&](size_t index) { return values.begin() + (long)index; };
    if (!depth) {
        int count = 0;
        std::sort(at(start), at(end), [&](int a, int b) { return count++, a < b; });
        comparisons += count;
        note('a' + (int)(8 * start / values.size()));
        return;
    }
    std::thread below(sort, std::ref(values), start, middle, depth - 1);
    sort(values, middle, end, depth - 1);
    below.join();
    std::inplace_merge(at(start), at(middle), at(end));
    note('A' + depth);
}

int main() {
    std::vector<int> values(20000);
    unsigned state = 1;
    for (int &value : values)
        value = (int)((state = state * 1103515245 + 12345) >> 8);
    sort(values, 0, values.size(), 3);
    CHECK(std::is_sorted(values.begin(), values.end()));
    show_seen();
    printf("%d comparisons\n", comparisons.load());
}
