// The data members of an aggregate and their names, found without macros in the user's code.
//
// How many there are is how many initialisers the aggregate takes; structured bindings give references to them; a name is
// what the compiler prints for the address of a member of an object that is declared but never defined.
#pragma once

#include <concepts>
#include <string_view>
#include <utility>

#include "xnn/core/tuple.hpp"

namespace xnn::detail {

/// Converts to whatever a member is initialised from.
struct Anything {
    template <class T>
    constexpr operator T() const noexcept;
};

template <class T, class... Initialisers>
concept MadeFrom = requires { T{{}, Initialisers{}...}; };  // {}: the empty base

inline constexpr std::size_t most_members = 48;

/// The most initialisers that T takes. Fewer than that do if the other members have defaults; where one has none, the count
/// goes on until it is reached.
template <class T, class... Found>
constexpr std::size_t count_members() {
    constexpr std::size_t found = sizeof...(Found);
    if constexpr (MadeFrom<T, Found..., Anything>)
        return count_members<T, Found..., Anything>();
    else if constexpr (!std::is_empty_v<T> && found < most_members && (found == 0 || !MadeFrom<T, Found...>))
        return count_members<T, Found..., Anything>();
    else
        return MadeFrom<T, Found...> ? found : 0;
}

/// Pointers to the members of an aggregate with one empty base.
template <class T>
constexpr auto member_pointers(T& object) {
    constexpr std::size_t count = count_members<std::remove_const_t<T>>();
    static_assert(count > 0 || std::is_empty_v<T>, "the members of this module cannot be found: it must be an aggregate whose members are copyable");
    static_assert(count <= most_members, "a module has more members than can be found: group them into sub-modules");
    if constexpr (count == 0) return Tuple<>{};
#define XNN_MEMBERS(n, ...)                                                                     \
    else if constexpr (count == n) {                                                             \
        auto& [__VA_ARGS__] = object;                                                            \
        return [](auto&... member) { return Tuple<decltype(&member)...>{&member...}; }(__VA_ARGS__); \
    }
    // clang-format off
XNN_MEMBERS(1, m0)
XNN_MEMBERS(2, m0, m1)
XNN_MEMBERS(3, m0, m1, m2)
XNN_MEMBERS(4, m0, m1, m2, m3)
XNN_MEMBERS(5, m0, m1, m2, m3, m4)
XNN_MEMBERS(6, m0, m1, m2, m3, m4, m5)
XNN_MEMBERS(7, m0, m1, m2, m3, m4, m5, m6)
XNN_MEMBERS(8, m0, m1, m2, m3, m4, m5, m6, m7)
XNN_MEMBERS(9, m0, m1, m2, m3, m4, m5, m6, m7, m8)
XNN_MEMBERS(10, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9)
XNN_MEMBERS(11, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10)
XNN_MEMBERS(12, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11)
XNN_MEMBERS(13, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12)
XNN_MEMBERS(14, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13)
XNN_MEMBERS(15, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14)
XNN_MEMBERS(16, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
XNN_MEMBERS(17, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16)
XNN_MEMBERS(18, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17)
XNN_MEMBERS(19, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18)
XNN_MEMBERS(20, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19)
XNN_MEMBERS(21, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20)
XNN_MEMBERS(22, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21)
XNN_MEMBERS(23, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22)
XNN_MEMBERS(24, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23)
XNN_MEMBERS(25, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24)
XNN_MEMBERS(26, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25)
XNN_MEMBERS(27, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26)
XNN_MEMBERS(28, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27)
XNN_MEMBERS(29, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28)
XNN_MEMBERS(30, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29)
XNN_MEMBERS(31, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30)
XNN_MEMBERS(32, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31)
XNN_MEMBERS(33, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32)
XNN_MEMBERS(34, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33)
XNN_MEMBERS(35, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34)
XNN_MEMBERS(36, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35)
XNN_MEMBERS(37, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36)
XNN_MEMBERS(38, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37)
XNN_MEMBERS(39, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38)
XNN_MEMBERS(40, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39)
XNN_MEMBERS(41, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40)
XNN_MEMBERS(42, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40, m41)
XNN_MEMBERS(43, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42)
XNN_MEMBERS(44, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42,
            m43)
XNN_MEMBERS(45, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42,
            m43, m44)
XNN_MEMBERS(46, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42,
            m43, m44, m45)
XNN_MEMBERS(47, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42,
            m43, m44, m45, m46)
XNN_MEMBERS(48, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
            m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42,
            m43, m44, m45, m46, m47)
    // clang-format on
#undef XNN_MEMBERS
}

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"  // of modules in unnamed namespaces
#endif
template <class T>
struct Undefined {
    T value;
};
template <class T>
extern const Undefined<T> undefined;

/// An address as a template argument that prints the path to it.
template <class P>
struct Address {
    P pointer;
};
template <class P>
Address(P) -> Address<P>;

template <Address A>
constexpr std::string_view printed_name() {
    // g++: "… [with Address<…> A = Address<…>{(& undefined<Net>.Undefined<Net>::value.Net::conv1)}; …]"
    // clang: "… [A = Address<…>{&undefined.value.conv1}]"
    constexpr std::string_view text = __PRETTY_FUNCTION__;
    std::size_t end = text.rfind('}');
    const auto in_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    while (!in_name(text[end - 1])) --end;
    std::size_t begin = end;
    while (in_name(text[begin - 1])) --begin;
    return text.substr(begin, end - begin);
}

template <class T, std::size_t I>
inline constexpr std::string_view member_name = printed_name<Address{get<I>(member_pointers(undefined<T>.value))}>();

/// An object of which only addresses may be taken.
template <class T>
constexpr const T& undefined_object() { return undefined<T>.value; }

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

}  // namespace xnn::detail
