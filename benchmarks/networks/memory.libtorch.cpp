#include "memory.hpp"

#include <algorithm>

#include "answerer.libtorch.hpp"
#include "trainer.libtorch.hpp"

bench::Call train_once_libtorch(Training work, std::span<float> losses) {
    return [=] {
        libtorch::Trainer trainer(work, false);
        for (float& loss : losses) loss = trainer.step(work.rate());
        return bench::Arrays(losses);
    };
}

bench::Call answer_once_libtorch(Inference work, std::span<float> results) {
    return [=] {
        libtorch::Answerer answerer(work, false);
        answerer.answer();
        std::ranges::copy(answerer.results(), results.begin());
        return bench::Arrays(results);
    };
}
