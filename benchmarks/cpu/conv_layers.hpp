// The layers that the suites conv and conv_choice compute: LeNet's two for batches of 64, layers of networks for large images
// for batches of 4, and those of small networks, ResNet-18 for images of 32 × 32, MobileNetV1 and DS-CNN, for batches of 16.
#pragma once

#include "xnn/core/conv_geometry.hpp"

struct Layer {
    const char* name;
    long batch, in_channels, in_size, out_channels, kernel, padding, groups = 1, stride = 1;

    long out_size() const { return (in_size + 2 * padding - kernel) / stride + 1; }
    xnn::ConvGeometry geometry() const {
        return {.batch = batch,
                .in_channels = in_channels,
                .out_channels = out_channels,
                .groups = groups,
                .input = {1, in_size, in_size},
                .kernel = {1, kernel, kernel},
                .stride = {1, stride, stride},
                .pad_before = {0, padding, padding},
                .pad_after = {0, padding, padding}};
    }
    double flops() const { return geometry().operations(); }
};

inline constexpr Layer layers[] = {
    {"1x28x28 -> 20 k5", 64, 1, 28, 20, 5, 0},
    {"20x12x12 -> 50 k5", 64, 20, 12, 50, 5, 0},
    {"64x56x56 -> 64 k3", 4, 64, 56, 64, 3, 1},
    {"256x56x56 -> 64 k1", 4, 256, 56, 64, 1, 0},
    {"64x56x56 depthwise k3", 4, 64, 56, 64, 3, 1, 64},
    {"3x32x32 -> 64 k3", 16, 3, 32, 64, 3, 1},
    {"64x32x32 -> 64 k3", 16, 64, 32, 64, 3, 1},
    {"128x16x16 -> 128 k3", 16, 128, 16, 128, 3, 1},
    {"256x8x8 -> 256 k3", 16, 256, 8, 256, 3, 1},
    {"512x4x4 -> 512 k3", 16, 512, 4, 512, 3, 1},
    {"64x32x32 -> 128 k3 s2", 16, 64, 32, 128, 3, 1, 1, 2},
    {"64x32x32 -> 128 k1 s2", 16, 64, 32, 128, 1, 0, 1, 2},
    {"16x48x48 depthwise k3", 16, 16, 48, 16, 3, 1, 16},
    {"64x24x24 depthwise k3 s2", 16, 64, 24, 64, 3, 1, 64, 2},
    {"128x6x6 depthwise k3", 16, 128, 6, 128, 3, 1, 128},
    {"16x48x48 -> 32 k1", 16, 16, 48, 32, 1, 0},
    {"128x6x6 -> 128 k1", 16, 128, 6, 128, 1, 0}};
