#include "training.hpp"

#include <xnn/models/resnet.hpp>

int main() { train_and_answer<xnn::models::ResNet18<10>, xnn::Tensor<float, xnn::Shape<2, 3, 64, 64>>, 2>(); }
