"""Writes tests/fixtures/pooling.safetensors: PyTorch's poolings with every option, and their gradients.

Entries as in layers.py: name/x, name/gy, name/y, name/gx; name/i holds indices, which a pooling gave or an unpooling took.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
entries = {}


def random(*shape):
    return (torch.randn(shape) * 1.5).float().double()


def keep(name, tensor):
    entries[name] = tensor.detach().clone().contiguous()


def case(name, function, x, indices=None):
    keep(f"{name}/x", x)
    x = x.clone().requires_grad_()
    y = function(x) if indices is None else function(x, indices)
    if isinstance(y, tuple):
        y, indices = y
    if indices is not None:
        keep(f"{name}/i", indices)
    gy = random(*y.shape)
    y.backward(gy)
    keep(f"{name}/gy", gy)
    keep(f"{name}/y", y)
    keep(f"{name}/gx", x.grad)
    return y.detach(), indices


line, image, volume = random(2, 3, 9), random(2, 3, 7, 6), random(2, 2, 5, 6, 4)
case("MaxPool3d", nn.MaxPool3d(2), volume)
case("MaxPool3d options", nn.MaxPool3d((3, 2, 2), stride=(2, 1, 2), padding=1, dilation=(1, 2, 1), ceil_mode=True), volume)
case("MaxPool1d dilation", nn.MaxPool1d(2, stride=3, dilation=3, ceil_mode=True), line)
case("AvgPool3d", nn.AvgPool3d(2), volume)
case("AvgPool3d options", nn.AvgPool3d((3, 2, 3), stride=(2, 1, 2), padding=(1, 0, 1), ceil_mode=True, count_include_pad=False), volume)
case("AvgPool3d divisor", nn.AvgPool3d(2, padding=1, divisor_override=3), volume)
case("AvgPool2d divisor", nn.AvgPool2d((2, 3), stride=1, divisor_override=5), image)
case("AvgPool1d options", nn.AvgPool1d(4, stride=3, padding=2, ceil_mode=True, count_include_pad=False), line)
case("AdaptiveAvgPool3d", nn.AdaptiveAvgPool3d((2, None, 3)), volume)
case("AdaptiveMaxPool3d", nn.AdaptiveMaxPool3d((2, 4, None)), volume)
case("LPPool1d", nn.LPPool1d(3, 2, stride=1), line.abs() + 0.1)
case("LPPool2d", nn.LPPool2d(2, (2, 3), ceil_mode=True), image)
case("LPPool3d", nn.LPPool3d(1.5, 2), volume.abs() + 0.1)

case("AdaptiveMaxPool1d indices", nn.AdaptiveMaxPool1d(4, return_indices=True), line)
case("AdaptiveMaxPool2d indices", nn.AdaptiveMaxPool2d((3, 4), return_indices=True), image)
case("AdaptiveMaxPool3d indices", nn.AdaptiveMaxPool3d(2, return_indices=True), volume)
y, i = case("MaxPool1d indices", nn.MaxPool1d(2, return_indices=True), line)
case("MaxUnpool1d", nn.MaxUnpool1d(2), y, i)
case("MaxUnpool1d size", lambda x, i: nn.MaxUnpool1d(2)(x, i, output_size=(9,)), y, i)
case("MaxPool2d indices", nn.MaxPool2d((3, 2), stride=2, padding=1, return_indices=True), image)
case("MaxUnpool2d padded", nn.MaxUnpool2d(3, padding=1), *case("MaxPool2d whole", nn.MaxPool2d(3, padding=1, return_indices=True), random(2, 2, 7, 7)))
y, i = case("MaxPool2d apart", nn.MaxPool2d((3, 2), return_indices=True), image)
case("MaxUnpool2d size", lambda x, i: nn.MaxUnpool2d((3, 2))(x, i, output_size=(7, 6)), y, i)
y, i = case("MaxPool3d indices", nn.MaxPool3d(2, return_indices=True), volume)
case("MaxUnpool3d size", lambda x, i: nn.MaxUnpool3d(2)(x, i, output_size=(5, 6, 4)), y, i)

path = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "fixtures" / "pooling.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/pooling.py"})
path.chmod(0o644)
print(path, path.stat().st_size, "bytes,", len(entries), "entries")
