#include "xnn/data/loader.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <stdexcept>

#include "../support/errors.hpp"

using namespace xnn;
using namespace xnn::data;

namespace {

/// The numbers 0, 1, … as samples.
struct Numbers {
    index_t count;
    index_t bad = -1;  // a position that throws
    index_t size() const { return count; }
    index_t operator[](index_t position) const {
        if (position == bad) throw std::out_of_range("bad sample");
        return position;
    }
};

template <class Loader>
std::vector<index_t> epoch(Loader& loader) {
    std::vector<index_t> seen;
    for (auto [batch] : loader) seen.insert(seen.end(), batch.begin(), batch.end());
    return seen;
}

std::vector<index_t> first(index_t n) {
    std::vector<index_t> numbers(static_cast<std::size_t>(n));
    std::iota(numbers.begin(), numbers.end(), index_t{0});
    return numbers;
}

}  // namespace

TEST_CASE("loader: batches come in order, the last one short", "[data]") {
    const index_t prefetch = GENERATE(0, 1, 2, 7, 100);
    const Tensor<float, Shape<dyn, 2>> features(Shape<dyn, 2>(5), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    const Tensor<std::int64_t, Shape<5>> labels{10, 11, 12, 13, 14};
    const TensorDataset dataset(features, labels);
    DataLoader loader(dataset, {.batch_size = 2, .prefetch = prefetch});
    REQUIRE(loader.size() == 3);
    for (int repetition = 0; repetition < 3; ++repetition) {
        std::vector<float> all;
        std::vector<index_t> sizes;
        for (auto [rows, classes] : loader) {
            STATIC_REQUIRE(std::same_as<decltype(rows), const Tensor<float, Shape<dyn, 2>>&>);
            STATIC_REQUIRE(std::same_as<decltype(classes), const Tensor<std::int64_t, Shape<dyn>>&>);
            all.insert(all.end(), rows.begin(), rows.end());
            sizes.push_back(classes.size());
            REQUIRE(classes(0) == 10 + 2 * (static_cast<index_t>(sizes.size()) - 1));
        }
        REQUIRE(std::ranges::equal(all, features));
        REQUIRE(sizes == std::vector<index_t>{2, 2, 1});
    }
}

TEST_CASE("loader: a short last batch can be dropped", "[data]") {
    const Numbers numbers{11};
    DataLoader loader(numbers, {.batch_size = 4, .drop_last = true});
    REQUIRE(loader.size() == 2);
    REQUIRE(epoch(loader) == first(8));
    DataLoader none(numbers, {.batch_size = 12, .drop_last = true});
    REQUIRE(epoch(none).empty());
    const Numbers empty{0};
    DataLoader nothing(empty);
    REQUIRE(nothing.size() == 0);
    REQUIRE(epoch(nothing).empty());
}

TEST_CASE("loader: the batch size can be part of the type", "[data]") {
    const Numbers numbers{10};
    DataLoader<Numbers, 4> loader(numbers, {.drop_last = true});
    STATIC_REQUIRE(std::same_as<decltype(loader)::batch_type, std::tuple<Tensor<index_t, Shape<4>>>>);
    REQUIRE(epoch(loader) == first(8));
    DataLoader<Numbers, 5> whole(numbers);
    REQUIRE(epoch(whole) == first(10));
    REQUIRE_ERROR((DataLoader<Numbers, 4>(numbers)), "DataLoader", "multiple of 4", "got 10");
    REQUIRE_ERROR((DataLoader<Numbers, 4>(numbers, {.batch_size = 5})), "batch size 4", "got 5");
}

TEST_CASE("loader: wrong options are refused", "[data]") {
    const Numbers numbers{10};
    REQUIRE_ERROR(DataLoader(numbers, {.batch_size = 0}), "DataLoader", "at least 1", "got 0");
    REQUIRE_ERROR(DataLoader(numbers, {.prefetch = -1}), "prefetch", "got -1");
}

TEST_CASE("loader: the order depends on the generator alone", "[data]") {
    const Numbers numbers{1000};
    const auto orders = [&](std::uint64_t seed, index_t batch_size, index_t prefetch) {
        Generator generator(seed);
        DataLoader loader(numbers,
                          {.batch_size = batch_size, .shuffle = true, .prefetch = prefetch, .generator = &generator});
        const auto one = epoch(loader);
        return std::pair(one, epoch(loader));
    };
    const auto [one, two] = orders(1, 10, 2);
    REQUIRE(one != two);
    for (auto order : {one, two}) {
        REQUIRE(order != first(1000));
        std::ranges::sort(order);
        REQUIRE(order == first(1000));
    }
    REQUIRE(orders(1, 7, 0) == std::pair(one, two));
    REQUIRE(orders(2, 10, 2).first != one);

    manual_seed(1);
    DataLoader by_default(numbers, {.batch_size = 10, .shuffle = true});
    REQUIRE(epoch(by_default) == one);
    manual_seed(Generator::default_seed);
}

TEST_CASE("loader: every order of three comes about as often", "[data]") {
    const Numbers numbers{3};
    Generator generator(5);
    DataLoader loader(numbers, {.batch_size = 3, .shuffle = true, .prefetch = 0, .generator = &generator});
    std::map<std::vector<index_t>, int> counts;
    for (int i = 0; i < 6000; ++i) ++counts[epoch(loader)];
    REQUIRE(counts.size() == 6);
    for (const auto& [order, count] : counts) REQUIRE(std::abs(count - 1000) < 150);
}

TEST_CASE("loader: an epoch may be left early", "[data]") {
    const index_t prefetch = GENERATE(0, 2);
    const Numbers numbers{1000};
    DataLoader loader(numbers, {.prefetch = prefetch});
    for (int repetition = 0; repetition < 50; ++repetition) {
        index_t steps = 0;
        for (auto [batch] : loader) {
            REQUIRE(batch(0) == steps);
            if (++steps == repetition % 5) break;
        }
    }
    REQUIRE(epoch(loader) == first(1000));
}

TEST_CASE("loader: epochs may be nested", "[data]") {
    const Numbers numbers{6};
    DataLoader loader(numbers, {.batch_size = 2});
    std::vector<index_t> pairs;
    for (auto [outer] : loader)
        for (auto [inner] : loader) pairs.push_back(outer(0) * 10 + inner(0));
    REQUIRE(pairs == std::vector<index_t>{0, 2, 4, 20, 22, 24, 40, 42, 44});
}

TEST_CASE("loader: what a data set throws reaches the loop", "[data]") {
    const index_t prefetch = GENERATE(0, 1, 4);
    const Numbers numbers{10, 5};
    DataLoader loader(numbers, {.prefetch = prefetch});
    for (int repetition = 0; repetition < 20; ++repetition) {
        std::vector<index_t> seen;
        const auto loop = [&] {
            for (auto [batch] : loader) seen.push_back(batch(0));
        };
        REQUIRE_THROWS_WITH(loop(), "bad sample");
        REQUIRE(seen == first(5));
    }
}

TEST_CASE("loader: samples of different extents make no batch", "[data]") {
    std::vector<Tensor<float, Shape<dyn>>> rows;
    rows.emplace_back(Shape<dyn>(2));
    rows.emplace_back(Shape<dyn>(3));
    struct Ragged {
        const std::vector<Tensor<float, Shape<dyn>>>& rows;
        index_t size() const { return static_cast<index_t>(rows.size()); }
        const Tensor<float, Shape<dyn>>& operator[](index_t i) const { return rows[static_cast<std::size_t>(i)]; }
    };
    const Ragged ragged{rows};
    DataLoader loader(ragged, {.batch_size = 2});
    REQUIRE_ERROR(loader.begin(), "DataLoader", "(2, 2)", "(2, 3)");
}

TEST_CASE("loader: samples may be pairs of tensors and numbers", "[data]") {
    struct Pairs {
        index_t size() const { return 3; }
        std::pair<Tensor<float, Shape<1, 2>>, bool> operator[](index_t i) const {
            const auto x = static_cast<float>(i);
            return {{x, -x}, i == 1};
        }
    };
    DataLoader loader(Pairs{}, {.batch_size = 3});
    for (auto [rows, flags] : loader) {
        REQUIRE(rows.shape() == Shape<3, 1, 2>{});
        REQUIRE(rows(2, 0, 1) == -2);
        REQUIRE((!flags(0) && flags(1) && !flags(2)));
    }
}

TEST_CASE("loader: a loader holds a temporary data set", "[data]") {
    DataLoader loader(TensorDataset(Tensor<index_t, Shape<3>>{0, 1, 2}), {.batch_size = 2});
    REQUIRE(epoch(loader) == first(3));
}

TEST_CASE("loader: buffers are used again", "[data]") {
    const Numbers numbers{1000};
    DataLoader loader(numbers, {.batch_size = 100, .prefetch = 2});
    std::set<const index_t*> buffers;
    for (int repetition = 0; repetition < 3; ++repetition)
        for (auto [batch] : loader) buffers.insert(batch.data());
    REQUIRE(buffers.size() == 3);
}

TEST_CASE("loader: a batch stays as it is until the next step", "[data]") {
    const Numbers numbers{64};
    DataLoader loader(numbers, {.batch_size = 1, .prefetch = 1});
    index_t expected = 0;
    for (auto [batch] : loader) {
        for (int i = 0; i < 20; ++i) {
            std::this_thread::yield();
            REQUIRE(batch(0) == expected);
        }
        ++expected;
    }
}

TEST_CASE("loader: a loader is a range", "[data]") {
    using Loader = DataLoader<Numbers>;
    STATIC_REQUIRE(std::ranges::input_range<Loader>);
    const Numbers numbers{4};
    Loader loader(numbers);
    index_t sum = 0;
    std::ranges::for_each(loader, [&](auto batch) { sum += std::get<0>(batch)(0); });
    REQUIRE(sum == 6);
}
