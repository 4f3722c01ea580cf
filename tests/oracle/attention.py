"""Writes tests/fixtures/attention.safetensors: what PyTorch's scaled_dot_product_attention makes of given arrays.

A case `name` has the entries name/q, name/k, name/v, name/gy, perhaps name/mask (numbers, or 0 and 1 for a mask of bool), the
result name/y and the gradients name/gq, name/gk, name/gv and, of a mask of numbers, name/gmask. All in float64; arguments are
numbers that float32 holds exactly.
"""

import os
import sys

import torch
from safetensors.torch import save_file
from torch.nn.functional import scaled_dot_product_attention

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
entries = {}


def random(*shape):
    return torch.randn(shape).to(torch.float32).to(torch.float64)


def case(name, q, k, v, mask=None, **options):
    arguments = [random(*shape).requires_grad_() for shape in (q, k, v)]
    if mask is not None and mask.is_floating_point():
        mask.requires_grad_()
    y = scaled_dot_product_attention(*arguments, attn_mask=mask, **options)
    gy = random(*y.shape)
    y.backward(gy)
    for key, argument in zip("qkv", arguments):
        entries[f"{name}/{key}"] = argument.detach()
        entries[f"{name}/g{key}"] = argument.grad
    entries[f"{name}/gy"], entries[f"{name}/y"] = gy, y.detach()
    if mask is not None:
        entries[f"{name}/mask"] = mask.detach().to(torch.float64)
        if mask.is_floating_point():
            entries[f"{name}/gmask"] = mask.grad


case("plain", (2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 6))
case("matrices", (3, 2), (4, 2), (4, 5), scale=0.7)
case("causal", (2, 5, 4), (2, 5, 4), (2, 5, 4), is_causal=True)
case("causal wide", (1, 3, 4), (1, 6, 4), (1, 6, 4), is_causal=True)
case("causal high", (1, 6, 4), (1, 3, 4), (1, 3, 4), is_causal=True)
case("added", (2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4), random(5, 7))
case("added by batch", (2, 2, 3, 3, 4), (2, 2, 3, 5, 4), (2, 2, 3, 5, 4), random(2, 1, 1, 1, 5))
flags = torch.rand(2, 1, 5, 7) > 0.4
flags[..., 0] = True
case("flags", (2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4), flags)
case("grouped", (2, 4, 5, 4), (2, 2, 6, 4), (2, 2, 6, 4), enable_gqa=True)
case("long", (1, 70, 3), (1, 150, 3), (1, 150, 3), is_causal=False)
case("long causal", (1, 150, 3), (1, 150, 3), (1, 150, 3), is_causal=True)

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "attention.safetensors")
save_file({key: value.contiguous() for key, value in entries.items()}, path,
          metadata={"torch": torch.__version__, "written_by": "tests/oracle/attention.py"})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
