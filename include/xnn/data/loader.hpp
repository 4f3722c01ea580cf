// Batches of a data set, in order or shuffled, made ahead of time by a thread in the background.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "xnn/core/generator.hpp"
#include "xnn/data/dataset.hpp"
#include "xnn/data/prefetch.hpp"
#include "xnn/data/sample.hpp"

namespace xnn::data {

/// Named as in torch.utils.data.DataLoader.
struct DataLoaderOptions {
    index_t batch_size = 1;
    bool shuffle = false;            ///< another order in each epoch
    bool drop_last = false;          ///< leave out the last batch if it is short
    index_t prefetch = 2;            ///< batches made ahead; 0: no thread, each is made when it is asked for
    Generator* generator = nullptr;  ///< gives the order; nullptr: the default generator
};

namespace detail {

/// Puts positions into an order that depends on the generator's state alone. Fisher and Yates.
inline void shuffle(std::vector<index_t>& positions, Generator& generator) {
    if (positions.size() > std::size_t{UINT32_MAX})
        fail("DataLoader", "at most 4294967295 samples to shuffle", std::to_string(positions.size()));
    const RandomStream stream = generator.draw(static_cast<index_t>(positions.size()));
    for (std::size_t left = positions.size(); left > 1; --left) {
        const std::uint64_t word = stream.word(static_cast<index_t>(left - 1));
        std::swap(positions[left - 1], positions[word * left >> 32]);
    }
}

}  // namespace detail

/// Iterates over a data set batch by batch: `for (auto [images, labels] : loader)`. Each iteration is an epoch; epochs
/// may be left early and nested. The names stand for tensors of the loader, which the next step overwrites: copy what
/// must last.
///
/// A batch is a tuple of tensors with `Batch` as first extent. Where that is a number, all batches have this size: then
/// `drop_last` must be set unless the data set divides into such batches.
///
/// The loader refers to a data set that it is given by name, which must outlive it and not change during an epoch; a
/// temporary it holds itself.
template <Dataset D, index_t Batch = dyn>
class DataLoader {
    using BatchTypes = detail::batch_of<Batch, std::remove_cvref_t<decltype(std::declval<const D&>()[index_t{}])>>;

public:
    /// The tensors of one batch.
    using batch_type = typename BatchTypes::type;
    class Iterator;

    explicit DataLoader(const D& dataset, const DataLoaderOptions& options = {})
        : DataLoader(std::nullopt, &dataset, options) {}
    explicit DataLoader(D&& dataset, const DataLoaderOptions& options = {})
        : DataLoader(std::optional<D>(std::move(dataset)), nullptr, options) {}
    DataLoader(const DataLoader&) = delete;
    DataLoader& operator=(const DataLoader&) = delete;

    /// The number of batches.
    index_t size() const {
        const index_t samples = dataset().size();
        return options_.drop_last ? samples / options_.batch_size : divide_up(samples, options_.batch_size);
    }
    index_t batch_size() const { return options_.batch_size; }
    const D& dataset() const { return owned_ ? *owned_ : *dataset_; }

    /// Starts an epoch.
    Iterator begin() {
        Lease epoch(&idle_epoch());
        epoch->order.resize(static_cast<std::size_t>(dataset().size()));
        std::iota(epoch->order.begin(), epoch->order.end(), index_t{0});
        if (options_.shuffle)
            detail::shuffle(epoch->order, options_.generator != nullptr ? *options_.generator : default_generator());
        const index_t batches = size();
        epoch->ring.start(batches);
        return Iterator(std::move(epoch), batches);
    }
    std::default_sentinel_t end() const { return {}; }

private:
    struct Fill {
        const DataLoader* loader;
        const std::vector<index_t>* order;

        void operator()(index_t k, batch_type& batch) const {
            const index_t first = k * loader->batch_size();
            const index_t count = std::min(loader->batch_size(), static_cast<index_t>(order->size()) - first);
            for (index_t i = 0; i < count; ++i)
                detail::put_sample(batch, i, count, loader->dataset()[(*order)[static_cast<std::size_t>(first + i)]]);
        }
    };

    /// What one epoch under way needs; kept for the next one.
    struct Epoch {
        explicit Epoch(const DataLoader& loader) : ring(loader.options_.prefetch, Fill{&loader, &order}) {}
        std::vector<index_t> order;
        detail::PrefetchRing<batch_type, Fill> ring;
        bool busy = false;
    };
    struct EndEpoch {
        void operator()(Epoch* epoch) const {
            epoch->ring.stop();
            epoch->busy = false;
        }
    };
    using Lease = std::unique_ptr<Epoch, EndEpoch>;

    DataLoader(std::optional<D> owned, const D* dataset, const DataLoaderOptions& options)
        : owned_(std::move(owned)), dataset_(dataset), options_(options) {
        if (Batch != dyn && options_.batch_size == DataLoaderOptions{}.batch_size) options_.batch_size = Batch;
        if (options_.batch_size < 1 || !fits(Batch, options_.batch_size))
            fail("DataLoader", Batch == dyn ? "a batch size of at least 1" : "batch size " + std::to_string(Batch),
                 std::to_string(options_.batch_size));
        if (options_.prefetch < 0) fail("DataLoader", "prefetch of at least 0", std::to_string(options_.prefetch));
        const index_t samples = this->dataset().size();
        if (Batch != dyn && !options_.drop_last && samples % options_.batch_size != 0)
            fail("DataLoader", "drop_last or a multiple of " + std::to_string(Batch) + " samples",
                 std::to_string(samples));
    }

    Epoch& idle_epoch() {
        auto epoch = std::ranges::find_if(epochs_, [](auto& candidate) { return !candidate->busy; });
        if (epoch == epochs_.end()) epoch = epochs_.insert(epoch, std::make_unique<Epoch>(*this));
        (*epoch)->busy = true;
        return **epoch;
    }

    std::optional<D> owned_;
    const D* dataset_;
    DataLoaderOptions options_;
    std::vector<std::unique_ptr<Epoch>> epochs_;  // as many as were under way at once
};

/// An epoch under way. The loader must outlive it.
template <Dataset D, index_t Batch>
class DataLoader<D, Batch>::Iterator {
public:
    using iterator_concept = std::input_iterator_tag;
    using difference_type = index_t;
    /// References to the batch's tensors, valid until the next step.
    using value_type = typename BatchTypes::reference;

    Iterator(Iterator&&) noexcept = default;
    Iterator& operator=(Iterator&&) noexcept = default;

    value_type operator*() const {
        return std::apply([](const auto&... tensor) { return value_type(tensor...); }, *batch_);
    }
    Iterator& operator++() {
        ++position_;
        fetch();
        return *this;
    }
    void operator++(int) { ++*this; }

    friend bool operator==(const Iterator& iterator, std::default_sentinel_t) {
        return iterator.position_ == iterator.batches_;
    }

private:
    friend DataLoader;
    Iterator(Lease epoch, index_t batches) : epoch_(std::move(epoch)), batches_(batches) { fetch(); }

    void fetch() {
        if (position_ < batches_) batch_ = &epoch_->ring.get(position_);
    }

    Lease epoch_;
    index_t position_ = 0;
    index_t batches_;
    const batch_type* batch_ = nullptr;
};

}  // namespace xnn::data
