// A reader of pickles that calls nothing. Python's own runs whatever a pickle names; this one knows the few names that
// describe a tensor or an ordered dictionary, and refuses all others by name.
// https://docs.python.org/3/library/pickletools.html
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "xnn/io/pickle/value.hpp"
#include "xnn/io/stored_tensor.hpp"

namespace xnn::io {

namespace detail {

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

/// Python's machine for pickles: a stack, marks on it, and a memo of what may be used again. Every step makes at most one
/// value, and none copies a container, so that memory grows with the pickle's length only.
class Unpickler {
public:
    Unpickler(std::string_view source, Pickle& pickle) : source_(source), pickle_(pickle), bytes_(pickle.bytes) {}

    void run() {
        if (bytes_.size() > longest)
            fail(source_, "a pickle of at most " + std::to_string(longest) + " bytes", std::to_string(bytes_.size()));
        while (step(next<std::uint8_t>())) {}
        pickle_.root = pop();
    }

private:
    using Ref = PickleRef;
    using Kind = PickleKind;
    static constexpr std::size_t longest = std::size_t{32} << 20;
    static constexpr std::size_t longest_key = 255;

    [[noreturn]] void refuse(std::string_view got) const {
        fail(source_, "a pickle of tensors, dictionaries, lists, tuples, numbers and strings", got.substr(0, 200));
    }
    [[noreturn]] void refuse_damaged(std::string_view got) const { fail(source_, "an intact pickle", got); }

    // ---- the bytes

    std::string_view take(std::uint64_t n) {
        if (n > bytes_.size() - position_) refuse_damaged("one that is cut off");
        const auto result = std::string_view(bytes_).substr(position_, static_cast<std::size_t>(n));
        position_ += static_cast<std::size_t>(n);
        return result;
    }
    template <class T>
    T next() {
        T value;
        std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
        return value;
    }
    std::string_view line() {
        const auto end = bytes_.find('\n', position_);
        if (end == std::string::npos) refuse_damaged("one that is cut off");
        const auto result = take(end - position_);
        ++position_;
        return result;
    }

    // ---- the stack

    const PickleNode& node(Ref ref) const { return pickle_.nodes[ref]; }
    std::string_view text(Ref ref) const { return std::string_view(bytes_).substr(node(ref).index, node(ref).size); }
    std::vector<Ref>& elements(Ref ref) { return pickle_.containers[node(ref).index]; }

    void push(const PickleNode& value) {
        stack_.push_back(static_cast<Ref>(pickle_.nodes.size()));
        pickle_.nodes.push_back(value);
    }
    void push_integer(std::int64_t value) {
        PickleNode made(Kind::integer);
        made.integer = value;
        push(made);
    }
    void push_number(double value) {
        PickleNode made(Kind::number);
        made.number = value;
        push(made);
    }
    void push_boolean(bool value) {
        PickleNode made(Kind::boolean);
        made.integer = value;
        push(made);
    }
    void push_text(std::string_view part) {
        PickleNode made(Kind::text, static_cast<std::size_t>(part.data() - bytes_.data()));
        made.size = static_cast<std::uint32_t>(part.size());
        push(made);
    }
    void push_container(Kind kind, std::vector<Ref> values = {}) {
        push(PickleNode(kind, pickle_.containers.size()));
        pickle_.containers.push_back(std::move(values));
    }

    /// How many values stand above the last mark.
    std::size_t above_mark() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }
    Ref pop() {
        const Ref result = top();
        stack_.pop_back();
        return result;
    }
    Ref top() const {
        if (above_mark() == 0) refuse_damaged("one that takes more than it has");
        return stack_.back();
    }
    /// The last n values, in the order in which they were pushed.
    std::vector<Ref> pop(std::size_t n) {
        if (above_mark() < n) refuse_damaged("one that takes more than it has");
        std::vector<Ref> result(stack_.end() - static_cast<std::ptrdiff_t>(n), stack_.end());
        stack_.resize(stack_.size() - n);
        return result;
    }
    /// All values above the last mark, which goes away.
    std::vector<Ref> pop_marked() {
        if (marks_.empty()) refuse_damaged("one without a mark where it needs one");
        auto result = pop(above_mark());
        marks_.pop_back();
        return result;
    }
    Ref pop(Kind kind) {
        const Ref result = pop();
        if (node(result).kind != kind) refuse_damaged(io::name_of(node(result).kind));
        return result;
    }

    // ---- what it can do

    /// One instruction; false at the end.
    bool step(std::uint8_t code) {
        switch (code) {
            case 0x80:  // PROTO
                if (const int version = next<std::uint8_t>(); version > 5)
                    fail(source_, "pickle protocol 5 or older", std::to_string(version));
                return true;
            case 0x95: next<std::uint64_t>(); return true;  // FRAME: only how a reader may buffer
            case '.': return false;
            case '(': marks_.push_back(stack_.size()); return true;
            case '0':  // POP
                if (above_mark() == 0 && !marks_.empty())
                    marks_.pop_back();
                else
                    pop();
                return true;
            case '1': pop_marked(); return true;
            case '2': stack_.push_back(top()); return true;  // DUP

            case 'N': push(PickleNode(Kind::none)); return true;
            case 0x88: push_boolean(true); return true;
            case 0x89: push_boolean(false); return true;
            case 'K': push_integer(next<std::uint8_t>()); return true;
            case 'M': push_integer(next<std::uint16_t>()); return true;
            case 'J': push_integer(next<std::int32_t>()); return true;
            case 0x8a: push_long(take(next<std::uint8_t>())); return true;
            case 0x8b: push_long(take(next<std::uint32_t>())); return true;
            case 'G': push_double(); return true;
            case 'X':  // BINUNICODE, and Python 2's BINSTRING
            case 'T': push_text(take(next<std::uint32_t>())); return true;
            case 0x8c:  // SHORT_BINUNICODE, and Python 2's SHORT_BINSTRING
            case 'U': push_text(take(next<std::uint8_t>())); return true;
            case 0x8d: push_text(take(next<std::uint64_t>())); return true;

            case ']': push_container(Kind::list); return true;
            case '}': push_container(Kind::dictionary); return true;
            case ')': push_container(Kind::tuple); return true;
            case 'l': push_container(Kind::list, pop_marked()); return true;
            case 't': push_container(Kind::tuple, pop_marked()); return true;
            case 0x85: push_container(Kind::tuple, pop(1)); return true;
            case 0x86: push_container(Kind::tuple, pop(2)); return true;
            case 0x87: push_container(Kind::tuple, pop(3)); return true;
            case 'a': append(Kind::list, pop(1)); return true;
            case 'e': append(Kind::list, pop_marked()); return true;
            case 's': append(Kind::dictionary, pop(2)); return true;
            case 'u': append(Kind::dictionary, pop_marked()); return true;

            case 'q': memo_[next<std::uint8_t>()] = top(); return true;
            case 'r': memo_[next<std::uint32_t>()] = top(); return true;
            case 0x94: memo_[static_cast<std::uint32_t>(memo_.size())] = top(); return true;
            case 'h': recall(next<std::uint8_t>()); return true;
            case 'j': recall(next<std::uint32_t>()); return true;

            case 'c': {
                const auto module = line();
                push_callable(module, line());
                return true;
            }
            case 0x93: {  // STACK_GLOBAL
                const Ref name = pop(Kind::text), module = pop(Kind::text);
                push_callable(text(module), text(name));
                return true;
            }
            case 'Q': push_storage(); return true;
            case 'R': reduce(); return true;
            case 'b': build(); return true;

            case 'i': {  // INST
                const auto module = line();
                refuse(std::string(module) + "." + std::string(line()));
            }
            case 'B':
            case 'C':
            case 0x8e:
            case 0x96: refuse("bytes");
            case 0x8f:
            case 0x91: refuse("a set");
            case 'o':
            case 0x81:
            case 0x92: refuse("an object");
            case 0x82:
            case 0x83:
            case 0x84: refuse("a registered extension");
            default: refuse("the instruction " + std::to_string(code));
        }
    }

    /// A whole number of any length, two's complement; one beyond 64 bits becomes the float nearest to it.
    void push_long(std::string_view digits) {
        const bool negative = !digits.empty() && static_cast<unsigned char>(digits.back()) >= 0x80;
        if (digits.size() <= sizeof(std::int64_t)) {
            std::int64_t value = negative ? -1 : 0;
            std::memcpy(&value, digits.data(), digits.size());
            push_integer(value);
            return;
        }
        double value = negative ? -1 : 0;
        for (std::size_t i = digits.size(); i-- > 0;) value = value * 256 + static_cast<unsigned char>(digits[i]);
        push_number(value);
    }
    void push_double() {
        std::uint64_t bits = 0;
        for (const char byte : take(sizeof bits)) bits = bits << 8 | static_cast<unsigned char>(byte);
        push_number(std::bit_cast<double>(bits));
    }

    void append(Kind kind, std::vector<Ref> values) {
        const Ref to = top();
        if (node(to).kind != kind) refuse_damaged(std::string(io::name_of(node(to).kind)) + " that something is put into");
        if (kind == Kind::dictionary && values.size() % 2 != 0) refuse_damaged("a key without a value");
        auto& all = elements(to);
        all.insert(all.end(), values.begin(), values.end());
    }

    void recall(std::uint32_t place) {
        const auto found = memo_.find(place);
        if (found == memo_.end()) refuse_damaged("a memo of nothing");
        stack_.push_back(found->second);
    }

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

    /// Attributes, which PyTorch gives to the OrderedDict of a state dict (versions of its modules): nothing needs them.
    void build() {
        pop();
        if (node(top()).kind != Kind::dictionary) refuse("attributes of " + std::string(io::name_of(node(top()).kind)));
    }

    std::string_view source_;
    Pickle& pickle_;
    const std::string& bytes_;
    std::size_t position_ = 0;
    std::vector<Ref> stack_;
    std::vector<std::size_t> marks_;
    std::map<std::uint32_t, Ref> memo_;
    std::map<std::string, std::size_t> storage_of_key_;
    std::map<Ref, std::size_t> shape_of_tuple_;
};

}  // namespace detail

/// Reads a pickle as torch.save makes it, protocols 2 to 5. Nothing that it names is called: what is not a tensor, a
/// dictionary, a list, a tuple, a number, a string or None is refused, by its name where it has one. Throws Error, naming
/// the source. Bytes behind the pickle's end are not read, as in Python.
inline Pickle unpickle(std::string_view source, std::string bytes) {
    Pickle pickle;
    pickle.bytes = std::move(bytes);
    detail::Unpickler(source, pickle).run();
    return pickle;
}

}  // namespace xnn::io
