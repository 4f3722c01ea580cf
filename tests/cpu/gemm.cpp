// Matrix products: shapes, transpositions, pitches, epilogues, element types, threads.
#include "gemm_testing.hpp"

using namespace gemm_testing;

TEST_CASE("gemm: every transposition of many shapes", "[cpu][gemm]") {
    std::mt19937 random(1);
    for (index_t m : {1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 15, 17, 20, 28, 29, 50, 64, 70})
        for (index_t n : {1, 2, 7, 8, 10, 15, 16, 17, 31, 32, 33, 48, 50, 70})
            for (index_t k : {1, 2, 3, 5, 16, 25, 70})
                for (Transpose ta : both)
                    for (Transpose tb : both) check<float>({m, n, k, ta, tb, (m + n + k) % 3}, random);
}

TEST_CASE("gemm: random shapes and epilogues", "[cpu][gemm]") { check_random(1500); }

TEST_CASE("gemm: shapes that are cut into blocks", "[cpu][gemm]") {
    std::mt19937 random(3);
    const Case shapes[] = {{64, 256, 784},  {64, 128, 256},   {64, 10, 128},   {128, 512, 512},
                           {65, 130, 1100}, {300, 1030, 300}, {256, 64, 1024}, {3, 300, 2000},
                           {1, 5000, 37},   {1, 1000, 512},   {500, 1, 300},   {14, 3, 2500},
                           {64, 800, 500},  {150, 100, 600}, {80, 300, 1024}};
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
