// What every program pays: a few headers of the C++ library.
#include <functional>
#include <random>
#include <vector>

int main() {
    std::mt19937 generator(1);
    std::vector<float> numbers(100);
    const std::function<float()> draw = [&] { return std::uniform_real_distribution<float>()(generator); };
    for (float& x : numbers) x = draw();
    return numbers[0] < 2 ? 0 : 1;
}
