#include "xnn/cpu/norm.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;
using kernels::BatchNormExtents;
using kernels::GroupNormExtents;

namespace {

constexpr double eps = 1e-3;

/// Elements that are normalised together, by their positions, with the parameter that each is scaled by.
struct Group {
    std::vector<std::size_t> positions, parameters;
};
std::vector<Group> rows_of(index_t rows, index_t n) {
    std::vector<Group> groups(static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows * n); ++i) {
        groups[i / static_cast<std::size_t>(n)].positions.push_back(i);
        groups[i / static_cast<std::size_t>(n)].parameters.push_back(i % static_cast<std::size_t>(n));
    }
    return groups;
}
std::vector<Group> channels_of(const BatchNormExtents& e) {
    std::vector<Group> groups(static_cast<std::size_t>(e.channels));
    for (index_t i = 0; i < e.count() * e.channels; ++i) {
        const auto channel = static_cast<std::size_t>(i / e.inner % e.channels);
        groups[channel].positions.push_back(static_cast<std::size_t>(i));
        groups[channel].parameters.push_back(channel);
    }
    return groups;
}

std::vector<Group> groups_of(const GroupNormExtents& e) {
    std::vector<Group> groups(static_cast<std::size_t>(e.rows()));
    for (index_t i = 0; i < e.rows() * e.length(); ++i) {
        groups[static_cast<std::size_t>(i / e.length())].positions.push_back(static_cast<std::size_t>(i));
        groups[static_cast<std::size_t>(i / e.length())].parameters.push_back(static_cast<std::size_t>(i / e.inner % e.channels));
    }
    return groups;
}

struct Naive {
    std::vector<double> y, mean, variance, rstd, gx, gweight, gbias;

    /// `fixed` moments, or those of the groups where it is null.
    template <class T>
    Naive(const std::vector<Group>& groups, const std::vector<T>& x, const std::vector<T>& weight,
          const std::vector<T>& bias, const std::vector<T>& gy, std::size_t parameters,
          const std::pair<std::vector<T>, std::vector<T>>* fixed = nullptr)
        : y(x.size()), gx(x.size()), gweight(parameters), gbias(parameters) {
        const auto w = [&](std::size_t p) { return weight.empty() ? 1 : number(weight[p]); };
        for (std::size_t k = 0; k < groups.size(); ++k) {
            const auto& [positions, which] = groups[k];
            const double n = static_cast<double>(positions.size());
            double m = 0, v = 0;
            for (auto i : positions) m += number(x[i]) / n;
            for (auto i : positions) v += (number(x[i]) - m) * (number(x[i]) - m) / n;
            if (fixed != nullptr) {
                m = number(fixed->first[k]);
                v = number(fixed->second[k]);
            }
            const double r = 1 / std::sqrt(v + eps);
            mean.push_back(m);
            variance.push_back(v);
            rstd.push_back(r);
            double sum_g = 0, sum_gx = 0;
            for (std::size_t j = 0; j < positions.size(); ++j) {
                const double normalized = (number(x[positions[j]]) - m) * r, g = number(gy[positions[j]]);
                y[positions[j]] = normalized * w(which[j]) + (bias.empty() ? 0 : number(bias[which[j]]));
                gweight[which[j]] += g * normalized;
                gbias[which[j]] += g;
                sum_g += g * w(which[j]);
                sum_gx += g * w(which[j]) * normalized;
            }
            for (std::size_t j = 0; j < positions.size(); ++j) {
                const double normalized = (number(x[positions[j]]) - m) * r, g = number(gy[positions[j]]) * w(which[j]);
                gx[positions[j]] = fixed != nullptr ? r * g : r * (g - sum_g / n - normalized * sum_gx / n);
            }
        }
    }
};

/// Sums of many terms: the error grows with their number.
template <class T>
double tolerance_of_sum(std::size_t terms) {
    return tolerance<T> * (1 + std::sqrt(static_cast<double>(terms)));
}

}  // namespace

TEMPLATE_TEST_CASE("layer normalisation", "[norm]", float, double, bfloat16, float16) {
    using T = TestType;
    using C = compute_t<T>;
    struct Extents {
        index_t rows, n;
    };
    for (const auto [rows, n] : {Extents{1, 1}, {3, 2}, {5, 16}, {4, 33}, {70, 20}, {2, 300}, {0, 3}})
        for (const bool affine : {true, false}) {
            CAPTURE(rows, n, affine);
            const auto x = random<T>(rows * n, 1), gy = random<T>(rows * n, 2);
            const auto weight = affine ? random<T>(n, 3) : std::vector<T>{},
                       bias = affine ? random<T>(n, 4) : std::vector<T>{};
            const Naive expected(rows_of(rows, n), x, weight, bias, gy, static_cast<std::size_t>(n));
            const T *const w = affine ? weight.data() : nullptr, *const b = affine ? bias.data() : nullptr;
            Output<T> y(rows * n), gx(rows * n), gweight(n), gbias(n);
            Output<C> mean(rows), rstd(rows);
            kernels::layer_norm_forward(Cpu{}, x.data(), w, b, y.data(), mean.data(), rstd.data(), rows, n, eps);
            check_close(y, expected.y, 4 * tolerance<T>);
            check_close(mean, expected.mean, tolerance<C>);
            check_close(rstd, expected.rstd, 4 * tolerance<C>);
            Output<T> y_alone(rows * n);
            kernels::layer_norm_forward<T>(Cpu{}, x.data(), w, b, y_alone.data(), nullptr, nullptr, rows, n, eps);
            CHECK(y_alone.same_bits(y));

            kernels::layer_norm_backward(Cpu{}, x.data(), w, gy.data(), mean.data(), rstd.data(), gx.data(), false,
                                         gweight.data(), false, gbias.data(), false, rows, n);
            const double allowed = tolerance_of_sum<T>(static_cast<std::size_t>(rows));
            check_close(gx, expected.gx, 30 * tolerance<T>);
            check_close(gweight, expected.gweight, allowed);
            check_close(gbias, expected.gbias, allowed);
            const auto before = random<T>(rows * n, 5), before_weight = random<T>(n, 6);
            Output<T> added(before), added_weight(before_weight);
            kernels::layer_norm_backward<T>(Cpu{}, x.data(), w, gy.data(), mean.data(), rstd.data(), added.data(), true,
                                            added_weight.data(), true, nullptr, false, rows, n);
            check_close(added, sum(before, expected.gx), 30 * tolerance<T>);
            check_close(added_weight, sum(before_weight, expected.gweight), allowed);
        }
}

TEMPLATE_TEST_CASE("group normalisation", "[norm]", float, double, bfloat16, float16) {
    using T = TestType;
    using C = compute_t<T>;
    for (const auto e : {GroupNormExtents{1, 2, 1, 1}, {3, 6, 5, 2}, {2, 4, 16, 4}, {5, 6, 35, 3}, {70, 8, 1, 2}, {0, 4, 3, 2}}) {
        CAPTURE(e.batch, e.channels, e.inner, e.groups);
        const index_t size = e.batch * e.channels * e.inner;
        const auto x = random<T>(size, 1), gy = random<T>(size, 2), w = random<T>(e.channels, 3), b = random<T>(e.channels, 4);
        const Naive expected(groups_of(e), x, w, b, gy, static_cast<std::size_t>(e.channels));
        Output<T> y(size), gx(size), gweight(e.channels), gbias(e.channels);
        Output<C> mean(e.rows()), rstd(e.rows());
        kernels::group_norm_forward(Cpu{}, x.data(), w.data(), b.data(), y.data(), mean.data(), rstd.data(), e, eps);
        check_close(y, expected.y, 4 * tolerance<T>);
        check_close(mean, expected.mean, tolerance<C>);
        check_close(rstd, expected.rstd, 4 * tolerance<C>);

        kernels::group_norm_backward(Cpu{}, x.data(), w.data(), gy.data(), mean.data(), rstd.data(), gx.data(), false, gweight.data(), false,
                                     gbias.data(), false, e);
        const double allowed = tolerance_of_sum<T>(static_cast<std::size_t>(e.batch * e.inner));
        check_close(gx, expected.gx, 30 * tolerance<T>);
        check_close(gweight, expected.gweight, allowed);
        check_close(gbias, expected.gbias, allowed);
        const auto before = random<T>(size, 5), before_weight = random<T>(e.channels, 6);
        Output<T> added(before), added_weight(before_weight);
        kernels::group_norm_backward<T>(Cpu{}, x.data(), w.data(), gy.data(), mean.data(), rstd.data(), added.data(), true, added_weight.data(),
                                        true, nullptr, false, e);
        check_close(added, sum(before, expected.gx), 30 * tolerance<T>);
        check_close(added_weight, sum(before_weight, expected.gweight), allowed);
    }
}

TEMPLATE_TEST_CASE("batch normalisation", "[norm]", float, double, bfloat16, float16) {
    using T = TestType;
    using C = compute_t<T>;
    for (const BatchNormExtents e :
         {BatchNormExtents{2, 1, 1}, {70, 20, 1}, {5, 16, 1}, {3, 37, 1}, {1, 3, 5}, {4, 5, 49}, {3, 2, 300}})
        for (const bool affine : {true, false})
            for (const bool training : {true, false}) {
                CAPTURE(e.batch, e.channels, e.inner, affine, training);
                const index_t size = e.count() * e.channels;
                const auto x = random<T>(size, 1), gy = random<T>(size, 2);
                const auto weight = affine ? random<T>(e.channels, 3) : std::vector<T>{},
                           bias = affine ? random<T>(e.channels, 4) : std::vector<T>{};
                const std::pair running{random<T>(e.channels, 5), random<T>(e.channels, 6, 0.5, 2)};
                const Naive expected(channels_of(e), x, weight, bias, gy, static_cast<std::size_t>(e.channels),
                                     training ? nullptr : &running);
                const T *const w = affine ? weight.data() : nullptr, *const b = affine ? bias.data() : nullptr;
                Output<T> y(size), gx(size), gweight(e.channels), gbias(e.channels), running_mean(running.first),
                    running_var(running.second);
                Output<C> mean(e.channels), rstd(e.channels);
                if (training) {
                    kernels::batch_norm_forward_training(Cpu{}, x.data(), w, b, y.data(), mean.data(), rstd.data(),
                                                         running_mean.data(), running_var.data(), e, eps, 0.1);
                    std::vector<double> new_mean, new_var;
                    const double n = static_cast<double>(e.count());
                    for (std::size_t c = 0; c < expected.mean.size(); ++c) {
                        new_mean.push_back(0.9 * number(running.first[c]) + 0.1 * expected.mean[c]);
                        new_var.push_back(0.9 * number(running.second[c]) + 0.1 * expected.variance[c] * n / (n - 1));
                    }
                    check_close(running_mean, new_mean);
                    check_close(running_var, new_var);
                    Output<T> y_alone(size);
                    kernels::batch_norm_forward_training<T>(Cpu{}, x.data(), w, b, y_alone.data(), nullptr, nullptr,
                                                            nullptr, nullptr, e, eps, 0.1);
                    CHECK(y_alone.same_bits(y));
                } else {
                    kernels::batch_norm_forward_eval(Cpu{}, x.data(), w, b, y.data(), mean.data(), rstd.data(),
                                                     running_mean.data(), running_var.data(), e, eps);
                }
                check_close(y, expected.y, 10 * tolerance<T>);
                check_close(mean, expected.mean, tolerance<C>);
                check_close(rstd, expected.rstd, 4 * tolerance<C>);

                kernels::batch_norm_backward(Cpu{}, x.data(), w, gy.data(), mean.data(), rstd.data(), gx.data(), false,
                                             gweight.data(), false, gbias.data(), false, e, training);
                const double allowed = tolerance_of_sum<T>(static_cast<std::size_t>(e.count()));
                check_close(gx, expected.gx, 30 * tolerance<T>);
                check_close(gweight, expected.gweight, allowed);
                check_close(gbias, expected.gbias, allowed);
                const auto before = random<T>(size, 7), before_bias = random<T>(e.channels, 8);
                Output<T> added(before), added_bias(before_bias);
                kernels::batch_norm_backward<T>(Cpu{}, x.data(), w, gy.data(), mean.data(), rstd.data(), added.data(),
                                                true, nullptr, false, added_bias.data(), true, e, training);
                check_close(added, sum(before, expected.gx), 30 * tolerance<T>);
                check_close(added_bias, sum(before_bias, expected.gbias), allowed);
            }
}

TEST_CASE("batch normalisation updates its running statistics as PyTorch does", "[norm]") {
    const std::vector<double> x = {1, 2, 3, 5, 8, -1};
    Output<double> y(6), mean(std::vector<double>{0, 0}), var(std::vector<double>{1, 1});
    kernels::batch_norm_forward_training<double>(Cpu{}, x.data(), nullptr, nullptr, y.data(), nullptr, nullptr,
                                                 mean.data(), var.data(), BatchNormExtents{3, 2, 1}, 1e-5, 0.1);
    check_close(mean, {0.4, 0.2}, 1e-14);
    check_close(var, {2.2, 1.8}, 1e-14);
    check_close(
        y, {-1.0190487428175694, 0.0, -0.3396829142725232, 1.2247438507721387, 1.3587316570900927, -1.2247438507721387},
        1e-14);
}

TEST_CASE("normalisation with a mean far from zero", "[norm]") {
    // 4096 + i / 512 is exact in float, but its square is not.
    const index_t n = 1000;
    std::vector<float> x(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 4096 + static_cast<float>(i) / 512;
    const double variance = (1000.0 * 1000 - 1) / 12 / (512.0 * 512), mean = 4096 + 499.5 / 512;
    Output<float> y(n), got_mean(1), rstd(1);
    const auto check = [&] {
        CHECK(number(got_mean[0]) == Approx(mean).epsilon(1e-7));
        CHECK(number(rstd[0]) == Approx(1 / std::sqrt(variance + 1e-5)).epsilon(1e-5));
        CHECK(number(y[999]) ==
              Approx(499.5 / 512 / std::sqrt(variance + 1e-5)).epsilon(1e-3));  // the mean is rounded to float
    };
    kernels::layer_norm_forward<float>(Cpu{}, x.data(), nullptr, nullptr, y.data(), got_mean.data(), rstd.data(), 1, n,
                                       1e-5);
    check();
    for (const BatchNormExtents e :
         {BatchNormExtents{n, 1, 1}, BatchNormExtents{1, 1, n}, BatchNormExtents{10, 1, 100}}) {
        kernels::batch_norm_forward_training<float>(Cpu{}, x.data(), nullptr, nullptr, y.data(), got_mean.data(),
                                                    rstd.data(), nullptr, nullptr, e, 1e-5, 0.1);
        check();
    }
}

TEST_CASE("layer normalisation of a row that begins far from its mean", "[norm]") {
    // The worst case of a mean guessed from the first numbers: these are alike, and so are all the others.
    for (const index_t n : {100, 128, 1000, 16000}) {
        std::vector<float> x(static_cast<std::size_t>(n), 1);
        const index_t first = divide_up(divide_up(n, 16), simd::width<float>) * simd::width<float>;
        std::fill_n(x.begin(), first, 1000.5f);
        const double share = static_cast<double>(first) / static_cast<double>(n);
        Output<float> y(n), mean(1), rstd(1);
        kernels::layer_norm_forward<float>(Cpu{}, x.data(), nullptr, nullptr, y.data(), mean.data(), rstd.data(), 1, n, eps);
        INFO("n = " << n);
        CHECK(number(mean[0]) == Approx(1 + 999.5 * share).epsilon(1e-6));
        CHECK(number(rstd[0]) == Approx(1 / std::sqrt(999.5 * 999.5 * share * (1 - share) + eps)).epsilon(1e-4));
    }
}

TEST_CASE("normalisation does not depend on the number of threads", "[norm]") {
    const index_t size = 60 * 64 * 100;
    const auto x = random<float>(size, 1), gy = random<float>(size, 2), weight = random<float>(6400, 3);
    Output<float> mean(6400), rstd(6400);
    for (const BatchNormExtents e : {BatchNormExtents{60, 6400, 1}, BatchNormExtents{60, 64, 100}}) {
        check_same_for_all_thread_counts([&] {
            Output<float> y(size);
            kernels::batch_norm_forward_training<float>(Cpu{}, x.data(), weight.data(), nullptr, y.data(), mean.data(),
                                                        rstd.data(), nullptr, nullptr, e, eps, 0.1);
            return y;
        });
        check_same_for_all_thread_counts([&] {
            Output<float> gx(size);
            kernels::batch_norm_backward<float>(Cpu{}, x.data(), weight.data(), gy.data(), mean.data(), rstd.data(),
                                                gx.data(), false, nullptr, false, nullptr, false, e, true);
            return gx;
        });
    }
    for (const GroupNormExtents e : {GroupNormExtents{60, 6400, 1, 8}, GroupNormExtents{60, 64, 100, 8}})
        check_same_for_all_thread_counts([&] {
            Output<float> y(size), gweight(e.channels);
            kernels::group_norm_forward<float>(Cpu{}, x.data(), weight.data(), gy.data(), y.data(), mean.data(), rstd.data(), e, eps);
            kernels::group_norm_backward<float>(Cpu{}, x.data(), weight.data(), gy.data(), mean.data(), rstd.data(), y.data(), true,
                                                gweight.data(), false, nullptr, false, e);
            std::copy_n(gweight.data(), e.channels, y.data());
            return y;
        });
    const index_t rows = 600, n = 640;
    check_same_for_all_thread_counts([&] {
        Output<float> y(size);
        kernels::layer_norm_forward<float>(Cpu{}, x.data(), weight.data(), nullptr, y.data(), mean.data(), rstd.data(),
                                           rows, n, eps);
        return y;
    });
    for (const bool parameters : {false, true})
        check_same_for_all_thread_counts([&] {
            Output<float> gradient(parameters ? n : size);
            kernels::layer_norm_backward<float>(Cpu{}, x.data(), weight.data(), gy.data(), mean.data(), rstd.data(),
                                                parameters ? nullptr : gradient.data(), false,
                                                parameters ? gradient.data() : nullptr, false, nullptr, false, rows, n);
            return gradient;
        });
}
