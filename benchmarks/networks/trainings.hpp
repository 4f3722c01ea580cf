// The trainings of the suites, without their types: whoever runs them need not compile them.
#pragma once

#include <memory>
#include <vector>

#include "networks.hpp"

namespace networks {

/// A new network, its optimiser, and the batch that it learns from; always the same.
class Trainer {
public:
    virtual ~Trainer() = default;
    /// From zero_grad to the optimiser's step; returns the loss.
    virtual float step(double rate) = 0;
    /// Refers to this trainer's batch.
    virtual Training as_peers_see_it() = 0;
};

struct Exercise {
    const char* name;
    double samples;        // of a batch
    double flops;          // of a step
    double memory;         // bytes that the types say a training takes
    double tolerance;      // of losses
    std::unique_ptr<Trainer> (*new_trainer)();
};

/// An MLP 784-256-128-10 and a LeNet on batches of 64, ResNet-18 on 16 images of 32 × 32, the GPT of examples/char_gpt on 16
/// times 128 characters, and an LSTM tagger on 32 sentences of 24 words.
std::vector<Exercise> exercises();

}  // namespace networks
