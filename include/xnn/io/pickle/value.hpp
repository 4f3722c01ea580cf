// What a pickle of PyTorch's holds, once it is read: a tree of dictionaries, lists, tuples, numbers, text and tensors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/core/dtype.hpp"
#include "xnn/core/error.hpp"

namespace xnn::io {

/// The kinds of values. `storage` and `callable` are what tensors are made from; nothing can be read from them.
enum class PickleKind : std::uint8_t {
    none,
    boolean,
    integer,
    number,
    text,
    list,
    tuple,
    dictionary,
    tensor,
    storage,
    callable
};

/// A kind as Python's users call it.
constexpr std::string_view name_of(PickleKind kind) {
    constexpr std::string_view names[] = {"None",    "a bool",       "an int",   "a float",   "a string",  "a list",
                                          "a tuple", "a dictionary", "a tensor", "a storage", "a function"};
    return names[static_cast<std::size_t>(kind)];
}

/// Elements that tensors refer to; they stand beside the pickle, under the name `key`.
struct PickledStorage {
    std::string key;
    Dtype dtype;
    index_t size;  ///< elements
};

/// A tensor as a pickle describes it. All its elements lie within its storage.
struct PickledTensor {
    std::size_t storage;  ///< an index of Pickle::storages
    index_t offset;       ///< elements
    std::size_t extents;  ///< an index of Pickle::shapes, as are strides
    std::size_t strides;
};

namespace detail {

/// A value refers to others by their numbers: a pickle may be nested deeply, and may hold itself, which costs nothing
/// here.
using PickleRef = std::uint32_t;

struct PickleNode {
    PickleKind kind;
    std::uint32_t size = 0;  // of text
    union {
        std::int64_t integer;
        double number;
        std::size_t index;  // of text in Pickle::bytes, else of what the kind says
    };
    explicit PickleNode(PickleKind k, std::size_t i = 0) : kind(k), index(i) {}
};

}  // namespace detail

/// All values of a pickle; unpickle() makes one.
struct Pickle {
    std::string bytes;  ///< the pickle itself, which texts are parts of
    std::vector<detail::PickleNode> nodes;
    std::vector<std::vector<detail::PickleRef>> containers;  ///< elements; in a dictionary keys and values in turn
    std::vector<PickledTensor> tensors;
    std::vector<std::vector<index_t>> shapes;  ///< extents and strides; of many tensors with one tuple of them once
    std::vector<PickledStorage> storages;
    detail::PickleRef root = 0;
};

/// A view of a value, valid as long as its Pickle. Asking it for what it is not throws Error, which names the source.
class PickleValue {
public:
    PickleValue(std::string_view source, const Pickle& pickle, detail::PickleRef node)
        : source_(source), pickle_(&pickle), node_(node) {}

    PickleKind kind() const { return node().kind; }
    bool is(PickleKind kind) const { return node().kind == kind; }

    bool boolean() const { return expect(PickleKind::boolean).integer != 0; }
    std::int64_t integer() const { return expect(PickleKind::integer).integer; }
    /// A float; an int is one, too.
    double number() const {
        return is(PickleKind::integer) ? static_cast<double>(node().integer) : expect(PickleKind::number).number;
    }
    std::string_view text() const {
        const auto& text = expect(PickleKind::text);
        return std::string_view(pickle_->bytes).substr(text.index, text.size);
    }
    const PickledTensor& tensor() const { return pickle_->tensors[expect(PickleKind::tensor).index]; }
    const std::vector<index_t>& extents() const { return pickle_->shapes[tensor().extents]; }
    const std::vector<index_t>& strides() const { return pickle_->shapes[tensor().strides]; }

    /// How many elements a list or tuple has, or entries a dictionary.
    std::size_t size() const { return is(PickleKind::dictionary) ? elements().size() / 2 : elements().size(); }
    /// An element of a list or tuple, or the value of a dictionary's entry, by its position.
    PickleValue operator[](std::size_t i) const { return at(is(PickleKind::dictionary) ? 2 * i + 1 : i); }
    /// The key of a dictionary's entry, by its position.
    PickleValue key(std::size_t i) const {
        expect(PickleKind::dictionary);
        return at(2 * i);
    }
    /// The entry of a dictionary whose key is this text; throws Error if there is none.
    PickleValue operator[](std::string_view name) const {
        expect(PickleKind::dictionary);
        std::string names;
        for (std::size_t i = size(); i-- > 0;) {  // of several the last, as in Python
            if (!key(i).is(PickleKind::text)) continue;
            if (key(i).text() == name) return (*this)[i];
            if (names.size() < 200) names.insert(0, (i > 0 ? ", " : "") + std::string(key(i).text()));
        }
        fail(source_, "an entry " + std::string(name), names.empty() ? "none" : names);
    }

private:
    const detail::PickleNode& node() const { return pickle_->nodes[node_]; }
    const detail::PickleNode& expect(PickleKind kind) const {
        if (!is(kind)) fail(source_, io::name_of(kind), io::name_of(node().kind));
        return node();
    }
    const std::vector<detail::PickleRef>& elements() const {
        if (!is(PickleKind::list) && !is(PickleKind::tuple) && !is(PickleKind::dictionary))
            fail(source_, "a list, a tuple or a dictionary", io::name_of(kind()));
        return pickle_->containers[node().index];
    }
    PickleValue at(std::size_t i) const {
        const auto& all = elements();
        if (i >= all.size()) fail(source_, "an element below " + std::to_string(size()), std::to_string(i));
        return {source_, *pickle_, all[i]};
    }

    std::string_view source_;
    const Pickle* pickle_;
    detail::PickleRef node_;
};

}  // namespace xnn::io
