#include "cases.hpp"

namespace onnx_cases {

void add_pooling(const Folder& folder) {
    using namespace nn;
    const auto line = uniform<Shape<2, 3, 11>>(1);
    const auto image = uniform<Shape<2, 3, 8, 9>>(1);
    const auto volume = uniform<Shape<2, 3, 6, 5, 7>>(1);
    folder.add<Shape<dyn, 3, dyn>>("MaxPool1d", MaxPool1d<3, MaxPoolOptions{.stride = 2, .padding = 1, .dilation = 2}>{}, line);
    folder.add<Shape<dyn, 3, dyn, dyn>>("MaxPool2d", MaxPool2d<Sizes(3, 2), MaxPoolOptions{.stride = Sizes(2, 3), .padding = 1}>{}, image);
    folder.add<Shape<dyn, 3, 8, 9>>("MaxPool2d_ceil", MaxPool2d<3, MaxPoolOptions{.stride = 2, .ceil_mode = true}>{}, image);
    folder.add<Shape<3, 8, 9>>("MaxPool2d_of_one", MaxPool2d<2>{}, uniform<Shape<3, 8, 9>>(1));
    folder.add<Shape<dyn, 3, 6, 5, 7>>("MaxPool3d", MaxPool3d<2>{}, volume);
    folder.add<Shape<dyn, 3, 8, 9>>("MaxPool2d_indices", MaxPool2d<2, MaxPoolOptions{.return_indices = true}>{}, image);
    folder.add<Shape<dyn, 3, dyn>>("AvgPool1d", AvgPool1d<3, AvgPoolOptions{.stride = 2, .padding = 1}>{}, line);
    folder.add<Shape<dyn, 3, dyn, dyn>>("AvgPool2d", AvgPool2d<3, AvgPoolOptions{.stride = 2, .padding = 1, .count_include_pad = false}>{}, image);
    folder.add<Shape<dyn, 3, 8, 9>>("AvgPool2d_ceil", AvgPool2d<3, AvgPoolOptions{.stride = 2, .padding = 1, .ceil_mode = true}>{}, image);
    folder.add<Shape<dyn, 3, 8, 9>>("AvgPool2d_ceil_exclude", AvgPool2d<3, AvgPoolOptions{.stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false}>{}, image);
    folder.add<Shape<dyn, 3, 8, 9>>("AvgPool2d_divisor", AvgPool2d<3, AvgPoolOptions{.divisor_override = 5}>{}, image);
    folder.add<Shape<dyn, 3, 6, 5, 7>>("AvgPool3d", AvgPool3d<2>{}, volume);
    folder.add<Shape<dyn, dyn, 3, 8, 9>>("AvgPool2d_of_videos", AvgPool2d<2>{}, uniform<Shape<2, 2, 3, 8, 9>>(1));
    folder.add<Shape<dyn, 3, 11>>("LPPool1d", LPPool1d<3>(2.0), line);
    folder.add<Shape<dyn, 3, 8, 9>>("LPPool2d", LPPool2d<2, LPPoolOptions{.stride = 3}>(4.0), image);
    folder.add<Shape<dyn, 3, 6, 5, 7>>("LPPool3d", LPPool3d<2>(1.0), uniform<Shape<2, 3, 6, 5, 7>>(1, 0, 1));
    folder.add<Shape<dyn, 3, 11>>("AdaptiveAvgPool1d", AdaptiveAvgPool1d<4>{}, line);
    folder.add<Shape<dyn, 3, dyn, dyn>>("AdaptiveAvgPool2d_1", AdaptiveAvgPool2d<1>{}, image);
    folder.add<Shape<dyn, 3, 8, 9>>("AdaptiveAvgPool2d", AdaptiveAvgPool2d<Sizes(4, 3)>{}, image);
    folder.add<Shape<dyn, 3, 8, 9>>("AdaptiveAvgPool2d_uneven", AdaptiveAvgPool2d<Sizes(5, same_size)>{}, image);
    folder.add<Shape<dyn, 3, 6, 5, 7>>("AdaptiveAvgPool3d", AdaptiveAvgPool3d<Sizes(2, 3, 2)>{}, volume);
    folder.add<Shape<dyn, 3, 11>>("AdaptiveMaxPool1d", AdaptiveMaxPool1d<4>{}, line);
    folder.add<Shape<dyn, 3, 8, 9>>("AdaptiveMaxPool2d", AdaptiveMaxPool2d<Sizes(5, 3)>{}, image);
    folder.add<Shape<dyn, 3, 8, 9>>("AdaptiveMaxPool2d_indices", AdaptiveMaxPool2d<Sizes(4, 3), true>{}, image);
    folder.add<Shape<dyn, 3, 6, 5, 7>>("AdaptiveMaxPool3d", AdaptiveMaxPool3d<1>{}, volume);
    const auto places = [](auto count, unsigned below) {
        Tensor<std::int64_t, decltype(count)> result;
        const index_t plane = result.extent(decltype(count)::rank - 1) * (decltype(count)::rank > 3 ? result.extent(2) : 1) *
                              (decltype(count)::rank > 4 ? result.extent(3) : 1);
        for (index_t i = 0; i < result.size(); ++i) result.data()[i] = (i % plane) * 2 % below;
        return result;
    };
    folder.add<Shape<dyn, 3, 5>, Tensor<std::int64_t, Shape<dyn, 3, 5>>>("MaxUnpool1d", MaxUnpool1d<2>{}, uniform<Shape<2, 3, 5>>(1), places(Shape<2, 3, 5>{}, 10));
    folder.add<Shape<dyn, 3, 2, 3>, Tensor<std::int64_t, Shape<dyn, 3, 2, 3>>>("MaxUnpool2d", MaxUnpool2d<2>{}, uniform<Shape<2, 3, 2, 3>>(1),
                                                                             places(Shape<2, 3, 2, 3>{}, 24));
    folder.add<Shape<dyn, 3, 2, 2, 2>, Tensor<std::int64_t, Shape<dyn, 3, 2, 2, 2>>>("MaxUnpool3d", MaxUnpool3d<2>{}, uniform<Shape<2, 3, 2, 2, 2>>(1),
                                                                                   places(Shape<2, 3, 2, 2, 2>{}, 64));
}

}  // namespace onnx_cases
