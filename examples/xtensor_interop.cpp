// xtensor and xnn on the same memory: arrays go both ways without a copy.
#include <iostream>
#include <xnn/xnn.hpp>
#include <xnn/xtensor.hpp>

// xtensor 0.26 and newer keep their headers in folders.
#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/io/xio.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xio.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>
#endif
using namespace xnn;

int main() {
    // An xnn tensor as an xtensor container: .array() is a view of the same memory.
    Tensor<float, Shape<3, 4>> tensor;
    auto array = tensor.array();
    array = xt::reshape_view(xt::arange<float>(12), {3, 4});
    xt::view(array, 1, xt::all()) *= 10;
    std::cout << "written through xtensor, read by xnn: " << tensor(1, 2) << "\nprinted by xtensor:\n" << array << "\n\n";

    // An xtensor container as an xnn operand: as_tensor says which extents the compiler shall know.
    xt::xarray<float> samples = xt::ones<float>({5, 4});
    samples(2, 3) = 7;
    const auto view = as_tensor<Shape<dyn, 4>>(samples);
    std::cout << "same memory: " << std::boolalpha << (view.data == samples.data()) << '\n';
    manual_seed(1);
    const nn::Linear<4, 2> layer;
    Tensor<float, Shape<dyn, 2>> result = layer(view);
    std::cout << "a layer of xnn on an xarray, summed by xtensor: " << xt::sum(result.array(), 0) << "\n\n";

    // Tensors are made from any xtensor expression, which is evaluated into them.
    const Tensor<double, Shape<2, 3>> made(xt::sin(xt::ones<double>({2, 3})) + 1.0);
    std::cout << "made from an xtensor expression:\n" << made.array() << "\n\n";

    // Shapes that do not fit are refused: by the compiler where it knows them, here when the program runs.
    try {
        as_tensor<Shape<dyn, 3>>(samples);
    } catch (const Error& problem) { std::cout << "refused: " << problem.what() << '\n'; }
}
