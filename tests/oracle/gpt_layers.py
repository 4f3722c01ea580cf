"""Writes tests/fixtures/gpt_layers.safetensors: PyTorch's RMSNorm, and Embedding with all its options.

A case `name` has the entries name/x0, name/gx0 (of floating arguments), name/gy, name/y, name/keys (the names of the state, one a
line, as bytes), name/p/… (parameters before), name/after/… (and after the call), name/g/… (their gradients). All in float64;
arguments and parameters are numbers that float32 holds exactly.
"""

import os
import sys

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
entries = {}


def exact(tensor):
    return tensor.detach().to(torch.float32).to(torch.float64)


def case(name, module, x):
    for key, parameter in module.named_parameters():
        parameter.data = exact(parameter.data + 0.1 * torch.randn_like(parameter))
        entries[f"{name}/p/{key}"] = parameter.detach().clone()
    entries[f"{name}/x0"] = x.clone()
    if x.is_floating_point():
        x.requires_grad_()
    y = module(x)
    gy = exact(torch.randn(y.shape))
    y.backward(gy)
    if x.is_floating_point():
        entries[f"{name}/gx0"] = x.grad
    entries[f"{name}/gy"], entries[f"{name}/y"] = gy, y.detach()
    entries[f"{name}/keys"] = torch.tensor(list("\n".join(module.state_dict()).encode()), dtype=torch.int64)
    for key, parameter in module.named_parameters():
        entries[f"{name}/after/{key}"] = parameter.detach().clone()
        entries[f"{name}/g/{key}"] = parameter.grad


def random(*shape):
    return exact(torch.randn(shape))


case("RMSNorm", nn.RMSNorm(5, eps=1e-3), random(3, 4, 5))
case("RMSNorm 2", nn.RMSNorm((4, 5), eps=1e-5), random(3, 4, 5))
case("RMSNorm long", nn.RMSNorm(37, eps=1e-5), random(6, 37))
case("RMSNorm plain", nn.RMSNorm(5, eps=1e-5, elementwise_affine=False), random(3, 4, 5))
indices = torch.tensor([[1, 2, 1], [5, 1, 4]])
case("Embedding max_norm", nn.Embedding(6, 3, max_norm=1.0), indices)
case("Embedding norm_type", nn.Embedding(6, 3, max_norm=0.8, norm_type=1), indices)
case("Embedding norm 3", nn.Embedding(6, 3, max_norm=0.8, norm_type=3), indices)
case("Embedding by frequency", nn.Embedding(6, 3, padding_idx=2, scale_grad_by_freq=True), indices)

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "gpt_layers.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/gpt_layers.py"})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
