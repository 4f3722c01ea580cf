#include "xnn/cpu/optimizer.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;
using kernels::AdamOptions;
using kernels::SgdOptions;

namespace {

// PyTorch's single-tensor steps in double precision.
void naive_sgd(std::vector<double>& param, std::vector<double> grad, std::vector<double>& buffer, const SgdOptions& o,
               bool first) {
    for (std::size_t i = 0; i < param.size(); ++i) {
        double g = (o.maximize ? -grad[i] : grad[i]) + o.weight_decay * param[i];
        if (o.momentum != 0) {
            buffer[i] = first ? g : buffer[i] * o.momentum + (1 - o.dampening) * g;
            g = o.nesterov ? g + o.momentum * buffer[i] : buffer[i];
        }
        param[i] -= o.lr * g;
    }
}
void naive_adam(std::vector<double>& param, std::vector<double> grad, std::vector<double>& m, std::vector<double>& v,
                std::vector<double>& most, const AdamOptions& o, int step, bool decoupled) {
    const double correction1 = 1 - std::pow(o.beta1, step), correction2 = 1 - std::pow(o.beta2, step);
    for (std::size_t i = 0; i < param.size(); ++i) {
        double g = o.maximize ? -grad[i] : grad[i];
        if (decoupled)
            param[i] *= 1 - o.lr * o.weight_decay;
        else
            g += o.weight_decay * param[i];
        m[i] += (1 - o.beta1) * (g - m[i]);
        v[i] = v[i] * o.beta2 + (1 - o.beta2) * g * g;
        most[i] = std::max(most[i], v[i]);
        const double root = std::sqrt(o.amsgrad ? most[i] : v[i]) / std::sqrt(correction2) + o.eps;
        param[i] -= o.lr / correction1 * m[i] / root;
    }
}
template <class T>
std::vector<double> numbers(const std::vector<T>& from) {
    std::vector<double> result;
    for (T x : from) result.push_back(number(x));
    return result;
}

constexpr SgdOptions sgd_options[] = {{.lr = 0.1},
                                      {.lr = 0.1, .momentum = 0.9},
                                      {.lr = 0.1, .momentum = 0.9, .dampening = 0.3, .weight_decay = 0.01},
                                      {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true},
                                      {.lr = 0.1, .weight_decay = 0.2, .maximize = true}};
constexpr AdamOptions adam_options[] = {{},
                                        {.lr = 0.01, .beta1 = 0.8, .beta2 = 0.99, .eps = 1e-6, .weight_decay = 0.1},
                                        {.lr = 0.01, .amsgrad = true},
                                        {.lr = 0.01, .weight_decay = 0.1, .amsgrad = true, .maximize = true}};

}  // namespace

// The 16-bit types take one step, with float state: more steps would compare their rounding.
TEMPLATE_TEST_CASE("SGD steps", "[optimizer]", float, double, bfloat16, float16) {
    using S = compute_t<TestType>;
    for (const index_t n : {1, 15, 16, 33, 100})
        for (const SgdOptions& options : sgd_options) {
            CAPTURE(n, options.momentum, options.nesterov, options.maximize);
            const auto before = random<TestType>(n, 1);
            Output<TestType> param(before);
            Output<S> buffer(n);
            auto expected = numbers(before);
            std::vector<double> expected_buffer(static_cast<std::size_t>(n));
            const int steps = sizeof(TestType) == 2 ? 1 : 4;
            for (int step = 0; step < steps; ++step) {
                const auto grad = random<TestType>(n, 10 + static_cast<unsigned>(step));
                kernels::sgd_step(Cpu{}, n, param.data(), grad.data(), options.momentum != 0 ? buffer.data() : nullptr,
                                  options, step == 0);
                naive_sgd(expected, numbers(grad), expected_buffer, options, step == 0);
            }
            check_close(param, expected);
            if (options.momentum != 0) check_close(buffer, expected_buffer, tolerance<S>);
        }
}

TEMPLATE_TEST_CASE("Adam and AdamW steps", "[optimizer]", float, double, bfloat16, float16) {
    using S = compute_t<TestType>;
    for (const bool decoupled : {false, true})
        for (const index_t n : {1, 15, 16, 33, 100})
            for (const AdamOptions& options : adam_options) {
                CAPTURE(decoupled, n, options.weight_decay, options.amsgrad, options.maximize);
                const auto before = random<TestType>(n, 1);
                const std::vector<S> zeros(static_cast<std::size_t>(n));
                Output<TestType> param(before);
                Output<S> m(zeros), v(zeros), most(zeros);
                auto expected = numbers(before);
                auto expected_m = numbers(zeros), expected_v = expected_m, expected_most = expected_m;
                const int steps = sizeof(TestType) == 2 ? 1 : 4;
                for (int step = 1; step <= steps; ++step) {
                    const auto grad = random<TestType>(n, 10 + static_cast<unsigned>(step), -3.0 / step, 3.0 / step);
                    const double correction1 = 1 - std::pow(options.beta1, step),
                                 correction2 = 1 - std::pow(options.beta2, step);
                    S* const maximum = options.amsgrad ? most.data() : nullptr;
                    if (decoupled)
                        kernels::adamw_step(Cpu{}, n, param.data(), grad.data(), m.data(), v.data(), maximum, options,
                                            correction1, correction2);
                    else
                        kernels::adam_step(Cpu{}, n, param.data(), grad.data(), m.data(), v.data(), maximum, options,
                                           correction1, correction2);
                    naive_adam(expected, numbers(grad), expected_m, expected_v, expected_most, options, step,
                               decoupled);
                }
                check_close(param, expected);
                check_close(m, expected_m, tolerance<S>);
                check_close(v, expected_v, tolerance<S>);
                if (options.amsgrad) check_close(most, expected_most, tolerance<S>);
            }
}

TEST_CASE("optimizer steps agree with PyTorch", "[optimizer]") {
    // Three float64 steps on [1, -2, 0.5] with gradients [0.1, -0.2, 0.3] * step.
    const auto run = [](auto&& step) {
        Output<double> param(std::vector<double>{1, -2, 0.5});
        for (int i = 1; i <= 3; ++i) step(i, param.data(), std::vector<double>{0.1 * i, -0.2 * i, 0.3 * i}.data());
        return param;
    };
    std::vector<double> m(3), v(3), most(3);
    check_close(run([&](int i, double* p, const double* g) {
                    kernels::sgd_step(Cpu{}, 3, p, g, m.data(),
                                      SgdOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.01},
                                      i == 1);
                }),
                {0.90643462109, -1.81286924218, 0.23259329029499998}, 1e-14);
    const auto adam = [&](const AdamOptions& options, bool decoupled) {
        for (auto* state : {&m, &v, &most}) std::fill(state->begin(), state->end(), 0.0);
        return run([&](int i, double* p, const double* g) {
            const double correction1 = 1 - std::pow(options.beta1, i), correction2 = 1 - std::pow(options.beta2, i);
            if (decoupled)
                kernels::adamw_step(Cpu{}, 3, p, g, m.data(), v.data(), most.data(), options, correction1, correction2);
            else
                kernels::adam_step(Cpu{}, 3, p, g, m.data(), v.data(), most.data(), options, correction1, correction2);
        });
    };
    check_close(adam({.lr = 0.1, .weight_decay = 0.02}, false),
                {0.7056953024082887, -1.7057867776309998, 0.20727098400601013}, 1e-14);
    check_close(adam({.lr = 0.1, .weight_decay = 0.02, .amsgrad = true, .maximize = true}, true),
                {1.28573766010216, -2.2797496623444986, 0.7887316777586125}, 1e-14);
}

TEST_CASE("optimizer steps do not depend on the number of threads", "[optimizer]") {
    const index_t n = 300'001;
    const auto param = random<float>(n, 1), grad = random<float>(n, 2), state = random<float>(n, 3, 0, 1);
    check_same_for_all_thread_counts([&] {
        Output<float> p(param), m(state), v(state);
        kernels::adam_step(Cpu{}, n, p.data(), grad.data(), m.data(), v.data(), static_cast<float*>(nullptr),
                           AdamOptions{}, 0.1, 0.1);
        return p;
    });
    check_same_for_all_thread_counts([&] {
        Output<float> p(param), buffer(state);
        kernels::sgd_step(Cpu{}, n, p.data(), grad.data(), buffer.data(), SgdOptions{.momentum = 0.9}, false);
        return p;
    });
}

TEST_CASE("square roots beside divisions", "[optimizer]") {
    constexpr auto width = static_cast<std::size_t>(simd::width<float>);
    std::vector<float> numbers{0.f, 1e-45f, 1e-40f, std::numeric_limits<float>::min(), std::numeric_limits<float>::max(), INFINITY, NAN};
    for (float x = 1e-37f; x < 1e38f; x *= 1.0113f) numbers.push_back(x);
    while (numbers.size() % width != 0) numbers.push_back(4.f);
    for (std::size_t i = 0; i < numbers.size(); i += width) {
        float roots[width];
        simd::store(roots, simd::quick_square_root(simd::load(&numbers[i])));
        for (std::size_t k = 0; k < width; ++k) {
            const double exact = std::sqrt(static_cast<double>(numbers[i + k]));
            CAPTURE(numbers[i + k]);
            if (std::isfinite(exact))
                CHECK(std::abs(roots[k] - exact) <= std::ldexp(1., exact > 0 ? std::ilogb(exact) - 23 : -149));
            else
                CHECK((std::isnan(exact) ? std::isnan(roots[k]) : std::isinf(roots[k])));
        }
    }
}
