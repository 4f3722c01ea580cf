#include <Eigen/Core>
#include <cmath>

#include "reductions.hpp"

namespace {

using Matrix = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstRow = Eigen::Map<const Eigen::ArrayXf>;
using Row = Eigen::Map<Eigen::ArrayXf>;

ConstRow row(std::span<const float> numbers, long i, long columns) { return {numbers.data() + i * columns, columns}; }
Row row(std::span<float> numbers, long i, long columns) { return {numbers.data() + i * columns, columns}; }

}  // namespace

bench::Call reduction_eigen(Reduction r) {
    return [=] {
        const Eigen::Map<const Matrix> x(r.x.data(), r.rows, r.columns);
        Row y(r.y.data(), static_cast<long>(r.y.size()));
        if (r.over == Over::all)
            y(0) = x.sum();
        else if (r.over == Over::columns)
            y = x.rowwise().sum();
        else
            y = x.colwise().sum().transpose();
        if (r.mean) y /= static_cast<float>(r.x.size() / r.y.size());
        return r.y;
    };
}

bench::Call softmax_eigen(Softmax s) {
    return [=] {
        for (long i = 0; i < s.rows; ++i) {
            const auto x = row(s.x, i, s.columns);
            auto y = row(s.y, i, s.columns);
            const float largest = x.maxCoeff();
            if (s.logarithm) {
                y = x - (largest + std::log((x - largest).exp().sum()));
            } else {
                y = (x - largest).exp();
                y *= 1 / y.sum();
            }
        }
        return s.y;
    };
}

bench::Call layer_norm_eigen(LayerNorm l) {
    return [=] {
        const ConstRow weight(l.weight.data(), l.columns), bias(l.bias.data(), l.columns);
        for (long i = 0; i < l.rows; ++i) {
            const auto x = row(l.x, i, l.columns);
            const float mean = x.mean();
            const float rstd = 1 / std::sqrt((x - mean).square().mean() + 1e-5f);
            row(l.y, i, l.columns) = (x - mean) * rstd * weight + bias;
        }
        return l.y;
    };
}

bench::Call cross_entropy_eigen(CrossEntropy c) {
    return [=] {
        const float share = 1 / static_cast<float>(c.rows);
        c.loss[0] = 0;
        for (long i = 0; i < c.rows; ++i) {
            const auto x = row(c.x, i, c.columns);
            auto gx = row(c.gx, i, c.columns);
            const long target = c.classes[static_cast<std::size_t>(i)];
            const float largest = x.maxCoeff();
            gx = (x - largest).exp();
            const float sum = gx.sum();
            gx *= share / sum;
            gx(target) -= share;
            c.loss[0] += share * (largest + std::log(sum) - x(target));
        }
        return bench::Arrays(c.loss, c.gx);
    };
}
