"""Writes tests/fixtures/training.safetensors: five training steps of PyTorch's of an MLP and of a small LeNet.

A case `name` (model and optimiser) has the entries
  model/x, model/t        all batches, one after the other
  model/p/…               the parameters that the training begins with
  name/losses             the loss of each step
  name/gradient/…         each parameter's gradient in the last step
  name/parameter/…        each parameter after the last step
All in float64, beginning with numbers that float32 holds exactly.
"""

import copy
import os
import sys

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
entries = {}
steps = 5


def exact(tensor):
    return tensor.detach().to(torch.float32).to(torch.float64)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.conv2 = nn.Conv2d(4, 6, 3)
        self.fc1 = nn.Linear(24, 16)
        self.fc2 = nn.Linear(16, 5)

    def forward(self, x):
        pool = nn.functional.max_pool2d
        x = pool(self.conv1(x), 2).relu()
        x = pool(self.conv2(x), 2).relu()
        return self.fc2(self.fc1(x.flatten(1)).relu())


def train(name, model, optimizer, x, t):
    losses = []
    for images, labels in zip(x, t):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    entries[f"{name}/losses"] = torch.stack(losses)
    for key, parameter in model.named_parameters():
        entries[f"{name}/gradient/{key}"] = parameter.grad.clone()
        entries[f"{name}/parameter/{key}"] = parameter.detach().clone()


def cases(name, model, x, t):
    for parameter in model.parameters():
        parameter.data = exact(parameter.data)
    entries[f"{name}/x"], entries[f"{name}/t"] = x, t
    for key, parameter in model.named_parameters():
        entries[f"{name}/p/{key}"] = parameter.detach().clone()
    optim = torch.optim
    optimizers = {
        "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        "SGD nesterov": lambda p: optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.01),
        "SGD maximize": lambda p: optim.SGD(p, lr=0.01, momentum=0.5, dampening=0.3, maximize=True),
        "Adam": lambda p: optim.Adam(p, lr=1e-2),
        "Adam amsgrad": lambda p: optim.Adam(p, lr=1e-2, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1, amsgrad=True),
        "AdamW": lambda p: optim.AdamW(p, lr=1e-2),
        "AdamW maximize": lambda p: optim.AdamW(p, lr=1e-3, weight_decay=0.5, maximize=True, amsgrad=True),
    }
    for key, make in optimizers.items():
        if name == "lenet" and key not in ("SGD", "Adam"):
            continue
        trained = copy.deepcopy(model)
        train(f"{name} {key}", trained, make(trained.parameters()), x, t)


mlp = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3))
cases("mlp", mlp, exact(torch.randn(steps, 6, 12)), torch.randint(0, 3, (steps, 6)))
cases("lenet", LeNet(), exact(torch.randn(steps, 4, 1, 14, 14)), torch.randint(0, 5, (steps, 4)))


def schedule(name, make, lr=0.3):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    scheduler = make(optimizer)
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(25):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    entries[f"schedule/{name}"] = torch.tensor(rates)


schedule("StepLR", lambda o: torch.optim.lr_scheduler.StepLR(o, 4, gamma=0.5))
schedule("CosineAnnealingLR", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 6, eta_min=0.01))

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "training.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/training.py"})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
