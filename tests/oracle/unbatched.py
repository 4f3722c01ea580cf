"""Writes tests/fixtures/unbatched.safetensors: layers that PyTorch also applies to one sample without a batch dimension, and
ConvTranspose with an output_size. Entries as in convolutions.py; all in float64.
"""

import os
import sys

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
entries = {}


def random(*shape):
    return torch.randn(shape).to(torch.float32).to(torch.float64)


def layer(name, module, x, **arguments):
    parameters = dict(module.named_parameters())
    for key, parameter in parameters.items():
        parameter.data = random(*parameter.shape)
        entries[f"{name}/p/{key}"] = parameter.detach().clone()
    entries[f"{name}/x"] = x.clone()
    x = x.clone().requires_grad_()
    y = module(x, **arguments)
    gy = random(*y.shape)
    y.backward(gy)
    entries[f"{name}/gy"] = gy
    entries[f"{name}/y"] = y.detach().contiguous()
    entries[f"{name}/gx"] = x.grad
    for key, parameter in parameters.items():
        entries[f"{name}/g/{key}"] = parameter.grad
    for key, buffer in module.named_buffers():
        entries[f"{name}/b/{key}"] = buffer


line, image, volume = random(4, 9), random(4, 6, 5), random(2, 4, 5, 3)
layer("Conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), line)
layer("Conv2d", nn.Conv2d(4, 3, (3, 2), padding="same"), image)
layer("Conv2d depthwise", nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), image)
layer("Conv2d reflect", nn.Conv2d(4, 3, 3, stride=2, padding=(2, 1), padding_mode="reflect"), image)
layer("Conv3d", nn.Conv3d(2, 3, 2, padding=1), volume)
layer("ConvTranspose1d", nn.ConvTranspose1d(4, 3, 3, stride=2), line)
layer("ConvTranspose2d", nn.ConvTranspose2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), output_padding=(1, 0), groups=2), image)
layer("ConvTranspose3d", nn.ConvTranspose3d(2, 3, 2, bias=False), volume)
layer("Unfold", nn.Unfold(2, padding=1), image)
layer("Fold", nn.Fold((4, 5), 2), random(12, 12))
layer("MaxPool1d", nn.MaxPool1d(3, stride=2, padding=1), line)
layer("MaxPool2d", nn.MaxPool2d(2), image)
layer("MaxPool3d", nn.MaxPool3d(2), volume)
layer("AvgPool1d", nn.AvgPool1d(3), line)
layer("AvgPool2d", nn.AvgPool2d(2), image)
layer("AvgPool3d", nn.AvgPool3d(2), volume)
layer("LPPool1d", nn.LPPool1d(2, 3), line.abs() + 1)
layer("LPPool2d", nn.LPPool2d(2, 2), image.abs() + 1)
layer("LPPool3d", nn.LPPool3d(2, 2), volume.abs() + 1)
layer("AdaptiveAvgPool2d", nn.AdaptiveAvgPool2d((3, None)), image)
layer("AdaptiveMaxPool3d", nn.AdaptiveMaxPool3d(2), volume)
layer("InstanceNorm1d", nn.InstanceNorm1d(4, affine=True), line)
layer("InstanceNorm2d", nn.InstanceNorm2d(4, track_running_stats=True), image)
layer("InstanceNorm3d", nn.InstanceNorm3d(2), volume)
layer("ReflectionPad2d", nn.ReflectionPad2d((1, 2, 3, 0)), image)

batch = random(2, 4, 3, 4)
for height, width in ((6, 9), (7, 11), (6, 10)):
    up = nn.ConvTranspose2d(4, 6, (4, 2), stride=(2, 3), padding=1, output_padding=(0, 2), groups=2)
    layer(f"output_size {height} {width}", up, batch, output_size=(height, width))
layer("output_size of all", nn.ConvTranspose1d(4, 3, 3, stride=3, dilation=2, bias=False), random(2, 4, 5), output_size=(2, 3, 19))
layer("output_size of one", nn.ConvTranspose3d(2, 3, 2, stride=2), volume, output_size=(8, 11, 7))

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "unbatched.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/unbatched.py"})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
