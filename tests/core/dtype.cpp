#include "xnn/core/dtype.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <xtl/xhalf_float.hpp>

using namespace xnn;

static_assert(sizeof(bfloat16) == 2 && std::is_trivially_copyable_v<bfloat16>);
static_assert(sizeof(float16) == 2 && std::is_trivially_copyable_v<float16>);
static_assert(std::same_as<compute_t<bfloat16>, float> && std::same_as<compute_t<const float16>, float> && std::same_as<compute_t<double>, double>);
static_assert(std::same_as<accumulate_t<std::uint8_t>, std::int64_t> && std::same_as<accumulate_t<bool>, std::int64_t>);
static_assert(dtype_of<const float> == Dtype::F32 && name_of(Dtype::BF16) == "bfloat16" && name_of(Dtype::BOOL) == "bool");
static_assert(size_of(Dtype::F64) == 8 && size_of(Dtype::F16) == 2 && size_of(Dtype::I16) == 2);
static_assert(Floating<float16> && !Floating<int> && Element<bool> && !Element<char32_t>);

TEST_CASE("dtype: bfloat16 is the upper half of a float, rounded to nearest even") {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto x = bfloat16::from_bits(static_cast<std::uint16_t>(bits));
        const float f = x;
        if (std::isnan(f))
            REQUIRE(std::isnan(static_cast<float>(bfloat16(f))));
        else
            REQUIRE(bfloat16(f).bits() == bits);
    }
    REQUIRE(bfloat16(1.00390625F).bits() == 0x3f80);   // halfway, to the even one below
    REQUIRE(bfloat16(1.01171875F).bits() == 0x3f82);   // halfway, to the even one above
    REQUIRE(bfloat16(std::nextafter(1.00390625F, 2.F)).bits() == 0x3f81);
    REQUIRE(std::isinf(static_cast<float>(bfloat16(std::numeric_limits<float>::max()))));
    REQUIRE(static_cast<float>(bfloat16(-std::numeric_limits<float>::infinity())) == -std::numeric_limits<float>::infinity());
    REQUIRE(std::signbit(static_cast<float>(bfloat16(-0.F))));
}

namespace {
std::uint16_t bits_of(xtl::half_float number) { return std::bit_cast<std::uint16_t>(number); }

// Without the processor's instructions: as the compiler computes it.
static_assert([] {
    for (std::uint32_t bits = 63; bits < 0x10000; bits += 64) {
        const auto stored = static_cast<std::uint16_t>(bits);
        const float number = float16::decode(stored);
        if (number == number && float16::encode(number) != stored) return false;
    }
    return true;
}());
static_assert(float16::encode(65519.F) == 0x7bff && float16::encode(65520.F) == 0x7c00 && float16::encode(-1e9F) == 0xfc00);
static_assert(float16::encode(0x1p-24F) == 1 && float16::encode(0x1p-25F) == 0 && float16::encode(0x1.8p-24F) == 2);
static_assert(float16::encode(1 + 0x1p-11F) == 0x3c00 && float16::encode(1 + 0x3p-11F) == 0x3c02);
static_assert(float16::decode(1) == 0x1p-24F && float16::decode(0x7bff) == 65504 && float16::decode(0xc000) == -2);
static_assert(float16::encode(std::numeric_limits<float>::quiet_NaN()) == 0x7e00);
}  // namespace

TEST_CASE("dtype: float16 is xtl's half, number by number") {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto ours = float16::from_bits(static_cast<std::uint16_t>(bits));
        const auto theirs = std::bit_cast<xtl::half_float>(static_cast<std::uint16_t>(bits));
        const float number = ours;
        if (std::isnan(number)) {
            REQUIRE(std::isnan(static_cast<float>(theirs)));
            REQUIRE(std::isnan(static_cast<float>(float16(number))));
        } else {
            REQUIRE(number == static_cast<float>(theirs));
            REQUIRE(float16(number).bits() == bits);
        }
    }
    for (std::uint32_t bits = 0; bits < 0x7f80'0000U; bits += 977) {
        const auto number = std::bit_cast<float>(bits);
        REQUIRE(float16(number).bits() == bits_of(xtl::half_float(number)));
        REQUIRE(float16(-number).bits() == bits_of(xtl::half_float(-number)));
    }
}
