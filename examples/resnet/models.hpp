// The networks of this program: one that PyTorch trained, and one that goes on from there.
#pragma once

#include <xnn/models/resnet.hpp>
#include <xnn/xnn.hpp>

namespace resnet {

namespace nn = xnn::nn;

/// Colour images of 56 × 56 pixels, and how many of them.
using Images = xnn::Shape<xnn::dyn, 3, 56, 56>;
using Labels = xnn::Shape<xnn::dyn>;
using Image = xnn::Shape<1, 3, 56, 56>;

/// A ResNet-18 with 8 channels where torchvision's has 64: its checkpoint, which comes with the project, has 0.7 MB for 45.
template <xnn::index_t NumClasses>
using Network = xnn::models::ResNet<xnn::models::BasicBlock, xnn::Dims<4>{2, 2, 2, 2}, NumClasses, 8>;

/// Knows the digits 0 to 4.
using Pretrained = Network<5>;
/// Is to know all ten.
using Finetuned = Network<10>;

static_assert(std::same_as<xnn::output_of<Pretrained, Images>, xnn::Shape<xnn::dyn, 5>>);
static_assert(!xnn::accepts<Pretrained, xnn::Shape<xnn::dyn, 1, 28, 28>>);

}  // namespace resnet
