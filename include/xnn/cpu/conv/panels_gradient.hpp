// Gradients of convolutions as products with patch matrices.
#pragma once

#include <numeric>

#include "xnn/cpu/conv/panels.hpp"
#include "xnn/cpu/conv/sums.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

struct TurnedWeights;     // names scratch memory
struct PhaseGradient;     // names scratch memory
struct PhasesOfRows;      // names scratch memory
struct NoGradient;        // names scratch memory
struct GatheredGradient;  // names scratch memory
struct PatchMatrix;       // names scratch memory
struct PartialWeights;    // names scratch memory
struct PartialBias;       // names scratch memory

/// The elements of gx that lie a stride apart along each dimension have the same weights to reckon with: every step-th from
/// `tap` on. Their gradient is a convolution of gy with these weights in reverse, with a stride of 1.
struct GradientPhase {
    Dims<3> begin{}, count{}, tap{}, step{};  // begin: the first of these elements in gx
    bool empty = false;                       // no weight reads them
    ConvGeometry convolution;

    GradientPhase(const ConvGeometry& g, const Dims<3>& phase) : convolution(g) {
        std::swap(convolution.in_channels, convolution.out_channels);
        convolution.input = g.output();
        convolution.stride = {1, 1, 1};
        for (std::size_t d = 0; d < 3; ++d) {
            const index_t common = std::gcd(g.stride[d], g.dilation[d]), first = round_up(std::max<index_t>(g.pad_before[d] - phase[d], 0), g.stride[d]) + phase[d];
            step[d] = g.stride[d] / common;
            while (tap[d] < g.kernel[d] && tap[d] * g.dilation[d] % g.stride[d] != phase[d]) ++tap[d];
            begin[d] = first - g.pad_before[d];
            count[d] = begin[d] < g.input[d] ? divide_up(g.input[d] - begin[d], g.stride[d]) : 0;
            convolution.kernel[d] = tap[d] < g.kernel[d] ? divide_up(g.kernel[d] - tap[d], step[d]) : 0;
            convolution.dilation[d] = g.dilation[d] / common;
            empty = empty || convolution.kernel[d] == 0 || count[d] == 0;
            const index_t reach = (convolution.kernel[d] - 1) * convolution.dilation[d];
            convolution.pad_before[d] = reach + (tap[d] * g.dilation[d] - phase[d]) / g.stride[d] - first / g.stride[d];
            convolution.pad_after[d] = count[d] + reach - convolution.input[d] - convolution.pad_before[d];
        }
    }
};

/// The weights of a phase: [group, input channel, output channel, kernel in reverse].
template <class T>
void turn_weights(const ConvGeometry& g, const GradientPhase& phase, const T* w, T* to) {
    const index_t in = g.in_channels_of_group(), out = g.out_channels_of_group(), taps = g.kernel_size(), kept = phase.convolution.kernel_size();
    if (taps == 1) {
        for (index_t group = 0; group < g.groups; ++group) transpose(Cpu{}, w + group * in * out, in, out, in, to + group * in * out, out);
        return;
    }
    const Dims<3> kernel = phase.convolution.kernel;
    index_t* offsets = scratch<TapOffsets, index_t>(kept);
    for (index_t q = 0; q < kept; ++q) {
        const Dims<3> at{q / (kernel[1] * kernel[2]), q / kernel[2] % kernel[1], q % kernel[2]};
        index_t& offset = offsets[kept - 1 - q] = 0;
        for (std::size_t d = 0; d < 3; ++d) offset = offset * g.kernel[d] + phase.tap[d] + at[d] * phase.step[d];
    }
    for (index_t o = 0; o < g.out_channels; ++o)
        for (index_t c = 0; c < in; ++c, w += taps) {
            T* target = to + ((o / out * in + c) * out + o % out) * kept;
            for (index_t q = 0; q < kept; ++q) target[q] = w[offsets[q]];
        }
}

/// to[2 * i] [+]= even[i] and to[2 * i + 1] [+]= odd[i], n elements in all.
template <class T>
void interleave(const T* even, const T* odd, index_t n, T* __restrict to, bool accumulate) {
    if (accumulate) {
        for (index_t i = 0; i < n / 2; ++i) to[2 * i] += even[i], to[2 * i + 1] += odd[i];
        if (n % 2 != 0) to[n - 1] += even[n / 2];
    } else {
        for (index_t i = 0; i < n / 2; ++i) to[2 * i] = even[i], to[2 * i + 1] = odd[i];
        if (n % 2 != 0) to[n - 1] = even[n / 2];
    }
}

/// What a phase has for each row of gx in which it lies, from column `begin` on.
template <class T>
struct PhaseRows {
    index_t begin, count;
    const T* data;
    index_t pitch;
};

/// Writes or adds the phases that lie side by side along the width, of which `phase` is one, to their rows of gx.
template <class T>
void weave(const ConvGeometry& g, const GradientPhase& phase, const PhaseRows<T>* parts, index_t channels, T* gx, bool accumulate) {
    const index_t step = g.stride[2], width = g.input[2];
    index_t row = 0;
    for (index_t channel = 0; channel < channels; ++channel)
        for (index_t z = 0; z < phase.count[0]; ++z)
            for (index_t y = 0; y < phase.count[1]; ++y, ++row) {
                T* to = gx + ((channel * g.input[0] + phase.begin[0] + z * g.stride[0]) * g.input[1] + phase.begin[1] + y * g.stride[1]) * width;
                if (step == 2) {
                    const PhaseRows<T>&even = parts[parts[0].begin == 0 ? 0 : 1], &odd = parts[parts[0].begin == 0 ? 1 : 0];
                    interleave(even.data + row * even.pitch, odd.data + row * odd.pitch, width, to, accumulate);
                    continue;
                }
                for (index_t p = 0; p < step; ++p) {
                    const T* from = parts[p].data + row * parts[p].pitch;
                    T* own = to + parts[p].begin;
                    if (accumulate)
                        for (index_t x = 0; x < parts[p].count; ++x) own[x * step] += from[x];
                    else
                        for (index_t x = 0; x < parts[p].count; ++x) own[x * step] = from[x];
                }
            }
}

/// gx [+]= the gradient with respect to x.
template <class T>
void backward_data_by_panels(const ConvGeometry& g, const T* gy, const T* w, T* gx, bool accumulate) {
    constexpr const T* no_bias = nullptr;
    const index_t weights = g.groups * g.in_channels_of_group() * g.out_channels_of_group();
    T* turned = scratch<TurnedWeights, T>(weights * g.kernel_size());
    const index_t phases = product(g.stride), image_size = g.in_channels * g.input_size();
    const auto phase_of = [&](index_t i) { return GradientPhase(g, {i / (g.stride[1] * g.stride[2]), i / g.stride[2] % g.stride[1], i % g.stride[2]}); };
    // Each weight belongs to one phase.
    const auto for_each_phase = [&](const auto& visit) {
        T* own = turned;
        for (index_t i = 0; i < phases; ++i)
            if (GradientPhase phase = phase_of(i); !phase.empty) {
                visit(phase, own);
                own += weights * phase.convolution.kernel_size();
            }
    };
    for_each_phase([&](const GradientPhase& phase, T* own) { turn_weights(g, phase, w, own); });
    if (phases == 1)
        return for_each_phase([&](const GradientPhase& phase, const T* own) { forward_by_panels(phase.convolution, gy, own, no_bias, gx, false, accumulate); });
    constexpr index_t cache = 256 << 10;  // what all phases write to some images
    const index_t images = std::clamp<index_t>(cache / (image_size * static_cast<index_t>(sizeof(T))), 1, g.batch);
    const index_t width = divide_up(g.input[2], g.stride[2]), phase_size = divide_up(g.input[0], g.stride[0]) * divide_up(g.input[1], g.stride[1]) * width;
    for_tasks(divide_up(g.batch, images), g.operations(), [&](index_t task) {
        const index_t first = task * images, channels = std::min(images, g.batch - first) * g.in_channels;
        T* zeros = scratch<NoGradient, T>(width);
        std::fill_n(zeros, width, T(0));
        T* results = scratch<PhaseGradient, T>(g.stride[2] * channels * phase_size);
        auto* rows = scratch<PhasesOfRows, PhaseRows<T>>(g.stride[2]);
        const T* own = turned;
        for (index_t i = 0; i < phases; i += g.stride[2]) {
            bool any = false;
            for (index_t p = 0; p < g.stride[2]; ++p) {
                GradientPhase phase = phase_of(i + p);
                T* result = results + p * channels * phase_size;
                rows[p] = {phase.begin[2], phase.count[2], phase.empty ? zeros : result, phase.empty ? 0 : phase.count[2]};
                if (phase.empty) continue;
                any = true;
                phase.convolution.batch = channels / g.in_channels;
                forward_by_panels(phase.convolution, gy + first * g.out_channels * g.output_size(), own, no_bias, result, false, false);
                own += weights * phase.convolution.kernel_size();
            }
            if (any || !accumulate) weave(g, phase_of(i), rows, channels, gx + first * image_size, accumulate);
        }
    });
}

/// One group of some images: gw [+]= gy patches^T.
template <class T>
void add_weight_gradient(const ConvGeometry& g, const Patches<T>& patches, const T* gy, index_t images, T* gw, bool accumulate) {
    constexpr index_t most_columns = 512, most_bytes = 512 << 10;
    const index_t out = g.out_channels_of_group(), size = g.output_size(), depth = g.weights_per_output(), image_pitch = g.out_channels * size;
    const index_t step = gemm_detail::even_part(images * size, most_columns);
    const index_t rows = gemm_detail::even_part(depth, std::max<index_t>(most_bytes / (step * static_cast<index_t>(sizeof(T))), 1));
    for (index_t first = 0; first < images * size; first += step) {
        const index_t columns = std::min(step, images * size - first);
        const bool within = first / size == (first + columns - 1) / size;  // one image
        const T* gradient = gy + first / size * image_pitch + first % size;
        if (!within) {
            T* gathered = scratch<GatheredGradient, T>(out * columns);
            for (index_t j = 0; j < columns;) {
                const index_t image = (first + j) / size, place = (first + j) % size, some = std::min(size - place, columns - j);
                for (index_t o = 0; o < out; ++o) std::copy_n(gy + image * image_pitch + o * size + place, some, gathered + o * columns + j);
                j += some;
            }
            gradient = gathered;
        }
        for (index_t k = 0; k < depth; k += rows) {
            const index_t end = std::min(k + rows, depth);
            const T* matrix = patches.image() + k * size + first;
            if (!patches.is_image()) {
                T* packed = scratch<PatchMatrix, T>(rows * step);
                patches.pack(first, columns, k, end, columns, 0, packed);
                matrix = packed;
            }
            gemm(Cpu{}, Transpose::no, Transpose::yes, out, end - k, columns, gradient, within ? size : columns, matrix, patches.is_image() ? size : columns, gw + k,
                 depth, {.accumulate = accumulate || first > 0});
        }
    }
}

/// gw [+]= the gradient with respect to the weights and, unless gbias is null, gbias [+]= that with respect to the bias.
template <class T>
void backward_weight_by_panels(const ConvGeometry& g, const T* x, const T* gy, T* gw, T* gbias, bool accumulate) {
    const index_t in = g.in_channels_of_group(), out = g.out_channels_of_group(), weights = g.out_channels * g.weights_per_output();
    const index_t parts = weight_gradient_parts(g, sizeof(T)), at_once = images_at_once(g);
    T* part_weights = parts == 1 ? gw : scratch<PartialWeights, T>(parts * weights);
    T* part_bias = parts == 1 ? gbias : scratch<PartialBias, T>(parts * g.out_channels);
    const bool add_to_part = parts == 1 && accumulate;
    for_tasks(parts, g.operations(), [&](index_t part) {
        const index_t begin = g.batch * part / parts, end = g.batch * (part + 1) / parts;
        for (index_t image = begin; image < end; image += at_once)
            for (index_t group = 0; group < g.groups; ++group) {
                const index_t images = std::min(at_once, end - image);
                const Patches<T> patches(g, x + group * in * g.input_size(), image, images);
                add_weight_gradient(g, patches, gy + (image * g.out_channels + group * out) * g.output_size(), images,
                                    part_weights + part * weights + group * out * g.weights_per_output(), add_to_part || image > begin);
            }
        if (gbias != nullptr)
            sum_channels(end - begin, g.out_channels, g.output_size(), gy + begin * g.out_channels * g.output_size(), part_bias + part * g.out_channels, add_to_part);
    });
    if (parts == 1) return;
    sum_parts(parts, weights, part_weights, gw, accumulate);
    if (gbias != nullptr) sum_parts(parts, g.out_channels, part_bias, gbias, accumulate);
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
