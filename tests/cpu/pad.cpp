// Padding and its gradient against the definition, in every mode, for amounts of both signs.
#include "xnn/cpu/pad.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;
using kernels::PadGeometry;

namespace {

/// Where element `place` of a padded line comes from, step by step; -1: nowhere.
index_t from(PaddingMode mode, index_t place, index_t before, index_t n) {
    index_t i = place - before;
    switch (mode) {
        case PaddingMode::reflect:
            while (i < 0 || i >= n) i = i < 0 ? -i : 2 * n - 2 - i;
            return i;
        case PaddingMode::replicate: return std::min(std::max<index_t>(i, 0), n - 1);
        case PaddingMode::circular: return (i % n + n) % n;
        default: return i < 0 || i >= n ? -1 : i;
    }
}

template <class T>
void check(const PadGeometry& g, index_t planes, unsigned seed) {
    const Dims<3> out = g.output();
    const auto x = random<T>(planes * product(g.input), seed), gy = random<T>(planes * product(out), seed + 1);
    Output<T> y(planes * product(out));
    kernels::pad_forward(Cpu{}, planes, g, x.data(), y.data(), T(0.5F));
    std::vector<double> expected(x.size());
    bool same = true;
    for (index_t p = 0; p < y.size(); ++p) {
        const Dims<3> place{p / (out[1] * out[2]) % out[0], p / out[2] % out[1], p % out[2]};
        Dims<3> source{};
        for (std::size_t d = 0; d < 3; ++d) source[d] = from(g.mode, place[d], g.before[d], g.input[d]);
        const bool none = source[0] < 0 || source[1] < 0 || source[2] < 0;
        const auto i = static_cast<std::size_t>(((p / product(out) * g.input[0] + source[0]) * g.input[1] + source[1]) * g.input[2] + source[2]);
        same = same && number(y[p]) == (none ? 0.5 : number(x[i]));
        if (!none) expected[i] += number(gy[static_cast<std::size_t>(p)]);
    }
    CHECK(same);
    CHECK(y.guards_are_untouched());
    const double tolerance = std::same_as<T, double> ? 1e-13 : std::same_as<T, float> ? 1e-5 : 2e-2;
    for (const bool accumulate : {false, true}) {
        const auto before = random<T>(static_cast<index_t>(x.size()), seed + 2);
        Output<T> gx = accumulate ? Output<T>(before) : Output<T>(static_cast<index_t>(x.size()));
        kernels::pad_backward(Cpu{}, planes, g, gy.data(), gx.data(), accumulate);
        double worst = 0;
        for (index_t i = 0; i < gx.size(); ++i) {
            const auto at = static_cast<std::size_t>(i);
            const double wanted = expected[at] + (accumulate ? number(before[at]) : 0);
            const double error = std::fabs(number(gx[i]) - wanted) / (1 + std::fabs(wanted));
            if (!(error <= worst)) worst = error;
        }
        CHECK(worst <= tolerance);
        CHECK(gx.guards_are_untouched());
    }
}

}  // namespace

TEMPLATE_TEST_CASE("pad: random geometries", "[cpu][pad]", float, double, float16, bfloat16) {
    std::mt19937 engine(5);
    const auto pick = [&](index_t low, index_t high) { return std::uniform_int_distribution<index_t>(low, high)(engine); };
    for (unsigned repeat = 0; repeat < 120; ++repeat) {
        PadGeometry g{{1, 1, 1}, {}, {}, static_cast<PaddingMode>(repeat % 4)};
        const std::size_t absent = static_cast<std::size_t>(pick(0, 2));
        for (std::size_t d = absent; d < 3; ++d) {
            const index_t n = g.input[d] = pick(1, d == 2 ? 40 : 6);
            const index_t most = g.mode == PaddingMode::reflect ? n - 1 : g.mode == PaddingMode::circular ? n : 5;
            const bool crops = g.mode == PaddingMode::constant;
            g.before[d] = pick(crops ? -(n / 2) : 0, most);
            g.after[d] = pick(crops ? -((n - 1) / 2) : 0, most);
        }
        INFO(to_text(g.input) << to_text(g.before) << to_text(g.after) << static_cast<int>(g.mode));
        check<TestType>(g, pick(1, 5), repeat);
    }
}

TEST_CASE("pad: nothing to take or to give", "[cpu][pad]") {
    const PadGeometry none{{1, 1, 2}, {}, {0, 0, -2}, PaddingMode::constant};
    float x[2] = {1, 2}, gx[2] = {3, 4}, y = 5;
    kernels::pad_forward(Cpu{}, 1, none, x, &y, 0.0F);
    CHECK(y == 5);
    kernels::pad_backward(Cpu{}, 1, none, &y, gx, true);
    CHECK((gx[0] == 3 && gx[1] == 4));
    kernels::pad_backward(Cpu{}, 1, none, &y, gx, false);
    CHECK((gx[0] == 0 && gx[1] == 0));
    const PadGeometry all{{1, 0, 3}, {0, 1, 0}, {0, 1, 0}, PaddingMode::constant};
    float made[6];
    kernels::pad_forward(Cpu{}, 1, all, x, made, 7.0F);
    CHECK(made[5] == 7);
}
