#include "xnn/cpu/softmax.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;

namespace {

struct Extents {
    index_t outer, n, inner;
    index_t size() const { return outer * n * inner; }
};

constexpr Extents all_extents[] = {{1, 1, 1}, {3, 2, 1},   {5, 10, 1}, {4, 16, 1}, {2, 17, 1},  {3, 64, 1}, {2, 131, 1},
                                   {2, 3, 2}, {1, 10, 16}, {3, 5, 17}, {2, 7, 33}, {1, 2, 100}, {0, 4, 1},  {2, 1, 5}};

template <class T>
std::vector<double> naive_forward(const std::vector<T>& x, Extents e, bool log) {
    std::vector<double> y(x.size());
    for (index_t o = 0; o < e.outer; ++o)
        for (index_t i = 0; i < e.inner; ++i) {
            const auto at = [=](index_t k) { return static_cast<std::size_t>((o * e.n + k) * e.inner + i); };
            double maximum = number(x[at(0)]), sum = 0;
            for (index_t k = 1; k < e.n; ++k) maximum = std::max(maximum, number(x[at(k)]));
            for (index_t k = 0; k < e.n; ++k) sum += std::exp(number(x[at(k)]) - maximum);
            for (index_t k = 0; k < e.n; ++k) {
                const double log_p = number(x[at(k)]) - maximum - std::log(sum);
                y[at(k)] = log ? log_p : std::exp(log_p);
            }
        }
    return y;
}

template <class T>
std::vector<double> naive_backward(const std::vector<T>& y, const std::vector<T>& gy, Extents e, bool log) {
    std::vector<double> gx(y.size());
    for (index_t o = 0; o < e.outer; ++o)
        for (index_t i = 0; i < e.inner; ++i) {
            const auto at = [=](index_t k) { return static_cast<std::size_t>((o * e.n + k) * e.inner + i); };
            double sum = 0;
            for (index_t k = 0; k < e.n; ++k) sum += number(gy[at(k)]) * (log ? 1 : number(y[at(k)]));
            for (index_t k = 0; k < e.n; ++k)
                gx[at(k)] = log ? number(gy[at(k)]) - std::exp(number(y[at(k)])) * sum
                                : number(y[at(k)]) * (number(gy[at(k)]) - sum);
        }
    return gx;
}

template <class T>
void forward(const T* x, T* y, Extents e, bool log) {
    if (log)
        kernels::log_softmax_forward(Cpu{}, x, y, e.outer, e.n, e.inner);
    else
        kernels::softmax_forward(Cpu{}, x, y, e.outer, e.n, e.inner);
}
template <class T>
void backward(const T* y, const T* gy, T* gx, bool accumulate, Extents e, bool log) {
    if (log)
        kernels::log_softmax_backward(Cpu{}, y, gy, gx, accumulate, e.outer, e.n, e.inner);
    else
        kernels::softmax_backward(Cpu{}, y, gy, gx, accumulate, e.outer, e.n, e.inner);
}

}  // namespace

TEMPLATE_TEST_CASE("softmax forward", "[softmax]", float, double, bfloat16, float16) {
    for (const Extents e : all_extents)
        for (const bool log : {false, true}) {
            CAPTURE(e.outer, e.n, e.inner, log);
            const auto x = random<TestType>(e.size(), 1, -6, 6);
            Output<TestType> y(e.size());
            forward(x.data(), y.data(), e, log);
            check_close(y, naive_forward(x, e, log));
            Output<TestType> in_place(x);
            forward<TestType>(in_place.data(), in_place.data(), e, log);
            CHECK(in_place.same_bits(y));
        }
}

TEMPLATE_TEST_CASE("softmax backward", "[softmax]", float, double, bfloat16, float16) {
    for (const Extents e : all_extents)
        for (const bool log : {false, true}) {
            CAPTURE(e.outer, e.n, e.inner, log);
            const auto y = log ? random<TestType>(e.size(), 2, -4, 0) : random<TestType>(e.size(), 2, 0, 1);
            const auto gy = random<TestType>(e.size(), 3);
            const auto expected = naive_backward(y, gy, e, log);
            Output<TestType> gx(e.size());
            backward(y.data(), gy.data(), gx.data(), false, e, log);
            check_close(gx, expected, 4 * tolerance<TestType>);
            const auto before = random<TestType>(e.size(), 4);
            Output<TestType> added(before);
            backward(y.data(), gy.data(), added.data(), true, e, log);
            check_close(added, sum(before, expected), 4 * tolerance<TestType>);
            backward<TestType>(y.data(), gy.data(), nullptr, false, e, log);
        }
}

TEST_CASE("softmax of large numbers, infinities and NaN", "[softmax]") {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (const index_t inner : {1, 3}) {
        const std::vector<float> row = {1e30F, 1e30F, -1e30F, -inf};
        const std::vector<float> with_nan = {1, nan, 2, 3};
        std::vector<float> x;
        for (const auto& values : {row, with_nan})
            for (float value : values) x.insert(x.end(), static_cast<std::size_t>(inner), value);
        Output<float> y(8 * inner);
        kernels::softmax_forward(Cpu{}, x.data(), y.data(), 2, 4, inner);
        CHECK(y[0] == 0.5F);
        CHECK(y[2 * inner] == 0);
        CHECK(y[3 * inner] == 0);
        for (index_t i = 4 * inner; i < 8 * inner; ++i) CHECK(std::isnan(y[i]));
        kernels::log_softmax_forward(Cpu{}, x.data(), y.data(), 2, 4, inner);
        CHECK(y[0] == Approx(std::log(0.5)));
        CHECK(y[3 * inner] == -inf);
    }
}

TEST_CASE("log_softmax keeps its precision far from zero", "[softmax]") {
    const std::vector<float> x = {10000, 10001, 10002};
    Output<float> y(3);
    kernels::log_softmax_forward(Cpu{}, x.data(), y.data(), 1, 3, 1);
    check_close(y, {-2.4076059644443806, -1.4076059644443804, -0.4076059644443804}, 1e-6);  // of 0, 1, 2, by PyTorch
}

TEST_CASE("softmax does not depend on the number of threads", "[softmax]") {
    for (const Extents e : {Extents{700, 257, 1}, Extents{9, 100, 301}}) {
        const auto x = random<float>(e.size(), 5);
        check_same_for_all_thread_counts([&] {
            Output<float> y(e.size());
            forward(x.data(), y.data(), e, false);
            return y;
        });
        check_same_for_all_thread_counts([&] {
            Output<float> gx(e.size());
            backward(x.data(), x.data(), gx.data(), false, e, true);
            return gx;
        });
    }
}
