// Matrix products against a plain loop in double: shapes, transpositions, pitches, epilogues, element types, threads.
#include "xnn/cpu/gemm.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

using xnn::Cpu;
using xnn::index_t;
using xnn::kernels::Activation;
using xnn::kernels::GemmEpilogue;
using xnn::kernels::Transpose;

namespace {

/// One product to be tested.
struct Case {
    index_t m, n, k;
    Transpose ta = Transpose::no, tb = Transpose::no;
    index_t padding = 0;  // elements between the end of a row and the next
    bool accumulate = false, column_bias = false, row_bias = false;
    Activation activation = Activation::none;
    bool addend = false;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
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

constexpr Transpose both[] = {Transpose::no, Transpose::yes};

}  // namespace

TEST_CASE("gemm: every transposition of many shapes", "[cpu][gemm]") {
    std::mt19937 random(1);
    for (index_t m : {1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 15, 17, 20, 28, 29, 50, 64, 70})
        for (index_t n : {1, 2, 7, 8, 10, 15, 16, 17, 31, 32, 33, 48, 50, 70})
            for (index_t k : {1, 2, 3, 5, 16, 25, 70})
                for (Transpose ta : both)
                    for (Transpose tb : both) check<float>({m, n, k, ta, tb, (m + n + k) % 3}, random);
}

TEST_CASE("gemm: random shapes and epilogues", "[cpu][gemm]") {
    std::mt19937 random(2);
    const auto pick = [&](index_t limit) { return std::uniform_int_distribution<index_t>(0, limit)(random); };
    for (int repeat = 0; repeat < 1500; ++repeat) {
        Case c{1 + pick(69), 1 + pick(69), pick(70)};
        c.ta = both[pick(1)], c.tb = both[pick(1)], c.padding = pick(4);
        c.accumulate = pick(1) == 1, c.column_bias = pick(1) == 1, c.row_bias = pick(1) == 1;
        c.activation = pick(1) == 1 ? Activation::relu : Activation::none, c.addend = pick(1) == 1;
        check<float>(c, random);
        if (repeat % 4 == 0) check<double>(c, random);
    }
}

TEST_CASE("gemm: shapes that are cut into blocks", "[cpu][gemm]") {
    std::mt19937 random(3);
    const Case shapes[] = {{64, 256, 784},  {64, 128, 256},   {64, 10, 128},   {128, 512, 512},
                           {65, 130, 1100}, {300, 1030, 300}, {256, 64, 1024}, {3, 300, 2000},
                           {1, 5000, 37},   {1, 1000, 512},   {500, 1, 300},   {14, 3, 2500}};
    for (const Case& shape : shapes)
        for (Transpose ta : both)
            for (Transpose tb : both) {
                Case c = shape;
                c.ta = ta, c.tb = tb;
                check<float>(c, random);
                c.padding = 5, c.accumulate = true, c.row_bias = true;
                check<float>(c, random);
                c.accumulate = false, c.addend = true;
                check<float>(c, random);
                c.addend = false, c.row_bias = false, c.column_bias = true, c.activation = Activation::relu;
                check<double>(c, random);
            }
}

TEMPLATE_TEST_CASE("gemm: the other element types", "[cpu][gemm]", xnn::float16, xnn::bfloat16, std::int8_t,
                   std::int16_t, std::int32_t, std::int64_t, std::uint8_t) {
    std::mt19937 random(4);
    for (const Case& shape : {Case{1, 1, 1}, Case{1, 40, 9}, Case{40, 1, 9}, Case{13, 21, 34}, Case{33, 17, 50}})
        for (Transpose ta : both)
            for (Transpose tb : both)
                for (bool accumulate : {false, true}) {
                    Case c = shape;
                    c.ta = ta, c.tb = tb, c.accumulate = accumulate, c.padding = 3;
                    check<TestType>(c, random);
                    c.column_bias = c.row_bias = c.addend = true, c.activation = Activation::relu;
                    check<TestType>(c, random);
                }
}

TEST_CASE("gemm: nothing to do, and nothing to add up", "[cpu][gemm]") {
    float c[6] = {1, 2, 3, 4, 5, 6};
    const float bias[2] = {-1, 7};
    const float unused = 0;
    xnn::kernels::gemm(Cpu{}, Transpose::no, Transpose::no, 0, 3, 4, &unused, 4, &unused, 3, c, 3);
    xnn::kernels::gemm(Cpu{}, Transpose::no, Transpose::yes, 3, 0, 4, &unused, 4, &unused, 4, c, 1);
    CHECK(c[0] == 1);
    GemmEpilogue<float> epilogue;
    epilogue.column_bias = bias;
    epilogue.activation = Activation::relu;
    xnn::kernels::gemm(Cpu{}, Transpose::no, Transpose::no, 3, 2, 0, &unused, 1, &unused, 2, c, 2, epilogue);
    for (int i = 0; i < 3; ++i) {
        CHECK(c[2 * i] == 0);
        CHECK(c[2 * i + 1] == 7);
    }
}

TEST_CASE("gemm: NaN passes through relu", "[cpu][gemm]") {
    for (index_t m : {1, 5, 20}) {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        std::vector<float> a(static_cast<std::size_t>(m * 3), nan), b(3 * 40, 1.0f),
            c(static_cast<std::size_t>(m * 40));
        GemmEpilogue<float> epilogue;
        epilogue.activation = Activation::relu;
        xnn::kernels::gemm(Cpu{}, Transpose::no, Transpose::no, m, 40, 3, a.data(), 3, b.data(), 40, c.data(), 40,
                           epilogue);
        for (float value : c) REQUIRE(std::isnan(value));
    }
}

TEST_CASE("gemm: the number of threads changes no bit", "[cpu][gemm][threads]") {
    const int threads_before = xnn::get_num_threads();
    std::mt19937 random(5);
    struct Size {
        index_t m, n, k;
    };
    for (Size s :
         {Size{64, 256, 784}, Size{300, 33, 600}, Size{33, 1200, 700}, Size{1, 3000, 1500}, Size{512, 700, 600}})
        for (Transpose ta : both)
            for (Transpose tb : both) {
                Guarded<float> a(s.m, s.k, 0), b(s.k, s.n, 0);
                a.fill_random(random), b.fill_random(random);
                std::vector<float> expected;
                for (int threads : {1, 2, 4}) {
                    xnn::set_num_threads(threads);
                    std::vector<float> c(static_cast<std::size_t>(s.m * s.n), -1.0f);
                    xnn::kernels::gemm(Cpu{}, ta, tb, s.m, s.n, s.k, a.data(), ta == Transpose::no ? s.k : s.m,
                                       b.data(), tb == Transpose::no ? s.n : s.k, c.data(), s.n);
                    if (threads == 1) expected = c;
                    REQUIRE(std::memcmp(c.data(), expected.data(), c.size() * sizeof(float)) == 0);
                }
            }
    xnn::set_num_threads(threads_before);
}

TEST_CASE("gemm_batched: steps between the matrices, one shared matrix", "[cpu][gemm]") {
    constexpr index_t count = 7, m = 9, n = 21, k = 12;
    std::mt19937 random(6);
    Guarded<float> a(count * m, k, 0), b(k, n, 0), bias(1, n, 0);
    a.fill_random(random), b.fill_random(random), bias.fill_random(random);
    std::vector<float> c(count * m * n, -1.0f), expected(m * n);
    GemmEpilogue<float> epilogue;
    epilogue.column_bias = bias.data();
    xnn::kernels::gemm_batched(Cpu{}, count, Transpose::no, Transpose::no, m, n, k, a.data(), k, m * k, b.data(), n, 0,
                               c.data(), n, m * n, epilogue);
    for (index_t i = 0; i < count; ++i) {
        xnn::kernels::gemm(Cpu{}, Transpose::no, Transpose::no, m, n, k, a.data() + i * m * k, k, b.data(), n,
                           expected.data(), n, epilogue);
        CHECK(std::memcmp(c.data() + i * m * n, expected.data(), sizeof(float) * m * n) == 0);
    }
}
