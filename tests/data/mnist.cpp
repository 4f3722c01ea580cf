#include "xnn/data/mnist.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "../support/errors.hpp"
#include "../support/files.hpp"
#include "xnn/data/loader.hpp"

using namespace xnn;
using namespace xnn::data;

namespace {

const std::filesystem::path digits = std::filesystem::path(XNN_EXAMPLES_DATA) / "mnist";

std::string images(char count) {
    return std::string("\0\0\x08\3\0\0\0", 7) + count + std::string("\0\0\0\x1c\0\0\0\x1c", 8) +
           std::string(static_cast<std::size_t>(count) * 784, '\x33');
}
std::string labels(const std::string& values) {
    return std::string("\0\0\x08\1\0\0\0", 7) + static_cast<char>(values.size()) + values;
}

/// A folder with a data set of the same form.
struct SmallFolder : TemporaryFolder {
    SmallFolder(const std::string& image_bytes, const std::string& label_bytes) {
        file("t10k-images-idx3-ubyte", image_bytes);
        file("t10k-labels-idx1-ubyte", label_bytes);
    }
};
constexpr MnistOptions test_part{.train = false};

}  // namespace

TEST_CASE("mnist: MNIST is what it is known to be", "[data]") {
    const Mnist test(digits, test_part);
    REQUIRE(test.size() == 10'000);
    REQUIRE(test.labels()(0) == 7);
    REQUIRE(test.labels()(9'999) == 6);
    const auto [low, high] = std::ranges::minmax(test.images());
    REQUIRE(low == 0);
    REQUIRE(high == 1);
    REQUIRE(test.images()(0, 0, 7, 6) == 84.0F / 255);

    const Mnist train(digits, {.normalize = mnist_normalization});
    REQUIRE(train.size() == 60'000);
    REQUIRE(train.labels()(0) == 5);
    double sum = 0;
    double squares = 0;
    for (const float x : train.images()) {
        sum += x;
        squares += double{x} * x;
    }
    const auto n = static_cast<double>(train.images().size());
    REQUIRE(std::abs(sum / n) < 1e-3);
    REQUIRE(std::abs(squares / n - 1) < 1e-3);
}

TEST_CASE("mnist: other data sets in plain files of the same names are read", "[data]") {
    const SmallFolder folder(images(2), labels({9, 0}));
    Mnist small(folder.path(), test_part);
    const auto [image, label] = small[1];
    REQUIRE(image.data[783] == 0.2F);
    REQUIRE(*label.data == 0);

    DataLoader loader(std::move(small), {.batch_size = 2});
    for (auto [batch, classes] : loader) {
        STATIC_REQUIRE(std::same_as<decltype(batch), const Tensor<float, Shape<dyn, 1, 28, 28>>&>);
        STATIC_REQUIRE(std::same_as<decltype(classes), const Tensor<std::int64_t, Shape<dyn>>&>);
        REQUIRE(batch(1, 0, 27, 27) == 0.2F);
        REQUIRE(classes(0) == 9);
    }
}

TEST_CASE("mnist: files that do not make a data set are named", "[data]") {
    const SmallFolder few_labels(images(2), labels({1}));
    REQUIRE_ERROR(Mnist(few_labels.path(), test_part), "t10k-labels-idx1-ubyte", "2 labels", "got 1");
    const SmallFolder high_label(images(2), labels({1, 10}));
    REQUIRE_ERROR(Mnist(high_label.path(), test_part), "t10k-labels-idx1-ubyte", "0..9", "10 at 1");
    const SmallFolder swapped(labels({1, 1}), images(2));
    REQUIRE_ERROR(Mnist(swapped.path(), test_part), "t10k-images-idx3-ubyte", "uint8 (dyn, 28, 28)", "uint8 (2)");
    const SmallFolder cut(images(2).substr(0, 1000), labels({1, 1}));
    REQUIRE_ERROR(Mnist(cut.path(), test_part), "t10k-images-idx3-ubyte", "uint8 (2, 28, 28)", "got 984");
    REQUIRE_ERROR(Mnist(cut.path()), "train-images-idx3-ubyte.gz or train-images-idx3-ubyte", "neither");
}
