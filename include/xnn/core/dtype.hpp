// Element types: which there are, what they are called, and in which type they are computed with.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#ifdef __F16C__
#include <immintrin.h>
#endif

#include "xnn/core/config.hpp"

namespace xnn {

namespace detail {
/// A number in 16 bits that is computed with as float. Self says how floats are written (encode) and read (decode).
template <class Self>
class StoredFloat {
public:
    StoredFloat() = default;

    template <class T>
        requires std::is_arithmetic_v<T>
    XNN_INLINE constexpr StoredFloat(T value) : bits_(Self::encode(static_cast<float>(value))) {}

    XNN_INLINE constexpr operator float() const { return Self::decode(bits_); }

    /// The number with these bits.
    XNN_INLINE static constexpr Self from_bits(std::uint16_t bits) {
        Self result;
        result.bits_ = bits;
        return result;
    }
    XNN_INLINE constexpr std::uint16_t bits() const { return bits_; }

    XNN_INLINE friend constexpr Self& operator+=(Self& a, float b) { return a = Self(float(a) + b); }
    XNN_INLINE friend constexpr Self& operator-=(Self& a, float b) { return a = Self(float(a) - b); }
    XNN_INLINE friend constexpr Self& operator*=(Self& a, float b) { return a = Self(float(a) * b); }
    XNN_INLINE friend constexpr Self& operator/=(Self& a, float b) { return a = Self(float(a) / b); }

private:
    std::uint16_t bits_ = 0;
};
}  // namespace detail

/// IEEE binary16: five bits of exponent, ten of fraction. Rounds to nearest even. Laid out as xtl's half, whose header
/// would be a tenth of all that a program with xnn.hpp reads.
class float16 : public detail::StoredFloat<float16> {
public:
    using StoredFloat::StoredFloat;

    XNN_INLINE static constexpr std::uint16_t encode(float value) {
#if defined(__F16C__) && !defined(__CUDACC__)
        if (!std::is_constant_evaluated()) return static_cast<std::uint16_t>(_mm_cvtsi128_si32(_mm_cvtps_ph(_mm_set_ss(value), 0)));
#endif
        const auto bits = bits_as<std::uint32_t>(value);
        const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
        return static_cast<std::uint16_t>(sign | encode_magnitude(bits & 0x7fff'ffffU));
    }

    XNN_INLINE static constexpr float decode(std::uint16_t bits) {
#if defined(__F16C__) && !defined(__CUDACC__)
        if (!std::is_constant_evaluated()) return _cvtsh_ss(bits);
#endif
        const std::uint32_t sign = (bits & 0x8000U) << 16, magnitude = bits & 0x7fffU;
        constexpr float rebias = 0x1p112F;  // a float's exponents begin 112 earlier
        const auto number = bits_as<std::uint32_t>(bits_as<float>(magnitude << 13) * rebias);
        const bool finite = magnitude < 0x7c00U;
        return bits_as<float>(sign | (finite ? number : magnitude << 13 | 0x7f80'0000U));
    }

private:
    XNN_INLINE static constexpr std::uint32_t encode_magnitude(std::uint32_t bits) {
        if (bits > 0x7f80'0000U) return 0x7e00U | ((bits >> 13) & 0x3ffU);  // a NaN stays one, and quiet
        if (bits >= 0x477f'f000U) return 0x7c00U;                           // rounds to infinity
        if (bits < 0x3880'0000U)  // below the normal numbers: their last place is that of 0.5
            return bits_as<std::uint32_t>(bits_as<float>(bits) + 0.5F) - 0x3f00'0000U;
        return (bits + 0xfffU + ((bits >> 13) & 1U) - 0x3800'0000U) >> 13;
    }
};

/// The upper half of an IEEE binary32: eight bits of exponent, seven of fraction. Rounds to nearest even.
class bfloat16 : public detail::StoredFloat<bfloat16> {
public:
    using StoredFloat::StoredFloat;

    XNN_INLINE static constexpr std::uint16_t encode(float value) {
        const auto bits = bits_as<std::uint32_t>(value);
        const bool is_nan = (bits & 0x7fff'ffffU) > 0x7f80'0000U;
        if (is_nan) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);  // stays quiet, never becomes infinity
        return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
    }

    XNN_INLINE static constexpr float decode(std::uint16_t bits) { return bits_as<float>(std::uint32_t{bits} << 16); }
};

/// float16 and bfloat16: types that are stored in 16 bits and computed with as float.
template <class T>
concept ReducedFloat = std::same_as<T, float16> || std::same_as<T, bfloat16>;

/// The types that gradients exist for.
template <class T>
concept Floating = std::floating_point<T> || ReducedFloat<T>;

namespace detail {
template <class T>
struct compute {
    using type = T;
};
template <ReducedFloat T>
struct compute<T> {
    using type = float;
};
template <class T>
struct accumulate : compute<T> {};
template <std::integral T>
struct accumulate<T> {
    using type = std::int64_t;
};
}  // namespace detail

/// The type in which elements of type T are added, multiplied and passed to functions.
template <class T>
using compute_t = typename detail::compute<std::remove_cv_t<T>>::type;

/// The type in which many elements of type T are summed; integers and bool sum as int64, as in PyTorch.
template <class T>
using accumulate_t = typename detail::accumulate<std::remove_cv_t<T>>::type;

/// Element types as values, for files and for whatever is decided at run time; named as in safetensors.
enum class Dtype : std::uint8_t { F16, BF16, F32, F64, U8, I8, I16, I32, I64, BOOL };

namespace detail {
template <class T>
struct dtype;  // no value: T is not an element type of xnn
template <Dtype Value>
using dtype_value = std::integral_constant<Dtype, Value>;
template <> struct dtype<float16> : dtype_value<Dtype::F16> {};
template <> struct dtype<bfloat16> : dtype_value<Dtype::BF16> {};
template <> struct dtype<float> : dtype_value<Dtype::F32> {};
template <> struct dtype<double> : dtype_value<Dtype::F64> {};
template <> struct dtype<std::uint8_t> : dtype_value<Dtype::U8> {};
template <> struct dtype<std::int8_t> : dtype_value<Dtype::I8> {};
template <> struct dtype<std::int16_t> : dtype_value<Dtype::I16> {};
template <> struct dtype<std::int32_t> : dtype_value<Dtype::I32> {};
template <> struct dtype<std::int64_t> : dtype_value<Dtype::I64> {};
template <> struct dtype<bool> : dtype_value<Dtype::BOOL> {};
}  // namespace detail

/// A type that a tensor can hold.
template <class T>
concept Element = requires { detail::dtype<std::remove_cv_t<T>>::value; };

/// The Dtype of an element type.
template <Element T>
inline constexpr Dtype dtype_of = detail::dtype<std::remove_cv_t<T>>::value;

/// PyTorch's name of a dtype, without its `torch.`.
constexpr std::string_view name_of(Dtype dtype) {
    constexpr std::string_view names[] = {"float16", "bfloat16", "float32", "float64", "uint8",
                                          "int8",    "int16",    "int32",   "int64",   "bool"};
    return names[static_cast<std::size_t>(dtype)];
}

/// Bytes that one element takes.
constexpr index_t size_of(Dtype dtype) {
    constexpr index_t sizes[] = {2, 2, 4, 8, 1, 1, 2, 4, 8, 1};
    return sizes[static_cast<std::size_t>(dtype)];
}

}  // namespace xnn
