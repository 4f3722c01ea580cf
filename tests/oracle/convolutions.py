"""Writes tests/fixtures/convolutions.safetensors: what PyTorch's convolutions, Unfold, Fold and paddings make of given
inputs, and their gradients. Entries as in layers.py:
  name/x, name/gy       the input and the gradient of the result
  name/y, name/gx       the result and the gradient of the input
  name/p/…, name/g/…    each parameter and its gradient
All in float64; inputs and parameters are numbers that float32 holds exactly.
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


def layer(name, module, x):
    parameters = dict(module.named_parameters())
    for key, parameter in parameters.items():
        parameter.data = random(*parameter.shape)
        entries[f"{name}/p/{key}"] = parameter.detach().clone()
    entries[f"{name}/x"] = x.clone()
    x = x.clone().requires_grad_()
    y = module(x)
    gy = random(*y.shape)
    y.backward(gy)
    entries[f"{name}/gy"] = gy
    entries[f"{name}/y"] = y.detach().contiguous()
    entries[f"{name}/gx"] = x.grad
    for key, parameter in parameters.items():
        entries[f"{name}/g/{key}"] = parameter.grad


def convolutions():
    line, image, volume = random(2, 4, 9), random(2, 4, 6, 5), random(2, 2, 4, 5, 3)
    layer("Conv1d", nn.Conv1d(4, 3, 3), line)
    layer("Conv1d same", nn.Conv1d(4, 3, 4, padding="same", dilation=2), line)
    layer("Conv1d valid", nn.Conv1d(4, 6, 3, stride=3, padding="valid", groups=2, bias=False), line)
    layer("Conv1d circular", nn.Conv1d(4, 3, 5, padding=3, padding_mode="circular"), line)
    layer("Conv2d same", nn.Conv2d(4, 3, (2, 4), padding="same"), image)
    layer("Conv2d depthwise", nn.Conv2d(4, 8, 3, stride=(1, 2), padding=1, groups=4), image)
    layer("Conv2d reflect", nn.Conv2d(4, 3, 3, stride=2, padding=(2, 1), padding_mode="reflect"), image)
    layer("Conv2d replicate", nn.Conv2d(4, 4, (3, 2), padding=2, dilation=(1, 2), groups=4, padding_mode="replicate"), image)
    layer("Conv2d circular", nn.Conv2d(4, 3, 3, padding=(1, 2), padding_mode="circular", bias=False), image)
    layer("Conv2d same reflect", nn.Conv2d(4, 3, (4, 3), padding="same", padding_mode="reflect"), image)
    layer("Conv3d", nn.Conv3d(2, 3, 2), volume)
    layer("Conv3d options", nn.Conv3d(2, 4, (3, 2, 3), stride=(2, 1, 1), padding=(1, 0, 2), dilation=(1, 2, 1), groups=2, bias=False), volume)
    layer("Conv3d replicate", nn.Conv3d(2, 3, (1, 2, 3), padding=1, padding_mode="replicate"), volume)


def transposed():
    line, image, volume = random(2, 4, 5), random(2, 4, 3, 4), random(2, 2, 2, 3, 2)
    layer("ConvTranspose1d", nn.ConvTranspose1d(4, 3, 3), line)
    layer("ConvTranspose1d options", nn.ConvTranspose1d(4, 6, 4, stride=3, padding=1, output_padding=2, groups=2, bias=False), line)
    layer("ConvTranspose2d", nn.ConvTranspose2d(4, 3, 2, stride=2), image)
    layer("ConvTranspose2d options",
          nn.ConvTranspose2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), output_padding=(1, 1), groups=2, dilation=(1, 2)), image)
    layer("ConvTranspose2d dilated", nn.ConvTranspose2d(4, 3, 3, stride=2, output_padding=2, dilation=3), image)
    layer("ConvTranspose2d depthwise", nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1, groups=4), image)
    layer("ConvTranspose2d pointwise", nn.ConvTranspose2d(4, 3, 1), image)
    layer("ConvTranspose3d", nn.ConvTranspose3d(2, 3, 2), volume)
    layer("ConvTranspose3d options",
          nn.ConvTranspose3d(2, 4, (3, 2, 3), stride=(2, 1, 2), padding=(1, 0, 1), output_padding=(1, 0, 1), groups=2, dilation=(1, 2, 1)), volume)


def patches():
    layer("Unfold", nn.Unfold(2), random(2, 3, 4, 5))
    layer("Unfold options", nn.Unfold((3, 2), dilation=(1, 2), padding=(1, 2), stride=(2, 1)), random(2, 3, 4, 5))
    layer("Fold", nn.Fold((4, 5), 2), random(2, 12, 12))
    layer("Fold options", nn.Fold((4, 5), (3, 2), dilation=(1, 2), padding=(1, 2), stride=(2, 1)), random(2, 12, 14))


def paddings():
    line, image, volume = random(2, 3, 5), random(2, 3, 4, 3), random(2, 2, 3, 4, 2)
    for name in ("Reflection", "Replication", "Circular", "Zero"):
        layer(f"{name}Pad1d", getattr(nn, f"{name}Pad1d")((2, 3)), line)
        layer(f"{name}Pad2d", getattr(nn, f"{name}Pad2d")((1, 2, 0, 3)), image)
        layer(f"{name}Pad3d", getattr(nn, f"{name}Pad3d")(1), volume)
    layer("ConstantPad1d", nn.ConstantPad1d((2, 0), 1.5), line)
    layer("ConstantPad2d", nn.ConstantPad2d((1, -1, -2, 2), -0.5), image)
    layer("ConstantPad3d", nn.ConstantPad3d((1, 0, -1, 2, 0, 1), 3.0), volume)


class Pad(nn.Module):
    def __init__(self, amounts, value):
        super().__init__()
        self.amounts, self.value = amounts, value

    def forward(self, x):
        return nn.functional.pad(x, self.amounts, value=self.value)


def pads_of_many_dimensions():
    x = random(2, 3, 2, 3, 2)
    layer("pad 4", Pad((1, 2, 0, 1, -1, 2, 2, 1), 1.5), x)
    layer("pad 5", Pad((0, -1, 1, 0, 0, 2, 0, -1, 1, 2), 0.0), x)


convolutions()
transposed()
patches()
paddings()
pads_of_many_dimensions()
path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "convolutions.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/convolutions.py"})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
