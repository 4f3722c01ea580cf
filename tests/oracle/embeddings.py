"""Writes tests/fixtures/embeddings.safetensors: PyTorch's EmbeddingBag with all its options, and training with sparse gradients.

A case `name` of a bag has the entries name/x (indices), name/offsets, name/weights and name/gweights where there are any, name/gy,
name/y, name/p (the table before), name/after (and after the call), name/g (its gradient).
A case of training has name/p, name/x [steps, 2, count] (two batches of indices for each step), name/c [steps, 2, count, width] (what
the rows are multiplied by to give the loss), name/after (the table after all steps), and the optimiser's arrays name/state/….
All in float64; tables and weights are numbers that float32 holds exactly.
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


pairs = torch.tensor([[1, 2, 1], [5, 1, 4]])
line = torch.tensor([1, 2, 1, 5, 1, 4, 2])
offsets = torch.tensor([0, 3, 3, 6])
all_offsets = torch.tensor([0, 3, 3, 6, 7])


def bag(name, x, starts=None, weighted=False, **options):
    module = nn.EmbeddingBag(6, 19, **options)
    module.weight.data = random(6, 19)
    entries[f"{name}/p"] = module.weight.detach().clone()
    weights = random(*x.shape).requires_grad_() if weighted else None
    entries[f"{name}/x"] = x.clone()
    y = module(x, starts, weights)
    gy = random(*y.shape)
    y.backward(gy)
    if starts is not None:
        entries[f"{name}/offsets"] = starts.clone()
    if weighted:
        entries[f"{name}/weights"], entries[f"{name}/gweights"] = weights.detach(), weights.grad
    entries[f"{name}/gy"], entries[f"{name}/y"] = gy, y.detach()
    entries[f"{name}/after"] = module.weight.detach().clone()
    entries[f"{name}/g"] = module.weight.grad.to_dense() if module.weight.grad.is_sparse else module.weight.grad


for mode in ("sum", "mean", "max"):
    bag(f"{mode} pairs", pairs, mode=mode)
    bag(f"{mode} offsets", line, offsets, mode=mode)
    bag(f"{mode} last offset", line, all_offsets, mode=mode, include_last_offset=True)
    bag(f"{mode} padding", line, offsets, mode=mode, padding_idx=2)
    bag(f"{mode} max_norm", pairs, mode=mode, max_norm=1.5)
    if mode != "max":
        bag(f"{mode} frequency", line, offsets, mode=mode, scale_grad_by_freq=True, padding_idx=-2)
bag("sum weighted pairs", pairs, weighted=True, mode="sum")
bag("sum weighted offsets", line, offsets, weighted=True, mode="sum", padding_idx=2)


def train(name, layer, make):
    table = layer.weight
    table.data = random(*table.shape)
    entries[f"{name}/p"] = table.detach().clone()
    xs, cs = torch.randint(0, 9, (4, 2, 5)), random(4, 2, 5, 3)
    entries[f"{name}/x"], entries[f"{name}/c"] = xs, cs
    optimizer = make(layer.parameters())
    for x, c in zip(xs, cs):
        optimizer.zero_grad()
        for indices, factors in zip(x, c):
            (layer(indices) * factors).sum().backward()
        optimizer.step()
    entries[f"{name}/after"] = table.detach().clone()
    for key, array in optimizer.state[table].items():
        if torch.is_tensor(array) and array.dim() > 0:
            entries[f"{name}/state/{key}"] = array.to_dense() if array.is_sparse else array


def embedding():
    return nn.Embedding(12, 3, padding_idx=4, sparse=True)


train("SGD", embedding(), lambda p: torch.optim.SGD(p, lr=0.1))
train("SGD maximize", embedding(), lambda p: torch.optim.SGD(p, lr=0.1, maximize=True))
train("SGD momentum", embedding(), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9))
train("SparseAdam", embedding(), lambda p: torch.optim.SparseAdam(list(p), lr=0.1, betas=(0.8, 0.9), eps=1e-3))
train("SparseAdam maximize", embedding(), lambda p: torch.optim.SparseAdam(list(p), maximize=True))

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "embeddings.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/embeddings.py"})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
