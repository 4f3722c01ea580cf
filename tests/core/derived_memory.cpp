#include "xnn/core/derived_memory.hpp"

#include <catch2/catch.hpp>

#include "xnn/core/load_state.hpp"

using namespace xnn;

TEST_CASE("derived memory: filled once, and again when it is out of date", "[core]") {
    DerivedMemory memory;
    int fills = 0;
    const auto number = [&] { return *reinterpret_cast<const int*>(memory.get(sizeof(int), [&](std::byte* to) { *reinterpret_cast<int*>(to) = ++fills; }).data()); };
    REQUIRE(number() == 1);
    REQUIRE(number() == 1);
    memory.forget();
    REQUIRE(number() == 2);
    load_state(StateDict{}, StateDict{});
    REQUIRE(number() == 3);
    REQUIRE(number() == 3);
}

TEST_CASE("derived memory: who holds it keeps it", "[core]") {
    DerivedMemory memory;
    const auto fill = [&](std::byte value) { return [=](std::byte* to) { *to = value; }; };
    const auto held = memory.get(1, fill(std::byte{1}));
    memory.forget();
    REQUIRE(*memory.get(1, fill(std::byte{2})).data() == std::byte{2});
    REQUIRE(*held.data() == std::byte{1});
}
