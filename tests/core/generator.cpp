#include "xnn/core/generator.hpp"

#include <catch2/catch.hpp>

using namespace xnn;

// The known answers of Random123, kat_vectors.
static_assert(Philox::words({0, 0, 0, 0}, {0, 0}) == Philox::Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(Philox::words({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
              Philox::Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(Philox::words({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              Philox::Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});

TEST_CASE("generator: a seed gives the same numbers, one after the other") {
    Generator a(7), b(7);
    const auto first = a.draw(10), second = a.draw(10);
    REQUIRE(b.draw(10).word(3) == first.word(3));
    REQUIRE(second.word(0) != first.word(0));
    REQUIRE(b.get_state() != a.get_state());
    b.set_state(a.get_state());
    REQUIRE(a.draw(1).word(0) == b.draw(1).word(0));
    a.manual_seed(7);
    REQUIRE(a.draw(1).word(0) == first.word(0));
    REQUIRE(a.initial_seed() == 7);
}

TEST_CASE("generator: draws do not share numbers, whatever is made of them") {
    Generator generator(1);
    for (index_t n : {1, 2, 3, 4, 5, 100}) {
        const auto stream = generator.draw(n);
        const auto next = generator.get_state().offset;
        REQUIRE(stream.offset + static_cast<std::uint64_t>((n - 1) / 2) < next);  // the last normal number's group
    }
}

TEST_CASE("generator: uniform and normal numbers have their moments") {
    const RandomStream stream{42, 0};
    constexpr index_t n = 200000;
    double sum = 0, squares = 0, normal_sum = 0, normal_squares = 0, fourth = 0;
    for (index_t i = 0; i < n; ++i) {
        const double u = static_cast<double>(stream.uniform(i));
        REQUIRE((u >= 0 && u < 1));
        sum += u;
        squares += u * u;
        const double z = stream.normal(i);
        normal_sum += z;
        normal_squares += z * z;
        fourth += z * z * z * z;
    }
    REQUIRE(sum / n == Approx(0.5).margin(0.005));
    REQUIRE(squares / n == Approx(1.0 / 3).margin(0.005));
    REQUIRE(normal_sum / n == Approx(0).margin(0.01));
    REQUIRE(normal_squares / n == Approx(1).margin(0.02));
    REQUIRE(fourth / n == Approx(3).margin(0.1));
}
