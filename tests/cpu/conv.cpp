// Convolutions and their gradients against the definition in double: dimensions, strides, padding, dilation, groups.
#include "xnn/cpu/conv.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

using xnn::ConvGeometry;
using xnn::Cpu;
using xnn::Dims;
using xnn::index_t;
using xnn::kernels::Activation;

namespace {

constexpr int guard = 40;

/// A buffer between guards of NaN.
template <class T>
class Guarded {
public:
    explicit Guarded(index_t size, T value = static_cast<T>(std::numeric_limits<float>::quiet_NaN()))
        : storage_(static_cast<std::size_t>(size + 2 * guard),
                   static_cast<T>(std::numeric_limits<float>::quiet_NaN())) {
        for (index_t i = 0; i < size; ++i) data()[i] = value;
    }
    T* data() { return storage_.data() + guard; }
    const T* data() const { return storage_.data() + guard; }
    index_t size() const { return static_cast<index_t>(storage_.size()) - 2 * guard; }
    void fill_random(std::mt19937& random) {
        std::uniform_int_distribution<int> distribution(-64, 64);
        for (index_t i = 0; i < size(); ++i)
            data()[i] = static_cast<T>(static_cast<float>(distribution(random)) / 64.0f);
    }
    bool guards_are_intact() const {
        for (int i = 0; i < guard; ++i)
            if (!std::isnan(static_cast<float>(storage_[static_cast<std::size_t>(i)])) ||
                !std::isnan(static_cast<float>(storage_[storage_.size() - 1 - static_cast<std::size_t>(i)])))
                return false;
        return true;
    }

private:
    std::vector<T> storage_;
};

/// Calls visit(x index, w index, y index) for each product of the convolution.
template <class Visit>
void for_each_product(const ConvGeometry& g, const Visit& visit) {
    const Dims<3> out = g.output();
    const index_t in_group = g.in_channels / g.groups, out_group = g.out_channels / g.groups;
    for (index_t b = 0; b < g.batch; ++b)
        for (index_t o = 0; o < g.out_channels; ++o)
            for (index_t c = 0; c < in_group; ++c)
                for (index_t p = 0; p < out[0] * out[1] * out[2]; ++p)
                    for (index_t q = 0; q < g.kernel[0] * g.kernel[1] * g.kernel[2]; ++q) {
                        const Dims<3> place{p / (out[1] * out[2]), p / out[2] % out[1], p % out[2]};
                        const Dims<3> tap{q / (g.kernel[1] * g.kernel[2]), q / g.kernel[2] % g.kernel[1],
                                          q % g.kernel[2]};
                        Dims<3> from{};
                        bool inside = true;
                        for (std::size_t d = 0; d < 3; ++d) {
                            from[d] = place[d] * g.stride[d] + tap[d] * g.dilation[d] - g.pad_before[d];
                            inside = inside && from[d] >= 0 && from[d] < g.input[d];
                        }
                        if (!inside) continue;
                        const index_t channel = b * g.in_channels + o / out_group * in_group + c;
                        visit(((channel * g.input[0] + from[0]) * g.input[1] + from[1]) * g.input[2] + from[2],
                              (o * in_group + c) * g.kernel_size() + q, (b * g.out_channels + o) * g.output_size() + p);
                    }
}

template <class T>
void check_close(const Guarded<T>& got, const std::vector<double>& expected, const std::vector<double>& magnitude) {
    const double tolerance = std::is_same_v<T, double> ? 1e-13 : std::is_same_v<T, float> ? 3e-6 : 1e-2;
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double error =
            std::abs(static_cast<double>(got.data()[i]) - expected[i]) / (magnitude[i] + std::abs(expected[i]) + 1e-2);
        if (!(error <= worst)) worst = error;
    }
    CHECK(worst <= tolerance);
    CHECK(got.guards_are_intact());
}

void describe(const ConvGeometry& g) {
    std::string text = "batch " + std::to_string(g.batch) + " channels " + std::to_string(g.in_channels) + " -> " +
                       std::to_string(g.out_channels) + " groups " + std::to_string(g.groups);
    for (const auto& [name, dims] : {std::pair{" input ", g.input},
                                     {" kernel ", g.kernel},
                                     {" stride ", g.stride},
                                     {" dilation ", g.dilation},
                                     {" before ", g.pad_before},
                                     {" after ", g.pad_after}})
        text += name + xnn::to_text(dims);
    UNSCOPED_INFO(text);
}

/// All three kernels, over garbage and added to what is there.
template <class T>
void check(const ConvGeometry& g, std::mt19937& random) {
    describe(g);
    const index_t x_size = g.batch * g.in_channels * g.input_size(),
                  y_size = g.batch * g.out_channels * g.output_size();
    const index_t w_size = g.out_channels * g.weights_per_output();
    Guarded<T> x(x_size), w(w_size), bias(g.out_channels), gy(y_size);
    x.fill_random(random), w.fill_random(random), bias.fill_random(random), gy.fill_random(random);

    const auto size_of = [](index_t n) { return static_cast<std::size_t>(n); };
    std::vector<double> y(size_of(y_size)), gx(size_of(x_size)), gw(size_of(w_size)), gb(size_of(g.out_channels));
    std::vector<double> y_sum = y, gx_sum = gx, gw_sum = gw, gb_sum = gb;
    const auto number = [](const Guarded<T>& a, index_t i) { return static_cast<double>(a.data()[i]); };
    const auto add = [&](std::vector<double>& to, std::vector<double>& magnitude, index_t i, double value) {
        to[size_of(i)] += value;
        magnitude[size_of(i)] += std::abs(value);
    };
    for_each_product(g, [&](index_t xi, index_t wi, index_t yi) {
        add(y, y_sum, yi, number(x, xi) * number(w, wi));
        add(gx, gx_sum, xi, number(gy, yi) * number(w, wi));
        add(gw, gw_sum, wi, number(gy, yi) * number(x, xi));
    });
    for (index_t i = 0; i < y_size; ++i) add(gb, gb_sum, i / g.output_size() % g.out_channels, number(gy, i));

    using namespace xnn::kernels;
    {
        Guarded<T> result(y_size);
        conv_forward(Cpu{}, g, x.data(), w.data(), static_cast<const T*>(nullptr), result.data());
        check_close(result, y, y_sum);
        std::vector<double> expected = y;
        for (index_t i = 0; i < y_size; ++i)
            expected[size_of(i)] = std::max(y[size_of(i)] + number(bias, i / g.output_size() % g.out_channels), 0.0);
        Guarded<T> with_bias(y_size);
        conv_forward(Cpu{}, g, x.data(), w.data(), static_cast<const T*>(bias.data()), with_bias.data(),
                     Activation::relu);
        check_close(with_bias, expected, y_sum);
    }
    for (bool accumulate : {false, true}) {
        const auto start = accumulate ? T(2) : static_cast<T>(std::numeric_limits<float>::quiet_NaN());
        const auto shifted = [&](std::vector<double> values) {
            for (double& value : values) value += accumulate ? 2 : 0;
            return values;
        };
        Guarded<T> gx_result(x_size, start), gw_result(w_size, start), gb_result(g.out_channels, start),
            gw_alone(w_size, start);
        conv_backward_data(Cpu{}, g, gy.data(), w.data(), gx_result.data(), accumulate);
        conv_backward_weight(Cpu{}, g, x.data(), gy.data(), gw_result.data(), gb_result.data(), accumulate);
        conv_backward_weight(Cpu{}, g, x.data(), gy.data(), gw_alone.data(), static_cast<T*>(nullptr), accumulate);
        check_close(gx_result, shifted(gx), gx_sum);
        check_close(gw_result, shifted(gw), gw_sum);
        check_close(gw_alone, shifted(gw), gw_sum);
        check_close(gb_result, shifted(gb), gb_sum);

        // The same convolution transposed: from y to x, and its gradients.
        Guarded<T> y_result(y_size, start);
        conv_forward(Cpu{}, g, x.data(), w.data(), static_cast<const T*>(nullptr), y_result.data(), Activation::none, accumulate);
        check_close(y_result, shifted(y), y_sum);
        Guarded<T> transposed(x_size), transposed_bias(g.in_channels), bias_gradient(g.in_channels, start);
        transposed_bias.fill_random(random);
        conv_transpose_forward(Cpu{}, g, gy.data(), w.data(), accumulate ? transposed_bias.data() : nullptr, transposed.data());
        conv_transpose_backward_bias(Cpu{}, g, x.data(), bias_gradient.data(), accumulate);
        std::vector<double> expected = gx, channel_sums(size_of(g.in_channels)), channel_magnitudes(size_of(g.in_channels));
        for (index_t i = 0; i < x_size; ++i) {
            const index_t channel = i / g.input_size() % g.in_channels;
            if (accumulate) expected[size_of(i)] += number(transposed_bias, channel);
            add(channel_sums, channel_magnitudes, channel, number(x, i));
        }
        check_close(transposed, expected, gx_sum);
        check_close(bias_gradient, shifted(channel_sums), channel_magnitudes);
    }
    CHECK((x.guards_are_intact() && w.guards_are_intact() && bias.guards_are_intact() && gy.guards_are_intact()));
}

ConvGeometry square(index_t batch, index_t in, index_t size, index_t out, index_t kernel, index_t padding = 0,
                    index_t stride = 1, index_t groups = 1) {
    ConvGeometry g;
    g.batch = batch, g.in_channels = in, g.out_channels = out, g.groups = groups;
    g.input = {1, size, size}, g.kernel = {1, kernel, kernel}, g.stride = {1, stride, stride};
    g.pad_before = g.pad_after = {0, padding, padding};
    return g;
}

}  // namespace

TEST_CASE("conv: output extents follow PyTorch's formula", "[cpu][conv]") {
    static_assert(ConvGeometry{.input = {1, 28, 28}, .kernel = {1, 5, 5}}.output() == Dims<3>{1, 24, 24});
    ConvGeometry g = square(1, 3, 224, 64, 7, 3, 2);
    CHECK(g.output() == Dims<3>{1, 112, 112});
    g.dilation = {1, 2, 3};
    CHECK(g.output() == Dims<3>{1, 109, 106});
    CHECK(square(1, 1, 3, 1, 5).output() == Dims<3>{1, 0, 0});
    CHECK(xnn::three_dims(Dims<1>{7}, 1) == Dims<3>{1, 1, 7});
    CHECK(xnn::three_dims(Dims<2>{4, 7}, 0) == Dims<3>{0, 4, 7});
}

TEST_CASE("conv: layers of well-known networks", "[cpu][conv]") {
    std::mt19937 random(1);
    check<float>(square(5, 1, 28, 20, 5), random);
    check<float>(square(3, 20, 12, 50, 5), random);
    check<float>(square(2, 64, 14, 64, 3, 1), random);
    check<float>(square(1, 3, 40, 16, 7, 3, 2), random);
    check<float>(square(2, 32, 9, 48, 1), random);
    check<float>(square(2, 16, 9, 24, 1, 0, 2), random);
    check<float>(square(2, 24, 15, 24, 3, 1, 1, 24), random);
    check<float>(square(2, 24, 15, 24, 3, 1, 2, 24), random);
    check<float>(square(1, 4, 70, 8, 5, 2, 1, 4), random);
    check<double>(square(2, 8, 13, 12, 3, 1, 2, 4), random);
    check<float>(square(16, 3, 6, 4, 3, 1), random);
    check<float>(square(16, 40, 6, 33, 1), random);       // panels of columns from several images
    check<float>(square(9, 20, 5, 30, 3, 1, 2), random);  // and with rows shorter than a register
    check<float>(square(3, 600, 4, 30, 1), random);       // several blocks of depth
    check<float>(square(2, 3, 34, 200, 3, 0, 2), random);
    check<float>(square(2, 12, 17, 20, 1), random);  // images that are read where they lie, of odd extents
    check<float>(square(2, 16, 20, 40, 1), random);
    check<float>(square(2, 24, 18, 20, 1, 0, 1, 2), random);
    check<double>(square(2, 5, 19, 7, 1), random);
    check<float>(square(3, 20, 23, 24, 1, 0, 2), random);  // gradients of which every second number is zero
    check<float>(square(3, 20, 24, 24, 1, 0, 3), random);
    check<float>(square(2, 17, 21, 40, 3, 1, 2), random);
    check<float>(square(3, 3, 37, 24, 5, 2), random);  // gradients that are folded into images wider than a register
}

TEST_CASE("conv: depthwise 3 x 3 of any extents", "[cpu][conv]") {
    std::mt19937 random(5);
    const auto pick = [&](index_t low, index_t high) { return std::uniform_int_distribution<index_t>(low, high)(random); };
    for (int repeat = 0; repeat < 120; ++repeat) {
        const index_t channels = pick(2, 19), stride = pick(1, 2);
        ConvGeometry g = square(pick(1, 4), channels, 1, channels, 3, 0, stride, channels);
        for (std::size_t d : {std::size_t{1}, std::size_t{2}}) {
            g.pad_before[d] = pick(0, 2), g.pad_after[d] = pick(-1, 2);
            g.input[d] = std::max<index_t>(3 - g.pad_before[d] - g.pad_after[d], 1) + (repeat % 3 == 0 ? pick(0, 8) : pick(0, 40));
        }
        check<float>(g, random);
    }
    for (index_t size : {7, 8, 9, 10})  // around half a register
        for (index_t padding : {0, 1, 2}) check<float>(square(3, 5, size, 5, 3, padding, 1, 5), random);
    check<float>(square(70, 3, 6, 3, 3, 1, 1, 3), random);  // more images than are walked through at once
    check<float>(square(40, 3, 7, 3, 3, 1, 2, 3), random);
}

TEST_CASE("conv: random geometries", "[cpu][conv]") {
    std::mt19937 random(2);
    const auto pick = [&](index_t low, index_t high) {
        return std::uniform_int_distribution<index_t>(low, high)(random);
    };
    for (int repeat = 0; repeat < 400; ++repeat) {
        ConvGeometry g;
        g.batch = pick(1, 5);
        g.groups = pick(0, 2) == 0 ? pick(2, 4) : 1;
        g.in_channels = g.groups * (pick(0, 1) == 0 ? 1 : pick(1, 4));
        g.out_channels = g.groups * pick(1, 5);
        const std::size_t absent = static_cast<std::size_t>(pick(0, 2));
        for (std::size_t d = absent; d < 3; ++d) {
            g.kernel[d] = pick(1, 4), g.stride[d] = pick(1, 3), g.dilation[d] = pick(1, 2);
            g.pad_before[d] = pick(0, 4), g.pad_after[d] = pick(-2, 3);  // less than nothing: what an output padding adds
            const index_t least = g.dilation[d] * (g.kernel[d] - 1) + 1 - g.pad_before[d] - g.pad_after[d];
            g.input[d] = std::max<index_t>(least, 1) + pick(0, absent == 2 ? 60 : absent == 1 ? 20 : 6);
        }
        check<float>(g, random);
        if (repeat % 8 == 0) check<double>(g, random);
    }
}

TEMPLATE_TEST_CASE("conv: 16-bit types", "[cpu][conv]", xnn::float16, xnn::bfloat16) {
    std::mt19937 random(4);
    check<TestType>(square(3, 4, 9, 6, 3, 1), random);
    check<TestType>(square(2, 4, 9, 4, 3, 1, 2, 4), random);
}

TEST_CASE("conv: no output, no effect but zeros", "[cpu][conv]") {
    ConvGeometry g = square(1, 1, 3, 2, 5);
    float x[9], w[50], gw[50], gb[2] = {5, 5}, y = 3;
    std::fill_n(x, 9, 1.0f), std::fill_n(w, 50, 1.0f), std::fill_n(gw, 50, 4.0f);
    xnn::kernels::conv_forward(Cpu{}, g, x, w, static_cast<const float*>(nullptr), &y);
    xnn::kernels::conv_backward_weight(Cpu{}, g, x, &y, gw, gb, true);
    CHECK((y == 3 && gw[49] == 4 && gb[1] == 5 && x[8] == 1));
    xnn::kernels::conv_backward_weight(Cpu{}, g, x, &y, gw, gb, false);
    xnn::kernels::conv_backward_data(Cpu{}, g, &y, w, x, false);
    CHECK((gw[49] == 0 && gb[1] == 0 && x[8] == 0));
}

TEST_CASE("conv: an infinity reaches the gradients of the weights that meet it, and no others", "[cpu][conv]") {
    for (const index_t width : {6, 20}) {  // two channels in a register, and one
        const index_t height = 5;
        const ConvGeometry g{.in_channels = 2, .out_channels = 2, .groups = 2, .input = {1, height, width}, .kernel = {1, 3, 3}, .pad_before = {0, 1, 1}, .pad_after = {0, 1, 1}};
        for (const index_t row : {index_t{0}, height - 1}) {
            std::vector<float> x(static_cast<std::size_t>(2 * height * width), 1), gy(x.size(), 1), gw(18);
            x[static_cast<std::size_t>(row * width + 2)] = INFINITY;
            conv_backward_weight(Cpu{}, g, x.data(), gy.data(), gw.data(), static_cast<float*>(nullptr), false);
            for (std::size_t k = 0; k < 18; ++k) {
                const bool out_of_reach = k / 3 == (row == 0 ? 2 : 0);  // the row of the kernel that no result brings there
                INFO("width " << width << ", infinity in row " << row << ", weight " << k);
                if (k >= 9 || out_of_reach)
                    REQUIRE(std::isfinite(gw[k]));
                else
                    REQUIRE(gw[k] == INFINITY);
            }
        }
    }
}

TEST_CASE("conv: the number of threads changes no bit", "[cpu][conv][threads]") {
    const int threads_before = xnn::get_num_threads();
    std::mt19937 random(3);
    for (const ConvGeometry& g :
         {square(64, 1, 28, 20, 5), square(19, 20, 12, 50, 5), square(3, 64, 28, 64, 3, 1), square(1, 64, 28, 64, 3, 1),
          square(9, 64, 30, 64, 3, 1, 2, 64), square(8, 64, 17, 96, 1), square(90, 64, 6, 64, 3, 1, 1, 64), square(9, 64, 18, 96, 3, 1, 2), square(8, 16, 33, 24, 1), square(8, 40, 33, 64, 1, 0, 2),
          square(16, 128, 6, 128, 1), square(1, 256, 14, 128, 1), square(4, 128, 4, 128, 3, 1), square(2, 64, 16, 64, 5, 2, 1, 2)}) {
        Guarded<float> x(g.batch * g.in_channels * g.input_size()), w(g.out_channels * g.weights_per_output());
        Guarded<float> gy(g.batch * g.out_channels * g.output_size());
        x.fill_random(random), w.fill_random(random), gy.fill_random(random);
        std::vector<std::vector<float>> expected;
        for (int threads : {1, 2, 4}) {
            xnn::set_num_threads(threads);
            std::vector<std::vector<float>> got;
            for (index_t size : {gy.size(), x.size(), w.size(), g.out_channels})
                got.emplace_back(static_cast<std::size_t>(size), -1.0f);
            xnn::kernels::conv_forward(Cpu{}, g, x.data(), w.data(), static_cast<const float*>(nullptr), got[0].data());
            xnn::kernels::conv_backward_data(Cpu{}, g, gy.data(), w.data(), got[1].data(), false);
            xnn::kernels::conv_backward_weight(Cpu{}, g, x.data(), gy.data(), got[2].data(), got[3].data(), false);
            if (threads == 1) expected = got;
            for (std::size_t i = 0; i < got.size(); ++i)
                REQUIRE(std::memcmp(got[i].data(), expected[i].data(), got[i].size() * sizeof(float)) == 0);
        }
    }
    xnn::set_num_threads(threads_before);
}
