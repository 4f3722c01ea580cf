#include "training.hpp"

#include <xnn/models/lenet.hpp>

int main() { train_and_answer<xnn::models::LeNet<>, xnn::Tensor<float, xnn::Shape<64, 1, 28, 28>>, 64>(); }
