#include "xnn/nn/ctc_loss.hpp"

#include "../support/arrays.hpp"
#include "../support/errors.hpp"
#include "../support/fixture.hpp"
#include "xnn/nn/traits.hpp"
#include "xnn/ops/softmax.hpp"
#include "xnn/tools/gradcheck.hpp"

using namespace xnn;

namespace {

using Inputs = Shape<9, 4, 5>;
using Targets = Shape<4, 4>;
using Lengths = Shape<4>;

const Fixture& ctc_fixture() {
    static const Fixture fixture("ctc_loss.safetensors");
    return fixture;
}

template <class T, AnyShape X = Inputs, AnyShape TargetShape = Targets, AnyShape LengthShape = Lengths, class Criterion>
void check_ctc(const std::string& name, const Criterion& criterion) {
    INFO(name << " in " << name_of(dtype_of<T>));
    const Fixture& fixture = ctc_fixture();
    Parameter<T, X> x(fixture.tensor<T, X>(name + "/x"));
    const auto targets = fixture.tensor<std::int64_t, TargetShape>(name + "/targets");
    const auto input_lengths = fixture.tensor<std::int64_t, LengthShape>(name + "/input_lengths");
    const auto target_lengths = fixture.tensor<std::int64_t, LengthShape>(name + "/target_lengths");
    const auto y = criterion(x, targets, input_lengths, target_lengths);
    y.backward(fixture.tensor<T, typename decltype(y)::shape_type>(name + "/gy").view());
    fixture.require_close(y.value().data, y.value().size(), name + "/y", tolerance_of<T>);
    fixture.require_close(x.grad().data(), x.size(), name + "/gx", tolerance_of<T>);
}

}  // namespace

TEMPLATE_TEST_CASE("CTCLoss is PyTorch's", "[nn]", float, double, bfloat16) {
    using T = TestType;
    check_ctc<T>("mean", nn::CTCLoss<>{});
    check_ctc<T>("none", nn::CTCLoss<Reduction::none>{});
    check_ctc<T>("sum", nn::CTCLoss<Reduction::sum>{});
}

TEMPLATE_TEST_CASE("CTCLoss's options are PyTorch's", "[nn]", float, double) {
    using T = TestType;
    check_ctc<T>("blank", nn::CTCLoss{nn::CTCLossOptions{.blank = 4}});
    check_ctc<T, Inputs, Shape<7>>("joined", nn::CTCLoss<Reduction::none>{});
    check_ctc<T, Shape<9, 5>, Shape<4>, Shape<>>("unbatched", nn::CTCLoss<>{});
    check_ctc<T>("zero_infinity", nn::CTCLoss<Reduction::none>{nn::CTCLossOptions{.zero_infinity = true}});
}

TEST_CASE("gradients of CTCLoss behind a log_softmax", "[nn]") {
    auto x = random_parameter<Shape<dyn, 3, 4>>(Shape<dyn, 3, 4>(6));
    const Tensor<std::int32_t, Shape<3, 3>> targets{1, 1, 2, 3, 0, 0, 2, 3, 1};
    const Tensor<std::int64_t, Shape<3>> input_lengths{6, 3, 5}, target_lengths{3, 1, 2};
    const auto f = [&](const auto& criterion) {
        return [&](auto& logits) { return criterion(functional::log_softmax<2>(logits), targets, input_lengths, target_lengths); };
    };
    REQUIRE(gradcheck(f(nn::CTCLoss<>{}), x));
    REQUIRE(gradcheck(f(nn::CTCLoss<Reduction::none>{}), x));
    REQUIRE(gradcheck(f(nn::CTCLoss<Reduction::sum>{}), x));
}

TEST_CASE("CTCLoss sums over all alignments", "[nn]") {
    // Two steps, target "1": 1 1, - 1 and 1 -.
    const Tensor<double, Shape<2, 1, 2>> x{std::log(0.3), std::log(0.7), std::log(0.6), std::log(0.4)};
    const Tensor<std::int64_t, Shape<1, 1>> target{1};
    const Tensor<std::int64_t, Shape<1>> two{2}, one{1};
    const nn::CTCLoss<> criterion;
    REQUIRE(std::abs(criterion(x, target, two, one).item() + std::log(0.7 * 0.4 + 0.3 * 0.4 + 0.7 * 0.6)) < 1e-14);
    const Tensor<std::int64_t, Shape<1, 2>> repeated{1, 1};
    REQUIRE(std::isinf(criterion(x, repeated, two, two).item()));
    REQUIRE(nn::CTCLoss{nn::CTCLossOptions{.zero_infinity = true}}(x, repeated, two, two).item() == 0);
    const Tensor<std::int64_t, Shape<1>> none{0};
    REQUIRE(criterion(x, target, none, none).item() == 0);
}

TEST_CASE("CTCLoss refuses what cannot be", "[nn]") {
    const auto x = random_tensor<float>(Shape<4, 2, 3>{});
    using Two = Tensor<std::int64_t, Shape<2>>;
    using Four = Tensor<std::int64_t, Shape<2, 2>>;
    const auto loss = [&](Four targets, Two input_lengths, Two target_lengths, nn::CTCLossOptions options = {}) {
        return nn::CTCLoss{options}(x, targets, input_lengths, target_lengths).item();
    };
    REQUIRE_NOTHROW(loss({1, 2, 2, 1}, {4, 3}, {2, 1}));
    REQUIRE_NOTHROW(loss({1, 2, 2, 9}, {4, 3}, {2, 1}));  // behind the end of its target
    REQUIRE_ERROR(loss({1, 2, 2, 1}, {4, 5}, {2, 1}), "ctc_loss", "[0, 4]", "5 at position 1");
    REQUIRE_ERROR(loss({1, 2, 2, 1}, {-1, 4}, {2, 1}), "ctc_loss", "-1 at position 0");
    REQUIRE_ERROR(loss({1, 2, 2, 1}, {4, 4}, {3, 1}), "ctc_loss", "target length", "3 at position 0");
    REQUIRE_ERROR(loss({1, 3, 2, 1}, {4, 4}, {2, 1}), "ctc_loss", "[0, 3)", "3 at position 1");
    REQUIRE_ERROR(loss({1, 0, 2, 1}, {4, 4}, {2, 1}), "ctc_loss", "not the blank", "0 at position 1");
    REQUIRE_ERROR(loss({1, 2, 2, 1}, {4, 4}, {2, 1}, {.blank = 3}), "ctc_loss", "a blank in [0, 3)");
    const Tensor<std::int64_t, Shape<3>> joined{1, 2, 1};
    const Two lengths{2, 2}, all{4, 4};
    REQUIRE_ERROR(nn::CTCLoss<>{}(x, joined, all, lengths).item(), "ctc_loss", "2 at position 1");
    STATIC_REQUIRE(!accepts<nn::CTCLoss<>, Tensor<float, Shape<4, 2, 3>>, Four, Tensor<std::int64_t, Shape<3>>, Two>);
}

TEST_CASE("CTCLoss has the same bits for any number of threads", "[nn]") {
    require_same_for_any_threads([] {
        auto x = random_parameter<Shape<40, 24, 20>>();
        Tensor<std::int64_t, Shape<24, 12>> targets;
        Tensor<std::int64_t, Shape<24>> input_lengths, target_lengths;
        for (index_t i = 0; i < targets.size(); ++i) targets.data()[i] = 1 + i * 7 % 19;
        for (index_t b = 0; b < 24; ++b) {
            input_lengths(b) = 40 - b % 5;
            target_lengths(b) = 12 - b % 3;
        }
        nn::CTCLoss<>{}(x, targets, input_lengths, target_lengths).backward();
        return values(x.grad());
    });
}
