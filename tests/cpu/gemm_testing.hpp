// Products against a plain loop in double: what the tests of products share.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <ostream>
#include <random>
#include <type_traits>
#include <vector>

#include "xnn/cpu/gemm.hpp"

namespace gemm_testing {

using xnn::Cpu;
using xnn::index_t;
using xnn::kernels::Activation;
using xnn::kernels::GemmEpilogue;
using xnn::kernels::Transpose;

/// One product to be tested.
struct Case {
    index_t m, n, k;
    Transpose ta = Transpose::no, tb = Transpose::no;
    index_t padding = 0;  // elements between the end of a row and the next
    bool accumulate = false, column_bias = false, row_bias = false;
    Activation activation = Activation::none;
    bool addend = false;
};

inline std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.m << " x " << c.k << " x " << c.n << (c.ta == Transpose::yes ? " T" : " N")
               << (c.tb == Transpose::yes ? "T" : "N") << " padding " << c.padding << " accumulate " << c.accumulate
               << " column bias " << c.column_bias << " row bias " << c.row_bias << " relu "
               << (c.activation == Activation::relu) << " addend " << c.addend;
}

template <class T>
T quiet_poison() {
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>(113);
    else
        return static_cast<T>(std::numeric_limits<float>::quiet_NaN());
}

/// A matrix whose gaps between the rows, and some elements on both sides, hold poison that must survive and not matter.
template <class T>
class Guarded {
public:
    Guarded(index_t rows, index_t columns, index_t padding)
        : rows_(rows),
          columns_(columns),
          pitch_(columns + padding),
          storage_(static_cast<std::size_t>(rows * pitch_ + 2 * guard), quiet_poison<T>()) {}

    T* data() { return storage_.data() + guard; }
    const T* data() const { return storage_.data() + guard; }
    index_t pitch() const { return pitch_; }
    T& at(index_t i, index_t j) { return data()[i * pitch_ + j]; }
    T at(index_t i, index_t j) const { return data()[i * pitch_ + j]; }

    void fill_random(std::mt19937& random) {
        std::uniform_int_distribution<int> distribution(-8, 8);
        for (index_t i = 0; i < rows_; ++i)
            for (index_t j = 0; j < columns_; ++j)
                at(i, j) = std::is_integral_v<T> ? static_cast<T>(distribution(random))
                                                 : static_cast<T>(static_cast<float>(distribution(random)) / 8.0f +
                                                                  static_cast<float>(distribution(random)) / 128.0f);
    }

    bool guards_are_intact() const {
        const T poison = quiet_poison<T>();
        for (index_t at = -guard; at < rows_ * pitch_ + guard; ++at) {
            const bool inside = at >= 0 && at < rows_ * pitch_ && at % pitch_ < columns_;
            if (!inside && std::memcmp(data() + at, &poison, sizeof(T)) != 0) return false;
        }
        return true;
    }

private:
    static constexpr index_t guard = 40;
    index_t rows_, columns_, pitch_;
    std::vector<T> storage_;
};

template <class T>
double tolerance() {
    if constexpr (std::is_integral_v<T>) return 0;
    if constexpr (std::is_same_v<T, double>) return 1e-13;
    if constexpr (std::is_same_v<T, float>) return 2e-6;
    if constexpr (std::is_same_v<T, xnn::float16>) return 1e-3;
    return 8e-3;
}

/// The largest error, in units of the sum of the absolute values of what was added up.
template <class T>
void check(const Case& c, std::mt19937& random) {
    CAPTURE(c);
    const bool a_turned = c.ta == Transpose::yes, b_turned = c.tb == Transpose::yes;
    Guarded<T> a(a_turned ? c.k : c.m, a_turned ? c.m : c.k, c.padding);
    Guarded<T> b(b_turned ? c.n : c.k, b_turned ? c.k : c.n, c.padding);
    Guarded<T> result(c.m, c.n, c.padding);
    Guarded<T> column_bias(1, c.n, 0), row_bias(1, c.m, 0), addend(c.m, c.n, 2 * c.padding);
    if (c.addend) addend.fill_random(random);
    a.fill_random(random), b.fill_random(random), column_bias.fill_random(random), row_bias.fill_random(random);
    if (c.accumulate) result.fill_random(random);
    const Guarded<T> before = result;

    GemmEpilogue<T> epilogue;
    epilogue.accumulate = c.accumulate;
    if (c.column_bias) epilogue.column_bias = column_bias.data();
    if (c.row_bias) epilogue.row_bias = row_bias.data();
    if (c.addend) epilogue.addend = addend.data(), epilogue.addend_pitch = addend.pitch();
    epilogue.activation = c.activation;
    xnn::kernels::gemm(Cpu{}, c.ta, c.tb, c.m, c.n, c.k, a.data(), a.pitch(), b.data(), b.pitch(), result.data(),
                       result.pitch(), epilogue);

    const auto number = [](T value) { return static_cast<double>(value); };
    double worst = 0;
    for (index_t i = 0; i < c.m; ++i)
        for (index_t j = 0; j < c.n; ++j) {
            double sum = c.accumulate ? number(before.at(i, j)) : 0.0;
            if (c.column_bias) sum += number(column_bias.at(0, j));
            if (c.row_bias) sum += number(row_bias.at(0, i));
            if (c.addend) sum += number(addend.at(i, j));
            double magnitude = std::abs(sum) + 1e-3;
            for (index_t k = 0; k < c.k; ++k) {
                const double term =
                    number(a_turned ? a.at(k, i) : a.at(i, k)) * number(b_turned ? b.at(j, k) : b.at(k, j));
                sum += term;
                magnitude += std::abs(term);
            }
            if constexpr (std::is_integral_v<T>) sum = number(static_cast<T>(static_cast<std::int64_t>(sum)));
            if (c.activation == Activation::relu) sum = std::max(sum, 0.0);
            const double error = std::abs(number(result.at(i, j)) - sum) / magnitude;
            if (!(error <= worst)) worst = error;  // takes NaN as well
        }
    CHECK(worst <= tolerance<T>());
    CHECK((a.guards_are_intact() && b.guards_are_intact() && result.guards_are_intact()));
}

inline constexpr Transpose both[] = {Transpose::no, Transpose::yes};

/// Random products of all kinds, in float and now and then in double.
inline void check_random(int repeats) {
    std::mt19937 random(2);
    const auto pick = [&](index_t limit) { return std::uniform_int_distribution<index_t>(0, limit)(random); };
    for (int repeat = 0; repeat < repeats; ++repeat) {
        Case c{1 + pick(69), 1 + pick(69), pick(70)};
        c.ta = both[pick(1)], c.tb = both[pick(1)], c.padding = pick(4);
        c.accumulate = pick(1) == 1, c.column_bias = pick(1) == 1, c.row_bias = pick(1) == 1;
        c.activation = pick(1) == 1 ? Activation::relu : Activation::none, c.addend = pick(1) == 1;
        check<float>(c, random);
        if (repeat % 4 == 0) check<double>(c, random);
    }
}

}  // namespace gemm_testing
