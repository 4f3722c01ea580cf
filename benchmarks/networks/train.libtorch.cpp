#include "trainer.libtorch.hpp"

bench::CallWithResults train_libtorch(Training t, bool channels_last, std::span<float> losses) {
    const auto trainer = std::make_shared<libtorch::Trainer>(t, channels_last);
    return timed([=](double rate) { return trainer->step(rate); }, t.rate(), losses);
}
