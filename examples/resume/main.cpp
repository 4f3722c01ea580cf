// A training that survives being killed: after each epoch it writes all that it needs to go on, and started again it goes
// on from there, to the same weights bit for bit.   resume [CHECKPOINT [EPOCHS]]
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <xnn/io/checkpoint.hpp>
#include <xnn/xnn.hpp>
using namespace xnn;

namespace {

using Net = nn::Sequential<nn::Linear<2, 64>, nn::BatchNorm1d<64>, nn::ReLU, nn::Dropout, nn::Linear<64, 2>>;

/// A number that two models share only if all their elements are the same bits.
std::uint64_t fingerprint(Net& model) {
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    for (const auto& entry : model.state_dict())
        for (index_t i = 0; i < entry.bytes(); ++i) hash = (hash ^ static_cast<const unsigned char*>(entry.data)[i]) * 0x100000001b3U;
    return hash;
}

void train(const std::filesystem::path& checkpoint, std::int64_t epochs) {
    Generator sampling{3};
    const Tensor<float, Shape<2048, 2>> points = rand<Shape<2048, 2>>(sampling) * 4 - 2;
    const Tensor<std::int64_t, Shape<2048>> within = to<std::int64_t>(norm<1>(points) < 1.5);

    manual_seed(1);
    Net model;
    optim::AdamW optimizer{model, {.lr = 0.01}};
    optim::lr_scheduler::CosineAnnealingLR scheduler{optimizer, epochs};
    std::int64_t epoch = 0;
    // The default generator belongs to it: dropout and the order of the samples are drawn from it.
    const auto all = [&](auto function) {
        function(checkpoint, {{"model", model}, {"optimizer", optimizer}, {"scheduler", scheduler}, {"generator", default_generator()}, {"epoch", epoch}});
    };
    if (std::filesystem::exists(checkpoint)) all(io::load_checkpoint);
    std::printf("from epoch %td of %td\n", index_t{epoch}, index_t{epochs});
    std::fflush(stdout);

    const data::TensorDataset samples(points, within);
    data::DataLoader loader(samples, {.batch_size = 64, .shuffle = true});
    const nn::CrossEntropyLoss criterion;
    while (epoch < epochs) {
        for (auto [x, y] : loader) {
            optimizer.zero_grad();
            criterion(model(x), y).backward();
            optimizer.step();
        }
        scheduler.step();
        ++epoch;
        all(io::save_checkpoint);
    }
    std::printf("weights %016llx\n", static_cast<unsigned long long>(fingerprint(model)));
}

}  // namespace

int main(int argc, char** argv) {
    try {
        train(argc > 1 ? argv[1] : "resume.pt", argc > 2 ? std::atoll(argv[2]) : 40);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "resume: %s\n", problem.what());
        return 1;
    }
}
