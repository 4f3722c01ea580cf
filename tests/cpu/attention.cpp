#include "xnn/cpu/attention.hpp"

#include "kernel_testing.hpp"

using namespace xnn;
using namespace xnn::testing;
using kernels::AttentionExtents;
using kernels::HeadMatrices;

namespace {

constexpr AttentionExtents all_extents[] = {{1, 1, 1, 1, 1, 1, 1}, {2, 1, 1, 3, 5, 4, 2},    {1, 4, 2, 7, 6, 8, 8},      {2, 3, 3, 64, 64, 5, 7},
                                            {1, 2, 2, 65, 129, 16, 16}, {1, 2, 1, 130, 300, 3, 20}, {2, 2, 2, 0, 4, 3, 3}, {1, 2, 2, 3, 0, 4, 4}};

/// Positions in arrays whose heads stand side by side in rows: nothing is contiguous.
struct Layout {
    index_t rows, heads, width;
    index_t size(index_t batch) const { return batch * rows * heads * width; }
    index_t at(index_t b, index_t h, index_t row, index_t column) const { return ((b * rows + row) * heads + h) * width + column; }
    template <class T>
    HeadMatrices<T> matrices(T* data) const { return {data, rows * heads * width, width, heads * width}; }
};

/// The arguments of a case, and the gradients that the plainest loops give.
template <class T>
struct Case {
    AttentionExtents e;
    kernels::AttentionOptions<T> options;
    Layout lq{e.queries, e.heads, e.width}, lk{e.keys, e.kv_heads, e.width}, lv{e.keys, e.kv_heads, e.value_width}, ly{e.queries, e.heads, e.value_width};
    std::vector<T> q = random<T>(lq.size(e.batch), 1), k = random<T>(lk.size(e.batch), 2), v = random<T>(lv.size(e.batch), 3),
                   gy = random<T>(ly.size(e.batch), 4);
    std::vector<double> y = std::vector<double>(gy.size()), gq = std::vector<double>(q.size()), gk = std::vector<double>(k.size()),
                        gv = std::vector<double>(v.size());

    Case(const AttentionExtents& extents, bool causal, index_t past) : e(extents) {
        options.scale = 0.4;
        options.causal = causal;
        options.past = past;
        for (index_t b = 0; b < e.batch; ++b)
            for (index_t h = 0; h < e.heads; ++h)
                for (index_t i = 0; i < e.queries; ++i) compute(b, h, h / (e.heads / e.kv_heads), i);
    }

    std::vector<compute_t<T>> forward(T* out) const {
        std::vector<compute_t<T>> normalizers(static_cast<std::size_t>(e.rows()));
        kernels::attention_forward<T>(Cpu{}, e, options, lq.matrices(q.data()), lk.matrices(k.data()), lv.matrices(v.data()), ly.matrices(out),
                                      normalizers.data());
        return normalizers;
    }
    void backward(const T* out, const std::vector<compute_t<T>>& normalizers, T* q_gradient, T* k_gradient, T* v_gradient, bool add) const {
        kernels::attention_backward<T>(Cpu{}, e, options, lq.matrices(q.data()), lk.matrices(k.data()), lv.matrices(v.data()), ly.matrices(out),
                                       ly.matrices(gy.data()), normalizers.data(),
                                       {lq.matrices(q_gradient), lk.matrices(k_gradient), lv.matrices(v_gradient), add, add, add});
    }

private:
    static double get(const std::vector<T>& x, index_t i) { return number(x[static_cast<std::size_t>(i)]); }
    static double& at(std::vector<double>& x, index_t i) { return x[static_cast<std::size_t>(i)]; }

    void compute(index_t b, index_t h, index_t g, index_t i) {
        const index_t keys = options.causal ? std::min(e.keys, i + options.past + 1) : e.keys;
        std::vector<double> p(static_cast<std::size_t>(keys));
        double sum = 0;
        for (index_t j = 0; j < keys; ++j) {
            double score = 0;
            for (index_t c = 0; c < e.width; ++c) score += get(q, lq.at(b, h, i, c)) * get(k, lk.at(b, g, j, c));
            sum += p[static_cast<std::size_t>(j)] = std::exp(score * options.scale);
        }
        double dot = 0;
        std::vector<double> dp(p.size());
        for (index_t j = 0; j < keys; ++j) {
            double& weight = p[static_cast<std::size_t>(j)];
            weight /= sum;
            for (index_t c = 0; c < e.value_width; ++c) {
                const double gradient = get(gy, ly.at(b, h, i, c)), value = get(v, lv.at(b, g, j, c));
                at(y, ly.at(b, h, i, c)) += weight * value;
                at(gv, lv.at(b, g, j, c)) += weight * gradient;
                dp[static_cast<std::size_t>(j)] += gradient * value;
            }
            dot += weight * dp[static_cast<std::size_t>(j)];
        }
        for (index_t j = 0; j < keys; ++j) {
            const double ds = p[static_cast<std::size_t>(j)] * (dp[static_cast<std::size_t>(j)] - dot) * options.scale;
            for (index_t c = 0; c < e.width; ++c) {
                at(gq, lq.at(b, h, i, c)) += ds * get(k, lk.at(b, g, j, c));
                at(gk, lk.at(b, g, j, c)) += ds * get(q, lq.at(b, h, i, c));
            }
        }
    }
};

/// Gradients are sums of up to a hundred rounded terms, and 16-bit outputs are rounded once before backward reads them.
template <class T>
constexpr double allowed = std::same_as<T, double> ? 1e-11 : std::same_as<T, float> ? 2e-4 : 8 * tolerance<T>;

template <class T>
void check(const AttentionExtents& e, bool causal, index_t past) {
    INFO(e.batch << "x" << e.heads << "/" << e.kv_heads << " heads of " << e.queries << "x" << e.keys << "x" << e.width << "x" << e.value_width
                 << (causal ? " causal" : ""));
    const Case<T> c(e, causal, past);
    Output<T> y(c.ly.size(e.batch));
    const auto normalizers = c.forward(y.data());
    check_close(y, c.y, allowed<T>);

    Output<T> gq(c.lq.size(e.batch)), gk(c.lk.size(e.batch)), gv(c.lv.size(e.batch));
    c.backward(y.data(), normalizers, gq.data(), gk.data(), gv.data(), false);
    check_close(gq, c.gq, allowed<T>);
    check_close(gk, c.gk, allowed<T>);
    check_close(gv, c.gv, allowed<T>);

    const auto q0 = random<T>(gq.size(), 5), k0 = random<T>(gk.size(), 6), v0 = random<T>(gv.size(), 7);
    Output<T> more_q(q0), more_k(k0), more_v(v0);
    c.backward(y.data(), normalizers, more_q.data(), more_k.data(), more_v.data(), true);
    check_close(more_q, sum(q0, c.gq), allowed<T>);
    check_close(more_k, sum(k0, c.gk), allowed<T>);
    check_close(more_v, sum(v0, c.gv), allowed<T>);
}

}  // namespace

TEMPLATE_TEST_CASE("attention agrees with plain loops", "[cpu]", float, double, float16, bfloat16) {
    for (const auto& e : all_extents) {
        check<TestType>(e, false, 0);
        check<TestType>(e, true, 0);
        check<TestType>(e, true, 3);
    }
}

TEST_CASE("attention computes only the gradients that are wanted", "[cpu]") {
    const Case<float> c({2, 2, 2, 9, 11, 4, 4}, false, 0);
    Output<float> y(c.ly.size(2)), gk(c.lk.size(2));
    const auto normalizers = c.forward(y.data());
    c.backward(y.data(), normalizers, nullptr, gk.data(), nullptr, false);
    check_close(gk, c.gk, allowed<float>);
}

TEST_CASE("attention gives the same bits for any number of threads", "[cpu]") {
    const Case<float> c({2, 4, 2, 150, 200, 32, 32}, true, 20);
    check_same_for_all_thread_counts([&] {
        Output<float> y(c.ly.size(2));
        c.forward(y.data());
        return y;
    });
    check_same_for_all_thread_counts([&] {
        Output<float> y(c.ly.size(2)), gq(c.lq.size(2)), gk(c.lk.size(2)), gv(c.lv.size(2));
        const auto normalizers = c.forward(y.data());
        c.backward(y.data(), normalizers, gq.data(), gk.data(), gv.data(), false);
        return gk;
    });
}
