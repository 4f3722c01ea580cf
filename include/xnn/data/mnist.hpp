// MNIST and data sets of the same form (Fashion-MNIST, KMNIST) from the four files that they are distributed as.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "xnn/data/dataset.hpp"
#include "xnn/data/idx.hpp"

namespace xnn::data {

/// Grey images as numbers in [0, 1], or normalised.
using MnistImages = Tensor<float, Shape<dyn, 1, 28, 28>>;
/// Classes 0 to 9.
using MnistLabels = Tensor<std::int64_t, Shape<dyn>>;

/// Pixels become (pixel - mean) / std.
struct Normalization {
    float mean = 0;
    float std = 1;
};

/// Mean and standard deviation of MNIST's training images.
inline constexpr Normalization mnist_normalization{0.1307F, 0.3081F};

struct MnistOptions {
    bool train = true;                            ///< the training images, else the test images
    std::optional<Normalization> normalize = {};  ///< nothing: pixels are in [0, 1]
};

namespace detail {

/// The file's path, packed if there is such a file.
inline std::filesystem::path mnist_file(const std::filesystem::path& folder, const std::string& name) {
    for (const auto& path : {folder / (name + ".gz"), folder / name})
        if (std::filesystem::exists(path)) return path;
    fail(folder.string(), name + ".gz or " + name, "neither");
}

inline MnistImages mnist_images(const std::filesystem::path& path, Normalization normalization) {
    const auto pixels = load_idx<Tensor<std::uint8_t, Shape<dyn, 28, 28>>>(path);
    float values[256];
    for (int i = 0; i < 256; ++i) values[i] = (static_cast<float>(i) / 255.0F - normalization.mean) / normalization.std;
    MnistImages images(Shape<dyn, 1, 28, 28>(pixels.extent(0)));
    std::ranges::transform(pixels, images.begin(), [&](std::uint8_t pixel) { return values[pixel]; });
    return images;
}

inline MnistLabels mnist_labels(const std::filesystem::path& path, index_t count) {
    const auto bytes = load_idx<Tensor<std::uint8_t, Shape<dyn>>>(path);
    if (bytes.size() != count)
        fail(path.string(), std::to_string(count) + " labels, one for each image", std::to_string(bytes.size()));
    MnistLabels labels(Shape<dyn>{bytes.size()});
    for (index_t i = 0; i < bytes.size(); ++i) {
        if (bytes(i) > 9) fail(path.string(), "labels in 0..9", std::to_string(bytes(i)) + " at " + std::to_string(i));
        labels(i) = bytes(i);
    }
    return labels;
}

}  // namespace detail

/// A folder's images and labels as a data set of pairs. Throws Error, naming the file, if one is missing or wrong.
class Mnist : public TensorDataset<MnistImages, MnistLabels> {
public:
    explicit Mnist(const std::filesystem::path& folder, const MnistOptions& options = {})
        : Mnist(folder, options.train ? "train" : "t10k", options.normalize.value_or(Normalization{})) {}

    const MnistImages& images() const { return get<0>(); }
    const MnistLabels& labels() const { return get<1>(); }

private:
    Mnist(const std::filesystem::path& folder, const std::string& part, Normalization normalization)
        : Mnist(folder, part,
                detail::mnist_images(detail::mnist_file(folder, part + "-images-idx3-ubyte"), normalization)) {}
    Mnist(const std::filesystem::path& folder, const std::string& part, MnistImages images)
        : TensorDataset(std::move(images), detail::mnist_labels(detail::mnist_file(folder, part + "-labels-idx1-ubyte"),
                                                                images.extent(0))) {}
};

}  // namespace xnn::data
