// The stack on which a pickle is put together, and what every instruction may take from it.
#pragma once

#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include "xnn/io/pickle/value.hpp"

namespace xnn::io::detail {

/// Python's machine for pickles: a stack, marks on it, and a memo of what may be used again. Every step makes at most one
/// value, and none copies a container, so that memory grows with the pickle's length only.
class PickleMachine {
protected:
    using Ref = PickleRef;
    using Kind = PickleKind;

    PickleMachine(std::string_view source, Pickle& pickle) : source_(source), pickle_(pickle), bytes_(pickle.bytes) {}

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

    // ---- numbers as a pickle spells them

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

    // ---- containers and the memo

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

    std::string_view source_;
    Pickle& pickle_;
    const std::string& bytes_;
    std::size_t position_ = 0;
    std::vector<Ref> stack_;
    std::vector<std::size_t> marks_;
    std::map<std::uint32_t, Ref> memo_;
};

}  // namespace xnn::io::detail
