"""Writes tests/fixtures/normalization.safetensors: PyTorch's normalisations that layers.py does not have.

Entries as in layers.py.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
entries = {}


def exact(tensor):
    return tensor.detach().float().double()


def keep(name, tensor):
    entries[name] = tensor.detach().clone().contiguous()


def layer(name, module, x, training=True):
    module.train(training)
    for parameter in module.parameters():
        parameter.data = exact(parameter.data + 0.1 * torch.randn_like(parameter))
        parameter.grad = None
    keep(f"{name}/x", x)
    for key, parameter in module.named_parameters():
        keep(f"{name}/p/{key}", parameter)
    x = x.clone().requires_grad_()
    y = module(x)
    gy = exact(torch.randn(y.shape))
    y.backward(gy)
    keep(f"{name}/gy", gy)
    keep(f"{name}/y", y)
    keep(f"{name}/gx", x.grad)
    for key, parameter in module.named_parameters():
        keep(f"{name}/g/{key}", parameter.grad)
    for key, buffer in module.named_buffers():
        keep(f"{name}/b/{key}", buffer)


def random(*shape):
    return exact(torch.randn(shape) * 1.5)


line, image, volume = (2, 6, 5), (3, 6, 3, 2), (2, 6, 2, 3, 2)
norm = nn.BatchNorm3d(6, momentum=None)
layer("BatchNorm3d", norm, random(*volume))
layer("BatchNorm3d again", norm, random(*volume))
layer("BatchNorm3d eval", norm, random(*volume), training=False)
layer("BatchNorm2d no affine", nn.BatchNorm2d(6, affine=False), random(*image))
layer("BatchNorm1d no statistics", nn.BatchNorm1d(6, track_running_stats=False), random(*line))
layer("GroupNorm", nn.GroupNorm(3, 6), random(*image))
layer("GroupNorm rows", nn.GroupNorm(2, 6, eps=1e-2), random(4, 6))
layer("GroupNorm volume", nn.GroupNorm(1, 6, affine=False), random(*volume))
layer("InstanceNorm1d", nn.InstanceNorm1d(6), random(*line))
layer("InstanceNorm1d single", nn.InstanceNorm1d(6, affine=True), random(6, 5))
norm = nn.InstanceNorm2d(6, eps=1e-3, momentum=0.3, affine=True, track_running_stats=True)
layer("InstanceNorm2d", norm, random(*image))
layer("InstanceNorm2d again", norm, random(*image))
layer("InstanceNorm2d eval", norm, random(*image), training=False)
layer("InstanceNorm2d plain eval", nn.InstanceNorm2d(6), random(*image), training=False)
layer("InstanceNorm3d", nn.InstanceNorm3d(6, track_running_stats=True, momentum=None), random(*volume))
layer("LocalResponseNorm", nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=2.0), random(*image))
layer("LocalResponseNorm even", nn.LocalResponseNorm(4), random(*line))
layer("LocalResponseNorm wide", nn.LocalResponseNorm(15, alpha=1.0), random(*volume))

path = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "fixtures" / "normalization.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/normalization.py"})
path.chmod(0o644)
print(path, path.stat().st_size, "bytes,", len(entries), "entries")
