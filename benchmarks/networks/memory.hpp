// The works of the suite memory, as its peers see them: a whole life each, from weights to results.
#pragma once

#include "networks.hpp"

/// A new trainer does as many steps as there are losses.
bench::Call train_once_libtorch(Training work, std::span<float> losses);
/// A new network answers once.
bench::Call answer_once_libtorch(Inference work, std::span<float> results);
