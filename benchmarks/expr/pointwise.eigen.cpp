#include <Eigen/Core>
#include <numbers>
#include <unsupported/Eigen/SpecialFunctions>

#include "pointwise.hpp"

namespace {

using Row = Eigen::Map<Eigen::ArrayXf>;
using ConstRow = Eigen::Map<const Eigen::ArrayXf>;

/// One array expression for each row. Eigen's erf and tanh are vectorised.
template <class F>
bench::Call chain(Chain c, F f) {
    return [=] {
        const ConstRow w(c.w.data(), c.columns), b(c.b.data(), c.columns);
        for (long i = 0; i < c.rows; ++i) {
            Row y(c.y.data() + i * c.columns, c.columns);
            f(y, ConstRow(c.x.data() + i * c.columns, c.columns) * w + b);
        }
        return c.y;
    };
}

}  // namespace

bench::Call gelu_eigen(Chain c) {
    return chain(c, [](Row& y, const auto& x) {
        y = x;
        y = 0.5f * y * (1 + (y * (std::numbers::sqrt2_v<float> / 2)).erf());
    });
}

bench::Call gelu_tanh_eigen(Chain c) {
    return chain(c, [](Row& y, const auto& x) {
        y = x;
        y = 0.5f * y * (1 + (0.7978845608f * y * (1 + 0.044715f * y * y)).tanh());
    });
}

bench::Call mix_eigen(Mixture m) {
    return [=] {
        const long size = m.rows * m.columns;
        Row(m.result.data(), size) =
            (ConstRow(m.x.data(), size) + ConstRow(m.y.data(), size)).max(0.f) * ConstRow(m.z.data(), size);
        return m.result;
    };
}
