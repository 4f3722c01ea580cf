#include "xnn/cpu/cross_entropy.hpp"
#include "xnn/cpu/nll_loss.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;
using kernels::CrossEntropyExtents;
using kernels::CrossEntropyOptions;

namespace {

constexpr CrossEntropyExtents all_extents[] = {{1, 2, 1}, {5, 10, 1}, {3, 17, 1}, {4, 16, 1}, {2, 100, 1},
                                               {2, 3, 4}, {3, 5, 17}, {1, 7, 33}, {7, 1, 1}};

/// A loss and its gradients in double precision. `hard` targets, or `soft` ones where that is not empty.
struct Naive {
    std::vector<double> loss, gx, gtargets;

    Naive(const std::vector<double>& x, const std::vector<std::int64_t>& hard, const std::vector<double>& soft,
          const std::vector<double>& weight, const std::vector<double>& gloss, CrossEntropyExtents e,
          CrossEntropyOptions options)
        : loss(static_cast<std::size_t>(e.rows())), gx(x.size()), gtargets(x.size()) {
        double divisor = 0, total = 0;
        const double smoothing = options.label_smoothing;
        std::vector<double> row_factor(loss.size(), 1);
        for (index_t r = 0; r < e.rows(); ++r) {
            const auto row = static_cast<std::size_t>(r);
            if (!soft.empty())
                divisor += 1;
            else if (hard[row] == options.ignore_index)
                row_factor[row] = 0;
            else
                divisor += weight.empty() ? 1 : weight[static_cast<std::size_t>(hard[row])];
        }
        if (options.reduction != Reduction::mean) divisor = 1;
        for (index_t r = 0; r < e.rows(); ++r) {
            const auto row = static_cast<std::size_t>(r);
            const auto at = [&](index_t k) {
                return static_cast<std::size_t>((r / e.inner * e.classes + k) * e.inner + r % e.inner);
            };
            double sum = 0, all = 0;
            for (index_t k = 0; k < e.classes; ++k) sum += std::exp(x[at(k)]);
            std::vector<double> factor(static_cast<std::size_t>(e.classes));
            for (index_t k = 0; k < e.classes; ++k) {
                const auto c = static_cast<std::size_t>(k);
                const double target = soft.empty() ? static_cast<double>(hard[row] == k) : soft[at(k)];
                const double w = weight.empty() ? 1 : weight[c];
                factor[c] =
                    row_factor[row] * w * (target * (1 - smoothing) + smoothing / static_cast<double>(e.classes));
                all += factor[c];
                loss[row] -= factor[c] == 0 ? 0 : factor[c] * (x[at(k)] - std::log(sum));
            }
            const double g = gloss[options.reduction == Reduction::none ? row : 0] / divisor;
            for (index_t k = 0; k < e.classes; ++k) {
                const auto c = static_cast<std::size_t>(k);
                gx[at(k)] = row_factor[row] == 0 ? 0 : g * (all * std::exp(x[at(k)]) / sum - factor[c]);
                gtargets[at(k)] = -g * (1 - smoothing) * (weight.empty() ? 1 : weight[c]) * (x[at(k)] - std::log(sum));
            }
            total += loss[row];
        }
        if (options.reduction != Reduction::none) loss = {total / divisor};
    }
};

template <class T>
std::vector<double> numbers(const std::vector<T>& from) {
    std::vector<double> result;
    for (T x : from) result.push_back(number(x));
    return result;
}

}  // namespace

TEMPLATE_TEST_CASE("cross entropy with class indices", "[cross_entropy]", float, double, bfloat16, float16) {
    using C = compute_t<TestType>;
    for (const CrossEntropyExtents e : all_extents)
        for (const Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum})
            for (const double smoothing : {0.0, 0.1})
                for (const bool weighted : {false, true}) {
                    const CrossEntropyOptions options{reduction, smoothing, 1};
                    CAPTURE(e.batch, e.classes, e.inner, static_cast<int>(reduction), smoothing, weighted);
                    const auto x = random<TestType>(e.batch * e.classes * e.inner, 1, -4, 4);
                    auto targets = random_integers<std::int64_t>(e.rows(), e.classes, 2);
                    targets[0] = 0;
                    const auto weight = weighted ? random<TestType>(e.classes, 3, 0.2, 2) : std::vector<TestType>{};
                    const auto gloss = random<TestType>(reduction == Reduction::none ? e.rows() : 1, 4);
                    const TestType* w = weighted ? weight.data() : nullptr;
                    const Naive expected(numbers(x), targets, {}, numbers(weight), numbers(gloss), e, options);

                    Output<TestType> loss(static_cast<index_t>(expected.loss.size())),
                        gx(static_cast<index_t>(x.size()));
                    Output<C> saved(e.saved());
                    kernels::cross_entropy_forward(Cpu{}, x.data(), targets.data(), w, loss.data(), saved.data(), e,
                                                   options);
                    check_close(loss, expected.loss);
                    CHECK(saved.guards_are_untouched());
                    Output<TestType> loss_alone(loss.size());
                    kernels::cross_entropy_forward(Cpu{}, x.data(), targets.data(), w, loss_alone.data(),
                                                   static_cast<C*>(nullptr), e, options);
                    CHECK(loss_alone.same_bits(loss));

                    kernels::cross_entropy_backward(Cpu{}, x.data(), targets.data(), w, gloss.data(), saved.data(),
                                                    gx.data(), false, e, options);
                    check_close(gx, expected.gx);
                    const auto before = random<TestType>(gx.size(), 5);
                    Output<TestType> added(before);
                    const std::vector<std::int32_t> narrow(targets.begin(), targets.end());
                    kernels::cross_entropy_backward(Cpu{}, x.data(), narrow.data(), w, gloss.data(), saved.data(),
                                                    added.data(), true, e, options);
                    check_close(added, sum(before, expected.gx));
                }
}

TEMPLATE_TEST_CASE("cross entropy with class probabilities", "[cross_entropy]", float, double, bfloat16, float16) {
    using C = compute_t<TestType>;
    for (const CrossEntropyExtents e : all_extents)
        for (const Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum})
            for (const double smoothing : {0.0, 0.1})
                for (const bool weighted : {false, true}) {
                    const CrossEntropyOptions options{reduction, smoothing, -100};
                    CAPTURE(e.batch, e.classes, e.inner, static_cast<int>(reduction), smoothing, weighted);
                    const auto x = random<TestType>(e.batch * e.classes * e.inner, 1, -4, 4);
                    const auto targets = random<TestType>(static_cast<index_t>(x.size()), 2, 0, 0.2);
                    const auto weight = weighted ? random<TestType>(e.classes, 3, 0.2, 2) : std::vector<TestType>{};
                    const auto gloss = random<TestType>(reduction == Reduction::none ? e.rows() : 1, 4);
                    const TestType* w = weighted ? weight.data() : nullptr;
                    const Naive expected(numbers(x), {}, numbers(targets), numbers(weight), numbers(gloss), e, options);

                    const auto size = static_cast<index_t>(x.size());
                    Output<TestType> loss(static_cast<index_t>(expected.loss.size())), gx(size), gtargets(size);
                    Output<C> saved(e.saved());
                    kernels::cross_entropy_forward(Cpu{}, x.data(), targets.data(), w, loss.data(), saved.data(), e,
                                                   options);
                    check_close(loss, expected.loss);
                    kernels::cross_entropy_backward(Cpu{}, x.data(), targets.data(), w, gloss.data(), saved.data(),
                                                    gx.data(), gtargets.data(), false, e, options);
                    check_close(gx, expected.gx);
                    check_close(gtargets, expected.gtargets);
                    const auto before = random<TestType>(size, 5);
                    Output<TestType> added(before);
                    kernels::cross_entropy_backward(Cpu{}, x.data(), targets.data(), w, gloss.data(), saved.data(),
                                                    added.data(), static_cast<TestType*>(nullptr), true, e, options);
                    check_close(added, sum(before, expected.gx));
                }
}

TEMPLATE_TEST_CASE("negative log-likelihood", "[cross_entropy]", float, double, bfloat16, float16) {
    using C = compute_t<TestType>;
    for (const CrossEntropyExtents e : all_extents)
        for (const Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
            const CrossEntropyOptions options{reduction, 0, 1};
            CAPTURE(e.batch, e.classes, e.inner, static_cast<int>(reduction));
            const auto log_p = random<TestType>(e.batch * e.classes * e.inner, 1, -4, 0);
            auto targets = random_integers<std::int64_t>(e.rows(), e.classes, 2);
            targets[0] = 0;
            const auto weight = random<TestType>(e.classes, 3, 0.2, 2);
            const auto gloss = random<TestType>(reduction == Reduction::none ? e.rows() : 1, 4);
            std::vector<double> expected(static_cast<std::size_t>(e.rows())), expected_gx(log_p.size());
            double divisor = 0, total = 0;
            for (auto target : targets) divisor += target == 1 ? 0 : number(weight[static_cast<std::size_t>(target)]);
            if (reduction != Reduction::mean) divisor = 1;
            for (index_t r = 0; r < e.rows(); ++r) {
                const auto target = targets[static_cast<std::size_t>(r)];
                if (target == 1) continue;
                const auto at = static_cast<std::size_t>((r / e.inner * e.classes + target) * e.inner + r % e.inner);
                const double w = number(weight[static_cast<std::size_t>(target)]);
                total += expected[static_cast<std::size_t>(r)] = -w * number(log_p[at]);
                expected_gx[at] =
                    -w * number(gloss[reduction == Reduction::none ? static_cast<std::size_t>(r) : 0]) / divisor;
            }
            if (reduction != Reduction::none) expected = {total / divisor};

            Output<TestType> loss(static_cast<index_t>(expected.size())), gx(static_cast<index_t>(log_p.size()));
            Output<C> saved(1);
            kernels::nll_loss_forward(Cpu{}, log_p.data(), targets.data(), weight.data(), loss.data(), saved.data(), e,
                                      options);
            check_close(loss, expected);
            kernels::nll_loss_backward(Cpu{}, targets.data(), weight.data(), gloss.data(), saved.data(), gx.data(),
                                       false, e, options);
            check_close(gx, expected_gx);
            const auto before = random<TestType>(gx.size(), 5);
            Output<TestType> added(before);
            kernels::nll_loss_backward(Cpu{}, targets.data(), weight.data(), gloss.data(), saved.data(), added.data(),
                                       true, e, options);
            check_close(added, sum(before, expected_gx));
        }
}

TEST_CASE("check_targets finds the first target that is no class", "[cross_entropy]") {
    const std::vector<int> targets = {0, 2, -100, 3, -1};
    CHECK(kernels::check_targets(Cpu{}, targets.data(), 3, 3, -100) == -1);
    CHECK(kernels::check_targets(Cpu{}, targets.data(), 5, 3, -100) == 3);
    CHECK(kernels::check_targets(Cpu{}, targets.data(), 5, 4, -100) == 4);
    CHECK(kernels::check_targets(Cpu{}, targets.data(), 5, 4, -1) == 2);
    CHECK(kernels::check_targets(Cpu{}, targets.data(), 0, 1, 0) == -1);
}

TEST_CASE("cross entropy is defined as in PyTorch", "[cross_entropy]") {
    const CrossEntropyExtents e{4, 3, 1};
    const std::vector<double> x = {0.1, -0.4, 1.2, 2, 0.3, -0.7, 0.5, 0.5, 0.25, -1, 0, 3}, weight = {0.5, 2, 1.5},
                              gloss = {1};
    const std::vector<std::int64_t> targets = {2, 0, 1, 2};
    const std::vector<double> probabilities = {0.2, 0.3, 0.5, 1, 0, 0, 0.1, 0.1, 0.8, 0, 0.6, 0.4};
    const CrossEntropyOptions options{.label_smoothing = 0.1, .ignore_index = 1};
    Output<double> loss(1), saved(e.saved()), gx(12);
    kernels::cross_entropy_forward(Cpu{}, x.data(), targets.data(), weight.data(), loss.data(), saved.data(), e,
                                   options);
    check_close(loss, {0.4295062521676784}, 1e-14);
    kernels::cross_entropy_backward(Cpu{}, x.data(), targets.data(), weight.data(), gloss.data(), saved.data(),
                                    gx.data(), false, e, options);
    check_close(
        gx,
        {0.08715685565266822, 0.036703927346599385, -0.12386078299926763, 1.1837126256719623e-05, 0.005312346607351481,
         -0.005324183733608201, 0.0, 0.0, 0.0, 0.0025055070169110226, 0.000707254330665129, -0.0032127613475761625},
        1e-14);
    kernels::cross_entropy_forward(Cpu{}, x.data(), probabilities.data(), weight.data(), loss.data(), saved.data(), e,
                                   options);
    check_close(loss, {1.8643220354850552}, 1e-14);
    kernels::cross_entropy_backward<double>(Cpu{}, x.data(), probabilities.data(), weight.data(), gloss.data(),
                                            saved.data(), gx.data(), nullptr, false, e, options);
    check_close(gx,
                {0.05132227036485514, -0.10436398523865073, 0.0530417148737956, 1.0357485474644935e-05,
                 0.004648303281432543, -0.004658660766907179, 0.11398567679168169, 0.06773567679168167,
                 -0.18172135358336344, 0.0033497968641197705, -0.2662348004366548, 0.262885003572535},
                1e-14);
}

TEST_CASE("cross entropy where no target counts", "[cross_entropy]") {
    const CrossEntropyExtents e{2, 3, 1};
    const std::vector<float> x = {1, 2, 3, 4, 5, 6}, gloss = {1};
    const std::vector<std::int64_t> targets = {-100, -100};
    Output<float> loss(1), saved(e.saved()), gx(6);
    kernels::cross_entropy_forward(Cpu{}, x.data(), targets.data(), static_cast<const float*>(nullptr), loss.data(),
                                   saved.data(), e, {});
    CHECK(std::isnan(loss[0]));  // PyTorch: nan, and a gradient of zeros
    kernels::cross_entropy_backward(Cpu{}, x.data(), targets.data(), static_cast<const float*>(nullptr), gloss.data(),
                                    saved.data(), gx.data(), false, e, {});
    check_close(gx, std::vector<double>(6, 0.0));
}

TEST_CASE("cross entropy keeps its precision far from zero", "[cross_entropy]") {
    const CrossEntropyExtents e{1, 3, 1};
    const std::vector<float> x = {10000, 10001, 10002}, gloss = {1};
    const std::vector<std::int64_t> targets = {1};
    Output<float> loss(1), saved(e.saved()), gx(3);
    kernels::cross_entropy_forward(Cpu{}, x.data(), targets.data(), static_cast<const float*>(nullptr), loss.data(),
                                   saved.data(), e, {});
    check_close(loss, {1.4076059644443804}, 1e-6);
    kernels::cross_entropy_backward(Cpu{}, x.data(), targets.data(), static_cast<const float*>(nullptr), gloss.data(),
                                    saved.data(), gx.data(), false, e, {});
    check_close(gx, {0.09003057317038046, 0.24472847105479764 - 1, 0.6652409557748219}, 1e-6);
}

TEST_CASE("cross entropy does not depend on the number of threads", "[cross_entropy]") {
    for (const CrossEntropyExtents e : {CrossEntropyExtents{5000, 100, 1}, CrossEntropyExtents{4, 50, 3001}}) {
        const auto x = random<float>(e.batch * e.classes * e.inner, 1);
        const auto targets = random_integers<std::int32_t>(e.rows(), e.classes, 2);
        const std::vector<float> gloss = {1};
        const CrossEntropyOptions options{Reduction::mean, 0.1, 3};
        const float* const unweighted = nullptr;
        Output<float> saved(e.saved());
        check_same_for_all_thread_counts([&] {
            Output<float> loss(1);
            kernels::cross_entropy_forward(Cpu{}, x.data(), targets.data(), unweighted, loss.data(), saved.data(), e,
                                           options);
            return loss;
        });
        check_same_for_all_thread_counts([&] {
            Output<float> gx(static_cast<index_t>(x.size()));
            kernels::cross_entropy_backward(Cpu{}, x.data(), targets.data(), unweighted, gloss.data(), saved.data(),
                                            gx.data(), false, e, options);
            return gx;
        });
    }
}
