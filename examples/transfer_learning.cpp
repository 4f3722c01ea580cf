// Transfer learning: a network that knows the digits 0 to 4 lends its features to one that is to know 5 to 9. They are
// loaded and frozen, a new head replaces the old one, and only the head is trained, on few images.
#include <exception>
#include <filesystem>
#include <iostream>
#include <xnn/data/mnist.hpp>
#include <xnn/io/safetensors.hpp>
#include <xnn/nn/freeze.hpp>
#include <xnn/xnn.hpp>
using namespace xnn;

namespace {

using Body = nn::Sequential<nn::Conv2d<1, 8, 5>, nn::ReLU, nn::MaxPool2d<2>, nn::Conv2d<8, 16, 5>, nn::ReLU, nn::MaxPool2d<2>, nn::Flatten<>,
                            nn::Linear<256, 64>, nn::ReLU>;
using Head = nn::Linear<64, 5>;

/// Features, and what is made of them.
template <class Features>
struct Classifier : nn::Module<Classifier<Features>> {
    Features body;
    Head head;

    auto forward(auto x) const { return head(body(x)); }
};

/// Some images of five digits, whose labels are 0 to 4.
class FiveDigits {
public:
    FiveDigits(const data::Mnist& all, index_t first_digit, index_t count) : all_(all), first_digit_(first_digit) {
        for (index_t i = 0; i < all.size() && size() < count; ++i)
            if (const index_t digit = all.labels()(i); digit >= first_digit && digit < first_digit + 5) places_.push_back(i);
    }
    index_t size() const { return static_cast<index_t>(places_.size()); }
    auto operator[](index_t i) const {
        const index_t place = places_[static_cast<std::size_t>(i)];
        return std::tuple(std::get<0>(all_[place]), std::int64_t{all_.labels()(place) - first_digit_});
    }

private:
    const data::Mnist& all_;
    index_t first_digit_;
    std::vector<index_t> places_;
};

template <class Model>
void train(Model& model, optim::Optimizer& optimizer, const FiveDigits& digits, int epochs) {
    data::DataLoader loader(digits, {.batch_size = 32, .shuffle = true});
    for (int epoch = 0; epoch < epochs; ++epoch)
        for (auto [images, labels] : loader) {
            optimizer.zero_grad();
            nn::CrossEntropyLoss{}(model(images), labels).backward();
            optimizer.step();
        }
}

template <class Model>
double percent_right(const Model& model, const FiveDigits& digits) {
    const NoGradGuard no_grad;
    index_t right = 0;
    data::DataLoader loader(digits, {.batch_size = 100});
    for (auto [images, labels] : loader) right += static_cast<index_t>(sum(to<std::int64_t>(argmax<1>(model(images)) == labels)).item());
    return 100.0 * static_cast<double>(right) / static_cast<double>(digits.size());
}

/// Somebody's training, of which only the file is left.
void pretrain(const data::Mnist& images, const data::Mnist& tests, const std::filesystem::path& file) {
    Classifier<Body> model;
    optim::Adam optimizer{model, {.lr = 2e-3}};
    train(model, optimizer, {images, 0, 4000}, 2);
    std::cout << "digits 0 to 4: " << percent_right(model, {tests, 0, 1000}) << " % right, all layers trained on 4000 images\n";
    io::save_safetensors(file, model.state_dict());
}

}  // namespace

int main() {
    try {
        manual_seed(1);
        const auto file = std::filesystem::temp_directory_path() / "transfer_learning.safetensors";
        const std::string folder = XNN_EXAMPLES_DATA "/mnist";
        const data::Mnist images(folder, {.train = true, .normalize = data::mnist_normalization});
        const data::Mnist tests(folder, {.train = false, .normalize = data::mnist_normalization});
        pretrain(images, tests, file);

        Body pretrained;
        io::load_safetensors(file, pretrained.state_dict("body"), false);      // not strict: the old head stays in the file
        Classifier<nn::frozen_t<Body>> model;
        model.body = nn::freeze(pretrained);                                   // a type without gradients, and a new head
        const FiveDigits few{images, 5, 200}, test{tests, 5, 1000};
        std::cout << "digits 5 to 9: " << percent_right(model, test) << " % right before, ";
        optim::Adam optimizer{model, {.lr = 5e-3}};  // its only parameters are the head's
        train(model, optimizer, few, 20);
        std::cout << percent_right(model, test) << " % after training the head on 200 images\n";

        // The other way: the same type, whose body's parameters are told to stay as they are, and not given to the optimiser.
        Classifier<Body> same;
        io::load_safetensors(file, same.body.state_dict("body"), false);
        same.body.requires_grad_(false);
        optim::Adam head_only{same.head, {.lr = 5e-3}};
        train(same, head_only, few, 20);
        std::cout << percent_right(same, test) << " % with the body's gradients switched off instead\n";
        std::filesystem::remove(file);
    } catch (const std::exception& problem) {
        std::cerr << "transfer_learning: " << problem.what() << '\n';
        return 1;
    }
}
