#include "cases.hpp"

namespace onnx_cases {

void add_convolutions(const Folder& folder) {
    using namespace nn;
    folder.add<Shape<dyn, 2, dyn>>("Conv1d", Conv1d<2, 4, 3, ConvOptions{.stride = 2, .padding = 1}>{}, uniform<Shape<2, 2, 9>>(1));
    folder.add<Shape<dyn, 4, dyn, dyn>>("Conv2d", Conv2d<4, 6, Sizes(3, 2), ConvOptions{.stride = 2, .padding = Sizes(1, 2), .dilation = Sizes(2, 1), .groups = 2}>{},
                                        uniform<Shape<2, 4, 9, 8>>(1));
    folder.add<Shape<dyn, 4, 7, 7>>("Conv2d_same", Conv2d<4, 4, 4, ConvOptions{.padding = same, .groups = 4, .bias = false}>{}, uniform<Shape<2, 4, 7, 7>>(1));
    folder.add<Shape<dyn, 2, 7, 7>>("Conv2d_reflect", Conv2d<2, 3, 3, ConvOptions{.padding = 1, .padding_mode = PaddingMode::reflect}>{}, uniform<Shape<2, 2, 7, 7>>(1));
    folder.add<Shape<dyn, 2, 7, 7>>("Conv2d_circular", Conv2d<2, 3, 3, ConvOptions{.padding = 1, .padding_mode = PaddingMode::circular}>{}, uniform<Shape<2, 2, 7, 7>>(1));
    folder.add<Shape<2, 7, 7>>("Conv2d_of_one", Conv2d<2, 3, 3>{}, uniform<Shape<2, 7, 7>>(1));
    folder.add<Shape<dyn, 2, 5, 6, 7>>("Conv3d", Conv3d<2, 3, Sizes(2, 3, 3)>{}, uniform<Shape<2, 2, 5, 6, 7>>(1));
    folder.add<Shape<dyn, 3, 5>>("ConvTranspose1d", ConvTranspose1d<3, 2, 3, ConvTransposeOptions{.stride = 2, .padding = 1, .output_padding = 1}>{}, uniform<Shape<2, 3, 5>>(1));
    folder.add<Shape<dyn, 4, dyn, dyn>>("ConvTranspose2d", ConvTranspose2d<4, 6, Sizes(3, 2), ConvTransposeOptions{.stride = Sizes(2, 3), .padding = 1, .groups = 2}>{},
                                        uniform<Shape<2, 4, 4, 5>>(1));
    folder.add<Shape<dyn, 2, 3, 4, 3>>("ConvTranspose3d", ConvTranspose3d<2, 3, 2, ConvTransposeOptions{.stride = 2}>{}, uniform<Shape<2, 2, 3, 4, 3>>(1));
    folder.add<Shape<dyn, 2, 6, 7>>("Unfold", Unfold<Sizes(2, 3), UnfoldOptions{.dilation = Sizes(2, 1), .padding = 1, .stride = Sizes(1, 2)}>{}, uniform<Shape<2, 2, 6, 7>>(1));
    folder.add<Shape<dyn, 12, 9>>("Fold", Fold<Sizes(6, 7), Sizes(2, 3), FoldOptions{.stride = 2}>{}, uniform<Shape<2, 12, 9>>(1));
    folder.add<Shape<dyn, 2, 5>>("ReflectionPad1d", ReflectionPad1d<Pads(2, 1)>{}, uniform<Shape<2, 2, 5>>(1));
    folder.add<Shape<dyn, 2, 5, 4>>("ReflectionPad2d", ReflectionPad2d<Pads(2, 1, 0, 3)>{}, uniform<Shape<2, 2, 5, 4>>(1));
    folder.add<Shape<dyn, 2, 3, 5, 4>>("ReflectionPad3d", ReflectionPad3d<1>{}, uniform<Shape<2, 2, 3, 5, 4>>(1));
    folder.add<Shape<dyn, 2, 5>>("ReplicationPad1d", ReplicationPad1d<Pads(2, 1)>{}, uniform<Shape<2, 2, 5>>(1));
    folder.add<Shape<dyn, 2, 5, 4>>("ReplicationPad2d", ReplicationPad2d<Pads(2, 1, 0, 3)>{}, uniform<Shape<2, 2, 5, 4>>(1));
    folder.add<Shape<dyn, 2, 3, 5, 4>>("ReplicationPad3d", ReplicationPad3d<1>{}, uniform<Shape<2, 2, 3, 5, 4>>(1));
    folder.add<Shape<dyn, 2, 5>>("CircularPad1d", CircularPad1d<Pads(2, 1)>{}, uniform<Shape<2, 2, 5>>(1));
    folder.add<Shape<dyn, 2, 5, 4>>("CircularPad2d", CircularPad2d<Pads(2, 1, 0, 3)>{}, uniform<Shape<2, 2, 5, 4>>(1));
    folder.add<Shape<dyn, 2, 3, 5, 4>>("CircularPad3d", CircularPad3d<1>{}, uniform<Shape<2, 2, 3, 5, 4>>(1));
    folder.add<Shape<dyn, 2, 5>>("ZeroPad1d", ZeroPad1d<Pads(2, 1)>{}, uniform<Shape<2, 2, 5>>(1));
    folder.add<Shape<dyn, 2, dyn, 4>>("ZeroPad2d", ZeroPad2d<Pads(2, 1, 0, 3)>{}, uniform<Shape<2, 2, 5, 4>>(1));
    folder.add<Shape<dyn, 2, 3, 5, 4>>("ZeroPad3d", ZeroPad3d<1>{}, uniform<Shape<2, 2, 3, 5, 4>>(1));
    folder.add<Shape<dyn, 2, 5>>("ConstantPad1d", ConstantPad1d<Pads(2, -1)>(1.5), uniform<Shape<2, 2, 5>>(1));
    folder.add<Shape<dyn, 2, 5, 4>>("ConstantPad2d", ConstantPad2d<Pads(2, 1, 0, 3)>(1.5), uniform<Shape<2, 2, 5, 4>>(1));
    folder.add<Shape<dyn, 2, 3, 5, 4>>("ConstantPad3d", ConstantPad3d<1>(1.5), uniform<Shape<2, 2, 3, 5, 4>>(1));
}

}  // namespace onnx_cases
