#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

template <typename T> static T twice(T x) { return x + x; }

int main() {
    std::map<std::string, int> counts;
    for (const char *word : {"one", "two", "one"})
        counts[word] += twice(1);
    for (const auto &[word, count] : counts)
        std::cout << word << ' ' << count << '\n';
    try {
        throw std::runtime_error(twice(std::string("no")));
    } catch (const std::exception &error) {
        std::cout << error.what() << std::endl;
    }
}
