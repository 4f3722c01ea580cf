#include "xnn/core/dtype.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace xnn;

static_assert(sizeof(bfloat16) == 2 && std::is_trivially_copyable_v<bfloat16>);
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
