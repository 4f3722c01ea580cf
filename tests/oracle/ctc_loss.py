"""Writes tests/fixtures/ctc_loss.safetensors: PyTorch's CTCLoss and its gradients.

A case `name` has the entries
  name/x                                              the log-probabilities
  name/targets, name/input_lengths, name/target_lengths
  name/gy, name/y, name/gx                            the gradient of the loss, the loss, the gradient of x
All in float64; x are numbers that float32 holds exactly.
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


def keep(name, tensor):
    entries[name] = tensor.detach().clone().contiguous()


def loss(name, module, x, targets, input_lengths, target_lengths):
    keep(f"{name}/x", x)
    keep(f"{name}/targets", targets)
    keep(f"{name}/input_lengths", input_lengths)
    keep(f"{name}/target_lengths", target_lengths)
    x = x.clone().requires_grad_()
    y = module(x, targets, input_lengths, target_lengths)
    gy = exact(torch.randn(y.shape))
    y.backward(gy)
    keep(f"{name}/gy", gy)
    keep(f"{name}/y", y)
    keep(f"{name}/gx", x.grad)


steps, batch, classes, width = 9, 4, 5, 4
x = exact(torch.randn(steps, batch, classes).log_softmax(2))
targets = torch.tensor([[1, 2, 2, 3], [4, 1, 1, 1], [3, 3, 3, 3], [2, 1, 4, 1]])
input_lengths, target_lengths = torch.tensor([9, 7, 9, 4]), torch.tensor([4, 2, 1, 0])
for r in ("none", "mean", "sum"):
    loss(r, nn.CTCLoss(reduction=r), x, targets, input_lengths, target_lengths)
last = torch.where(targets == 4, 0, targets)
loss("blank", nn.CTCLoss(blank=4), x, last, input_lengths, target_lengths)
joined = torch.cat([row[:n] for row, n in zip(targets, target_lengths)])
loss("joined", nn.CTCLoss(reduction="none"), x, joined, input_lengths, target_lengths)
loss("unbatched", nn.CTCLoss(), x[:, 0], targets[0], torch.tensor(9), torch.tensor(4))
short = torch.tensor([9, 2, 9, 4])  # three equal labels need five steps
loss("zero_infinity", nn.CTCLoss(reduction="none", zero_infinity=True), x, targets, short, torch.tensor([4, 4, 1, 0]))

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "ctc_loss.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/ctc_loss.py"})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
