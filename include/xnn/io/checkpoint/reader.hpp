// Parts of a checkpoint found again in what PyTorch's users save.
#pragma once

#include <cmath>
#include <cstring>
#include <deque>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/io/checkpoint/part.hpp"
#include "xnn/io/pt.hpp"

namespace xnn::io::detail {

/// Finds in a checkpoint what the parts of one remember: pairs of entries of equal names.
class CheckpointReader {
public:
    explicit CheckpointReader(const std::filesystem::path& path) : file_(path) {}

    void read(std::span<const CheckpointPart> parts) {
        for (const auto& part : parts) {
            if (part.layout == CheckpointPart::Layout::names)
                names(part);
            else
                tree(part, file_.contents()[std::string_view(part.name)]);
        }
        io::load_state(file_.source(), found_, target_);
    }

private:
    struct Converted {
        std::vector<index_t> extents, strides;
        std::vector<std::byte> bytes;
    };

    void names(const CheckpointPart& part) {
        const std::string prefix = part.name + ".";
        for (auto entry : file_.entries({part.name})) {
            entry.name = prefix + entry.name;
            found_.push_back(std::move(entry));
        }
        for (NamedBuffer buffer : part.state) {
            buffer.name = prefix + buffer.name;
            target_.push_back(std::move(buffer));
        }
    }

    void tree(const CheckpointPart& part, const PickleValue& root) {
        check_groups(part, root);
        for (std::size_t i = 0; i < part.state.size(); ++i) {
            NamedBuffer buffer = part.state[i];
            const std::string path = buffer.name;
            const auto value = find(root, path);
            if (!value && may_be_absent(path)) continue;
            buffer.name = path.empty() ? part.name : part.name + "." + path;
            if (value)
                found(buffer, path, *value);
            else if (path.starts_with(parameter_states))
                fresh(buffer, path.ends_with(".step") && remembers(part, root, i));
            target_.push_back(std::move(buffer));
        }
    }

    /// The value that a path leads to; none if there is none, or None.
    static std::optional<PickleValue> find(PickleValue value, std::string_view path) {
        for (std::size_t start = 0; start < path.size();) {
            const auto key = segment(path, start);
            auto next = child(value, key);
            if (!next) return std::nullopt;
            value = *next;
            start += key.size() + 1;
        }
        if (value.is(PickleKind::none)) return std::nullopt;
        return value;
    }
    static std::optional<PickleValue> child(const PickleValue& value, std::string_view key) {
        const auto number = number_of(key);
        if (value.is(PickleKind::list) || value.is(PickleKind::tuple))
            return number && *number < value.size() ? std::optional(value[*number]) : std::nullopt;
        if (!value.is(PickleKind::dictionary)) return std::nullopt;
        for (std::size_t i = 0; i < value.size(); ++i) {
            const auto name = value.key(i);
            if (name.is(PickleKind::text) ? name.text() == key
                                          : number && name.is(PickleKind::integer) && name.integer() == static_cast<std::int64_t>(*number))
                return value[i];
        }
        return std::nullopt;
    }

    /// As many groups and no more parameters than the optimiser has.
    void check_groups(const CheckpointPart& part, const PickleValue& root) const {
        std::size_t groups = 0, parameters = 0;
        for (const auto& entry : part.state) {
            if (!entry.name.starts_with(option_groups) || !entry.name.ends_with(".params")) continue;
            ++groups;
            parameters += static_cast<std::size_t>(entry.size());
        }
        if (groups == 0) return;
        const std::string where = file_.source() + ": " + part.name;
        if (const auto size = root["param_groups"].size(); size != groups)
            fail(where, std::to_string(groups) + " groups of parameters", std::to_string(size));
        if (const auto size = root["state"].size(); size > parameters)
            fail(where, "the state of at most " + std::to_string(parameters) + " parameters", std::to_string(size));
    }
    /// Flags that older versions of PyTorch did not have, and what only schedulers add.
    static bool may_be_absent(std::string_view path) {
        if (!path.starts_with(option_groups)) return false;
        return path.ends_with(".initial_lr") || path.ends_with(".maximize") || path.ends_with(".amsgrad") || path.ends_with(".nesterov");
    }
    /// Whether the file has another state of the parameter whose step is entry i.
    static bool remembers(const CheckpointPart& part, const PickleValue& root, std::size_t i) {
        return i + 1 < part.state.size() && find(root, part.state[i + 1].name).has_value();
    }

    /// What PyTorch does not have before the first step: zeros. SGD counts no steps: there is one if there is a momentum.
    void fresh(const NamedBuffer& buffer, bool stepped) {
        auto& [extents, strides, bytes] = convert(buffer, buffer.extents);
        if (stepped) bytes[0] = std::byte{1};
    }

    void found(const NamedBuffer& buffer, std::string_view path, const PickleValue& value) {
        if (value.is(PickleKind::tensor) && !buffer.plain) {
            const auto tensor = file_.tensor(buffer.name, value);
            if (buffer.dtype != Dtype::I64 || !tensor.extents.empty() || (tensor.dtype != Dtype::F32 && tensor.dtype != Dtype::F64)) {
                found_.push_back(tensor);
                return;
            }
            double count = 0;  // PyTorch counts steps in floats
            if (float single = 0; tensor.dtype == Dtype::F32) {
                std::memcpy(&single, tensor.data, sizeof single);
                count = single;
            } else {
                std::memcpy(&count, tensor.data, sizeof count);
            }
            constexpr double most = 0x1p53;
            if (!(count >= 0 && count <= most && count == std::floor(count))) fail(where(buffer), "a number of steps", std::to_string(count));
            return put(convert(buffer, {}), 0, static_cast<std::int64_t>(count));
        }
        if (!buffer.plain && !(buffer.dtype == Dtype::I64 && value.is(PickleKind::integer)))
            fail(where(buffer), "a tensor", io::name_of(value.kind()));
        if (buffer.extents.empty()) return scalar(convert(buffer, {}), 0, buffer, value);
        const auto size = static_cast<index_t>(value.size());
        if (size != buffer.size()) fail(where(buffer), std::to_string(buffer.size()) + " elements", std::to_string(size));
        Converted& list = convert(buffer, buffer.extents);
        for (index_t i = 0; i < size; ++i) scalar(list, i, buffer, value[static_cast<std::size_t>(i)]);
        if (path.ends_with(".params") && std::memcmp(list.bytes.data(), buffer.data, list.bytes.size()) != 0)
            fail(where(buffer), "parameters numbered in order", "another order");
    }
    static void scalar(Converted& into, index_t i, const NamedBuffer& buffer, const PickleValue& value) {
        if (buffer.dtype == Dtype::BOOL)
            put(into, i, value.boolean());
        else if (buffer.dtype == Dtype::I64)
            put(into, i, value.integer());
        else
            put(into, i, value.number());
    }
    template <class T>
    static void put(Converted& into, index_t i, T value) {
        std::memcpy(into.bytes.data() + static_cast<std::size_t>(i) * sizeof value, &value, sizeof value);
    }
    /// An entry of zeros that fits a buffer.
    Converted& convert(const NamedBuffer& buffer, const std::vector<index_t>& extents) {
        Converted& entry = converted_.emplace_back(Converted{extents, std::vector<index_t>(extents.size()), std::vector<std::byte>(static_cast<std::size_t>(buffer.bytes()))});
        index_t stride = 1;
        for (std::size_t i = extents.size(); i-- > 0; stride *= extents[i]) entry.strides[i] = stride;
        found_.push_back({buffer.name, buffer.dtype, entry.extents, entry.strides, entry.bytes.data()});
        return entry;
    }
    std::string where(const NamedBuffer& buffer) const { return file_.source() + ": " + buffer.name; }

    PtFile file_;
    std::deque<Converted> converted_;
    std::vector<StridedTensor> found_;
    StateDict target_;
};

}  // namespace xnn::io::detail
