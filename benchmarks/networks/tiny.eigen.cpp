#include <Eigen/Core>
#include <memory>

#include "tiny.hpp"

namespace {

template <int Out, int In>
struct Layer {
    Eigen::Matrix<float, Out, In> weight;  // column by column: a product reads it in order
    Eigen::Matrix<float, Out, 1> bias;

    Layer(std::span<const float> w, std::span<const float> b)
        : weight(Eigen::Map<const Eigen::Matrix<float, Out, In, Eigen::RowMajor>>(w.data())), bias(b.data()) {}
    Eigen::Matrix<float, Out, 1> operator()(const Eigen::Matrix<float, In, 1>& x) const { return weight * x + bias; }
};

}  // namespace

bench::Call tiny_mlp_eigen(TinyMlp work, std::span<float> y) {
    struct Mlp {
        Eigen::Matrix<float, 13, 1> x;
        Layer<64, 13> one;
        Layer<64, 64> two;
        Layer<4, 64> three;
    };
    const auto mlp = std::make_shared<Mlp>(Mlp{Eigen::Matrix<float, 13, 1>(work.x.data()), {work.w1, work.b1}, {work.w2, work.b2}, {work.w3, work.b3}});
    return [=]() -> bench::Arrays {
        const Eigen::Matrix<float, 64, 1> h = mlp->one(mlp->x).array().tanh();
        const Eigen::Matrix<float, 64, 1> k = mlp->two(h).array().tanh();
        Eigen::Map<Eigen::Matrix<float, 4, 1>>(y.data()) = mlp->three(k);
        return y;
    };
}
