// A chain of pointwise operations is one loop forward and one back, whatever it is made of.
#include "support/arrays.hpp"
#include "xnn/ops/activation.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reduce.hpp"

using namespace xnn;

namespace {

index_t forward_calls = 0, backward_calls = 0;

// x, counting how many elements it was computed for on each way.
struct Counting {
    static constexpr std::string_view name = "counting";
    template <class V>
    V operator()(V x) const {
        forward_calls += lanes<V>();
        return x;
    }
    template <int, class V>
    V backward(V g, V, V) const {
        backward_calls += lanes<V>();
        return g;
    }
    template <class V>
    static constexpr index_t lanes() {
        if constexpr (requires { V::size; })
            return static_cast<index_t>(V::size);
        else
            return 1;
    }
};

template <class X>
auto counted(X&& x) { return map(Counting{}, std::forward<X>(x)); }

constexpr index_t n = 640;  // whole registers on every machine

struct OneThread {
    OneThread() : before(get_num_threads()) {
        set_num_threads(1);
        forward_calls = backward_calls = 0;
    }
    ~OneThread() { set_num_threads(before); }
    int before;
};

}  // namespace

TEST_CASE("fusion: a chain is computed once for each element, forward and back", "[expr][fusion]") {
    const OneThread once;
    auto p = random_parameter(Shape<n>{}, 0.5, 2);
    const Tensor<double, Shape<n>> t = random_tensor<double>(Shape<n>{});
    auto loss = mean(square(relu(counted(exp(p) * 2 - 1)) - t) / 3);
    REQUIRE(forward_calls == 0);  // nothing runs before it is asked for
    loss.backward();
    // The sum runs forward; the way back computes the chain again in registers instead of storing it.
    REQUIRE(forward_calls == 2 * n);
    REQUIRE(backward_calls == n);
    std::vector<double> expected;
    for (index_t i = 0; i < n; ++i) {
        const double e = std::exp(p.data()[i]), h = 2 * e - 1, r = std::max(h, 0.0);
        expected.push_back(h > 0 ? 2 * (r - t.data()[i]) / 3 / n * 2 * e : 0);
    }
    require_close(values(p.grad()), expected);
}

TEST_CASE("fusion: assignment computes each element once", "[expr][fusion]") {
    const OneThread once;
    const auto x = random_tensor<float>(Shape<n>{});
    Tensor<float, Shape<n>> y;
    y = sigmoid(counted(x * 2 + x)) * 3;
    REQUIRE(forward_calls == n);
    y += counted(y);
    REQUIRE(forward_calls == 2 * n);
}

TEST_CASE("fusion: a chain between two operations in memory", "[expr][fusion]") {
    const OneThread once;
    auto p = random_parameter(Shape<10, n / 10>{});
    auto q = random_parameter(Shape<n / 10>{});
    sum(square(sum<0>(counted(p * q)))).backward();
    REQUIRE(forward_calls == 2 * n);
    REQUIRE(backward_calls == n);
}

TEST_CASE("fusion: no argument of a reduction stands in memory", "[expr][fusion]") {
    auto lease = Lease<DefaultDevice>::take();
    const Tensor<float, Shape<100000>> x = random_tensor<float>(Shape<100000>{});
    lease.arena().reset_peak();
    const auto y = sum(exp(x) * 2);
    const auto state = y.forward(lease.arena());
    REQUIRE(lease.arena().peak() < 10000);
    static_cast<void>(state);
}
