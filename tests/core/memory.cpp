// Buffers of all sizes: where they begin, what copies share; and that advice about pages changes no byte.
#include "xnn/core/memory.hpp"

#include <catch2/catch.hpp>
#include <algorithm>
#include <cstdint>
#include <vector>

using namespace xnn;
using Buffer = detail::Buffer<Cpu>;

TEST_CASE("buffers are aligned, and hold as many bytes as they say", "[memory]") {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{64}, std::size_t{65536}, std::size_t{100000}, 2 * detail::huge_page, 5 * detail::huge_page + 64}) {
        Buffer buffer(bytes);
        REQUIRE(buffer.size() == bytes);
        REQUIRE(reinterpret_cast<std::uintptr_t>(buffer.data()) % alignment == 0);
        std::fill_n(buffer.data(), bytes, std::byte{7});
        const Buffer copy = buffer;
        buffer = Buffer();
        REQUIRE(std::count(copy.data(), copy.data() + bytes, std::byte{7}) == static_cast<std::ptrdiff_t>(bytes));
    }
}

TEST_CASE("neighbouring large buffers do not begin at equal places of a page", "[memory]") {
    std::vector<Buffer> buffers;
    std::vector<std::uintptr_t> places;
    for (int i = 0; i < 16; ++i) {
        buffers.emplace_back(std::size_t{1} << 20);
        places.push_back(reinterpret_cast<std::uintptr_t>(buffers.back().data()) % 4096);
    }
    std::sort(places.begin(), places.end());
    REQUIRE(std::adjacent_find(places.begin(), places.end()) == places.end());
}

TEST_CASE("advice about pages keeps to whole pages", "[memory]") {
    std::vector<char> memory(3 * detail::huge_page + 100, 'x');
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, detail::huge_page, memory.size() - 3}) detail::prefer_huge_pages(memory.data() + 3, bytes);
    REQUIRE(std::count(memory.begin(), memory.end(), 'x') == static_cast<std::ptrdiff_t>(memory.size()));
}
