// Tensors as PyTorch pickles them: calls of a few functions, which are known by name and not called.
#pragma once

#include <array>
#include <limits>
#include <optional>

#include "xnn/io/pickle/machine.hpp"
#include "xnn/io/stored_tensor.hpp"

namespace xnn::io::detail {

/// PyTorch's limit.
inline constexpr std::size_t most_dimensions = 64;

/// PyTorch's name of the storage of each dtype, in the module torch.
inline constexpr std::pair<Dtype, std::string_view> storage_types[] = {
    {Dtype::F16, "HalfStorage"}, {Dtype::BF16, "BFloat16Storage"}, {Dtype::F32, "FloatStorage"}, {Dtype::F64, "DoubleStorage"},
    {Dtype::U8, "ByteStorage"},  {Dtype::I8, "CharStorage"},       {Dtype::I16, "ShortStorage"}, {Dtype::I32, "IntStorage"},
    {Dtype::I64, "LongStorage"}, {Dtype::BOOL, "BoolStorage"}};

/// What a pickle may name beside storage types, whose numbers follow.
enum PickleCallable : std::size_t { ordered_dict, torch_size, rebuild_tensor, rebuild_parameter, first_storage_type };

inline std::optional<std::size_t> callable_of(std::string_view module, std::string_view name) {
    if (module == "collections" && name == "OrderedDict") return ordered_dict;
    if (module == "torch" && name == "Size") return torch_size;
    if (module == "torch._utils" && name == "_rebuild_tensor_v2") return rebuild_tensor;
    if (module == "torch._utils" && name == "_rebuild_parameter") return rebuild_parameter;
    if (module == "torch")
        for (std::size_t i = 0; i < std::size(storage_types); ++i)
            if (name == storage_types[i].second) return first_storage_type + i;
    return std::nullopt;
}

/// Whether every element of a tensor lies among `size` elements.
inline bool lies_within(index_t size, index_t offset, const std::vector<index_t>& extents, const std::vector<index_t>& strides) {
    if (offset < 0) return false;
    for (const index_t extent : extents)
        if (extent == 0) return true;
    if (offset >= size) return false;
    index_t room = size - 1 - offset;  // from the first element to the last one of the storage
    for (std::size_t i = 0; i < extents.size(); ++i) {
        const index_t steps = extents[i] - 1;
        if (steps == 0) continue;
        if (strides[i] > room / steps) return false;
        room -= strides[i] * steps;
    }
    return true;
}

/// What a pickle's calls make of what stands on the stack.
class PickledTensorBuilder : protected PickleMachine {
protected:
    using PickleMachine::PickleMachine;

    void push_callable(std::string_view module, std::string_view name) {
        const auto found = callable_of(module, name);
        if (!found) refuse(std::string(module) + "." + std::string(name));
        push(PickleNode(Kind::callable, *found));
    }

    /// ('storage', type, key, device, number of elements): elements that stand outside of the pickle.
    void push_storage() {
        const auto& id = elements(pop(Kind::tuple));
        const bool right = id.size() == 5 && node(id[0]).kind == Kind::text && text(id[0]) == "storage" &&
                           node(id[1]).kind == Kind::callable && node(id[1]).index >= first_storage_type &&
                           node(id[2]).kind == Kind::text && node(id[2]).size <= longest_key && node(id[3]).kind == Kind::text &&
                           node(id[4]).kind == Kind::integer && node(id[4]).integer >= 0;
        if (!right) refuse("a persistent id that is no storage");
        const PickledStorage storage{std::string(text(id[2])), storage_types[node(id[1]).index - first_storage_type].first,
                                     node(id[4]).integer};
        if (!stored_bytes(storage.dtype, std::array{storage.size}))
            fail(source_, "a storage that fits in memory", std::to_string(storage.size) + " elements");
        const auto [place, is_new] = storage_of_key_.try_emplace(storage.key, pickle_.storages.size());
        if (is_new) {
            pickle_.storages.push_back(storage);
        } else if (const auto& first = pickle_.storages[place->second];
                   first.dtype != storage.dtype || first.size != storage.size) {
            fail(source_, "storage " + storage.key + " of " + describe(first.dtype, std::array{first.size}),
                 describe(storage.dtype, std::array{storage.size}));
        }
        push(PickleNode(Kind::storage, place->second));
    }

    void reduce() {
        const Ref arguments = pop(Kind::tuple);
        const Ref callable = pop(Kind::callable);
        const auto& values = elements(arguments);
        switch (node(callable).index) {
            case ordered_dict:
                if (!values.empty()) refuse("an OrderedDict made of something");
                push_container(Kind::dictionary);
                return;
            case torch_size:
                if (values.size() != 1 || node(values[0]).kind != Kind::tuple) refuse("a torch.Size that is no tuple");
                stack_.push_back(values[0]);
                return;
            case rebuild_parameter:  // (tensor, requires_grad, hooks)
                if (values.size() != 3 || node(values[0]).kind != Kind::tensor) refuse("a parameter that is no tensor");
                stack_.push_back(values[0]);
                return;
            case rebuild_tensor: push_tensor(values); return;
            default: refuse("a call of a storage type");
        }
    }

    /// Attributes, which PyTorch gives to the OrderedDict of a state dict (versions of its modules): nothing needs them.
    void build() {
        pop();
        if (node(top()).kind != Kind::dictionary) refuse("attributes of " + std::string(io::name_of(node(top()).kind)));
    }

private:
    static constexpr std::size_t longest_key = 255;

    /// (storage, offset, extents, strides, requires_grad, hooks[, metadata])
    void push_tensor(const std::vector<Ref>& values) {
        const bool right = (values.size() == 6 || values.size() == 7) && node(values[0]).kind == Kind::storage &&
                           node(values[1]).kind == Kind::integer;
        if (!right) refuse("a tensor without a storage and an offset");
        if (values.size() == 7 && !(node(values[6]).kind == Kind::dictionary && elements(values[6]).empty()))
            refuse("a tensor with metadata (conjugate or negative bits)");
        const PickledTensor tensor{node(values[0]).index, node(values[1]).integer, shape(values[2]), shape(values[3])};
        const auto& storage = pickle_.storages[tensor.storage];
        const auto &extents = pickle_.shapes[tensor.extents], &strides = pickle_.shapes[tensor.strides];
        if (extents.size() != strides.size()) fail(source_, "a stride for each extent", to_text(extents) + " and " + to_text(strides));
        if (!stored_bytes(storage.dtype, extents)) fail(source_, "a tensor that fits in memory", to_text(extents));
        if (!lies_within(storage.size, tensor.offset, extents, strides))
            fail(source_, "a tensor within the " + std::to_string(storage.size) + " elements of storage " + storage.key,
                 to_text(extents) + " with strides " + to_text(strides) + " from " + std::to_string(tensor.offset) + " on");
        push(PickleNode(Kind::tensor, pickle_.tensors.size()));
        pickle_.tensors.push_back(tensor);
    }

    /// The place of a tuple's extents or strides in Pickle::shapes.
    std::size_t shape(Ref ref) {
        const auto [place, is_new] = shape_of_tuple_.try_emplace(ref, pickle_.shapes.size());
        if (is_new) pickle_.shapes.push_back(numbers(ref));
        return place->second;
    }
    std::vector<index_t> numbers(Ref ref) {
        if (node(ref).kind != Kind::tuple) refuse("extents or strides that are no tuple");
        const auto& values = elements(ref);
        if (values.size() > most_dimensions)
            fail(source_, "at most " + std::to_string(most_dimensions) + " dimensions", std::to_string(values.size()));
        std::vector<index_t> result;
        for (const Ref value : values) {
            if (node(value).kind != Kind::integer || node(value).integer < 0) refuse("extents or strides that are no whole numbers");
            result.push_back(node(value).integer);
        }
        return result;
    }

    std::map<std::string, std::size_t> storage_of_key_;
    std::map<Ref, std::size_t> shape_of_tuple_;
};

}  // namespace xnn::io::detail
