"""Numbers that both sides compute: weights of whole models without files of their size.

Element i of the entry `name` is a hash of both, see tests/support/formula.hpp.
"""

import math

import numpy
import torch


def uniform(name, size):
    """`size` numbers in [0, 1), multiples of 2^-24."""
    key = 2166136261  # FNV-1a
    for byte in name.encode():
        key = (key ^ byte) * 16777619 % 2**32
    x = (numpy.arange(size, dtype=numpy.uint64) + key * 0x9E3779B1) % 2**32
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = (x ^ (x >> numpy.uint64(shift))) * numpy.uint64(factor) % 2**32
    x ^= x >> numpy.uint64(16)
    return (x >> numpy.uint64(8)).astype(numpy.float64) / 2**24


def entry(name, shape):
    """What a state dict holds under this name."""
    u = uniform(name, math.prod(shape))
    if len(shape) > 1:
        u = (2 * u - 1) * math.sqrt(6 / math.prod(shape[1:]))
    elif name.endswith(("bias", "running_mean")):
        u = (2 * u - 1) * 0.1
    else:
        u = 0.5 + u
    return torch.from_numpy(u.astype(numpy.float32)).reshape(shape)


def fill(model):
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(entry(name, tensor.shape))
    return model


def images(*shape):
    return torch.from_numpy(((2 * uniform("images", math.prod(shape)) - 1) * 2).astype(numpy.float32)).reshape(shape)
