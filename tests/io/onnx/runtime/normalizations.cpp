#include "cases.hpp"

namespace onnx_cases {

void add_normalizations(const Folder& folder) {
    using namespace nn;
    const auto line = uniform<Shape<3, 6, 5>>(1);
    const auto image = uniform<Shape<2, 6, 4, 5>>(1);
    const auto volume = uniform<Shape<2, 6, 3, 4, 2>>(1);
    folder.add<Shape<dyn, 6>>("BatchNorm1d", BatchNorm1d<6>(1e-3), uniform<Shape<3, 6>>(1));
    folder.add<Shape<dyn, 6, dyn>>("BatchNorm1d_of_lines", BatchNorm1d<6, BatchNormOptions{.affine = false}>{}, line);
    folder.add<Shape<dyn, 6, dyn, dyn>>("BatchNorm2d", BatchNorm2d<6>{}, image);
    folder.add<Shape<dyn, 6, dyn, dyn>>("BatchNorm2d_of_batches", BatchNorm2d<6, BatchNormOptions{.track_running_stats = false}>{}, image);
    folder.add<Shape<dyn, 6, 3, 4, 2>>("BatchNorm3d", BatchNorm3d<6>{}, volume);
    folder.add<Shape<dyn, 6, dyn>>("InstanceNorm1d", InstanceNorm1d<6>{}, line);
    folder.add<Shape<6, 5>>("InstanceNorm1d_of_one", InstanceNorm1d<6>{}, uniform<Shape<6, 5>>(1));
    folder.add<Shape<dyn, 6, dyn, dyn>>("InstanceNorm2d", InstanceNorm2d<6, InstanceNormOptions{.affine = true}>{}, image);
    folder.add<Shape<dyn, 6, 4, 5>>("InstanceNorm2d_running", InstanceNorm2d<6, InstanceNormOptions{.affine = true, .track_running_stats = true}>{}, image);
    folder.add<Shape<dyn, 6, 3, 4, 2>>("InstanceNorm3d", InstanceNorm3d<6>{}, volume);
    folder.add<Shape<dyn, 6, dyn, dyn>>("GroupNorm", GroupNorm<3, 6>(1e-3), image);
    folder.add<Shape<dyn, 6>>("GroupNorm_of_vectors", GroupNorm<2, 6, false>{}, uniform<Shape<3, 6>>(1));
    folder.add<Shape<dyn, dyn, 5>>("LayerNorm", LayerNorm<Shape<5>>{}, line);
    folder.add<Shape<dyn, 6, 5>>("LayerNorm_plain", LayerNorm<Shape<6, 5>, LayerNormOptions{.elementwise_affine = false}>{}, line);
    folder.add<Shape<dyn, 6, 5>>("LayerNorm_no_bias", LayerNorm<Shape<6, 5>, LayerNormOptions{.bias = false}>{}, line);
    folder.add<Shape<dyn, dyn, 5>>("RMSNorm", RMSNorm<Shape<5>>{}, line);
    folder.add<Shape<dyn, 6, dyn, dyn>>("LocalResponseNorm", LocalResponseNorm<4>(0.1, 0.75, 2), image);
}

}  // namespace onnx_cases
