// The network learns digits that it has never seen.
#pragma once

#include "models.hpp"
#include "options.hpp"

namespace resnet {

/// Trains a copy of the network with a new last layer; saves it and returns its accuracy on test images.
double finetune(const Options& options, Pretrained& pretrained);

}  // namespace resnet
