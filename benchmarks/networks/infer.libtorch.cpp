#include "answerer.libtorch.hpp"

bench::CallWithResults infer_libtorch(Inference work, bool channels_last) {
    const auto answerer = std::make_shared<libtorch::Answerer>(work, channels_last);
    return {[=] {
                answerer->answer();
                return bench::Arrays();
            },
            [=] { return bench::Arrays(answerer->results()); }};
}
