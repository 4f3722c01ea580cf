#include "xnn/data/dataset.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"

using namespace xnn;
using namespace xnn::data;

TEST_CASE("dataset: a sample is a view of the tensors' entries", "[data]") {
    const Tensor<float, Shape<3, 2>> features{1, 2, 3, 4, 5, 6};
    const Tensor<std::int64_t, Shape<dyn>> labels(Shape<dyn>(3), {7, 8, 9});
    const TensorDataset dataset(features, labels);
    STATIC_REQUIRE(Dataset<TensorDataset<const Tensor<float, Shape<3, 2>>&>>);
    REQUIRE(dataset.size() == 3);
    const auto [row, label] = dataset[1];
    STATIC_REQUIRE(std::same_as<decltype(row)::shape_type, Shape<2>>);
    REQUIRE(row.data == features.data() + 2);  // no copy
    REQUIRE(*label.data == 8);
    REQUIRE(&dataset.get<0>() == &features);
}

TEST_CASE("dataset: temporaries are held", "[data]") {
    const TensorDataset dataset(Tensor<float, Shape<2, 1>>{1, 2});
    const TensorDataset copy = dataset;
    REQUIRE(*std::get<0>(copy[1]).data == 2);
}

TEST_CASE("dataset: tensors of different lengths make no data set", "[data]") {
    const Tensor<float, Shape<3, 2>> features;
    const Tensor<int, Shape<dyn>> labels(Shape<dyn>(4));
    REQUIRE_ERROR(TensorDataset(features, labels), "TensorDataset", "first extent", "(3, 4)");
    const TensorDataset dataset(features);
    REQUIRE_ERROR(dataset[3], "0..2", "got 3");
    REQUIRE_ERROR(dataset[-1], "0..2", "got -1");
}

TEST_CASE("dataset: a function changes the samples", "[data]") {
    const TensorDataset numbers(Tensor<float, Shape<2>>{1, 2}, Tensor<int, Shape<2>>{3, 4});
    const TransformedDataset sums(numbers, [](auto a, auto b) { return *a.data + static_cast<float>(*b.data); });
    REQUIRE(sums.size() == 2);
    REQUIRE(sums[1] == 6);
    const TransformedDataset doubled(sums, [](float sum) { return 2 * sum; });
    REQUIRE(doubled[1] == 12);
}
