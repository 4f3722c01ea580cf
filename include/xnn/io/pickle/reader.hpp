// A reader of pickles that calls nothing. Python's own runs whatever a pickle names; this one knows the few names that
// describe a tensor or an ordered dictionary, and refuses all others by name.
// https://docs.python.org/3/library/pickletools.html
#pragma once

#include "xnn/io/pickle/tensors.hpp"

namespace xnn::io {

namespace detail {

/// Knows what each instruction means.
class Unpickler : PickledTensorBuilder {
public:
    Unpickler(std::string_view source, Pickle& pickle) : PickledTensorBuilder(source, pickle) {}

    void run() {
        if (bytes_.size() > longest)
            fail(source_, "a pickle of at most " + std::to_string(longest) + " bytes", std::to_string(bytes_.size()));
        while (step(next<std::uint8_t>())) {}
        pickle_.root = pop();
    }

private:
    static constexpr std::size_t longest = std::size_t{32} << 20;

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
