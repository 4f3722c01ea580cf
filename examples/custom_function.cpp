// Functions with a gradient of one's own, in two ways: of single elements, which fuses with what stands around it, and of
// whole arrays.
#include <cmath>
#include <iostream>
#include <xnn/tools/gradcheck.hpp>
#include <xnn/xnn.hpp>
using namespace xnn;

/// Rounds to whole numbers, but lets gradients pass as if it did not (a straight-through estimator). V is a number or a SIMD
/// register: the same code runs for both.
struct RoundThrough {
    static constexpr std::string_view name = "round_through";

    template <class V>
    XNN_INLINE V operator()(V x) const {
        using std::nearbyint;  // registers bring their own
        return nearbyint(x);
    }
    /// The gradient by argument I, from that of the result, the arguments and the result.
    template <int I, class V>
    XNN_INLINE V backward(V gradient, V /*x*/, V /*y*/) const { return gradient; }
};

/// Running sums along the last dimension: [rows, n] → [rows, n].
struct RunningSum {
    static constexpr std::string_view name = "running_sum";

    void forward(auto x, auto y) const {
        const index_t rows = x.extent(0), n = x.extent(1);
        for (index_t r = 0; r < rows; ++r)
            for (index_t i = 0; i < n; ++i) y.data[r * n + i] = x.data[r * n + i] + (i > 0 ? y.data[r * n + i - 1] : 0);
    }
    /// Element i is part of the sums i, i + 1, …: its gradient is the sum of theirs.
    void backward(auto x, auto /*y*/, auto gy, auto gx) const {
        const index_t rows = x.extent(0), n = x.extent(1);
        for (index_t r = 0; r < rows; ++r)
            for (index_t i = n; i-- > 0;) gx.data[r * n + i] = gy.data[r * n + i] + (i + 1 < n ? gx.data[r * n + i + 1] : 0);
    }
};

/// Functions that read like those of the library.
auto round_through(auto&& x) { return map(RoundThrough{}, std::forward<decltype(x)>(x)); }
auto running_sum(auto&& x) { return custom(RunningSum{}, std::forward<decltype(x)>(x)); }

int main() {
    Parameter<float, Shape<2, 4>> x(Tensor<float, Shape<2, 4>>{0.6F, 1.2F, -0.8F, 2.4F, 1, 1, 1, 1});

    const auto y = round_through(2 * x) * 0.5;  // one loop: multiplied, rounded and halved in registers
    const auto sums = running_sum(y);
    std::cout << "rounded to halves:\n";
    for (const float value : Tensor<float, Shape<2, 4>>(y)) std::cout << ' ' << value;
    std::cout << "\nrunning sums:\n";
    for (const float value : Tensor<float, Shape<2, 4>>(sums)) std::cout << ' ' << value;

    sum(sums).backward();
    std::cout << "\ngradient of their total, rounding passed through:\n";
    for (const float value : x.grad()) std::cout << ' ' << value;

    // A gradient that one writes should be checked: this throws where it differs from finite differences.
    Parameter<double, Shape<3, 5>> weight(rand<Shape<3, 5>, double>());
    gradcheck([](auto& w) { return running_sum(w) * running_sum(w); }, weight);
    std::cout << "\nthe gradient of running_sum agrees with finite differences\n";
}
