"""Whole trainings as PyTorch's users save them, and how they go on.

    /path/to/python tests/oracle/training_state.py [FOLDER]            writes training_*.pt to tests/fixtures/checkpoints
    /path/to/python tests/oracle/training_state.py --check PROGRAM     goes on from the files that PROGRAM writes

A file holds the state after three steps (model, optimizer, scheduler, epoch), and as "after" the model's after two more.
The network is two layers without activation; the data are formulas that tests/io/checkpoint.cpp repeats.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import torch
from torch import nn, optim

fixtures = pathlib.Path(__file__).parents[1] / "fixtures" / "checkpoints"
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else fixtures


def network():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    with torch.no_grad():
        for number, parameter in enumerate(model.parameters()):
            parameter.copy_(torch.sin(torch.arange(parameter.numel(), dtype=torch.float32) + number).reshape(parameter.shape) / 2)
    return model


def step(model, optimizer, scheduler, number):
    x = torch.cos(torch.arange(15, dtype=torch.float32) + number).reshape(5, 3)
    optimizer.zero_grad()
    (model(x) ** 2).mean().backward()
    optimizer.step()
    scheduler.step()


def run(name, make_optimizer, make_scheduler):
    model = network()
    optimizer = make_optimizer(model)
    scheduler = make_scheduler(optimizer)
    for number in range(3):
        step(model, optimizer, scheduler, number)
    state = {
        "model": {key: value.clone() for key, value in model.state_dict().items()},
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": 3,
    }
    state = torch.load(save(state, folder / f"training_{name}.pt"), weights_only=True)  # a copy
    for number in range(3, 5):
        step(model, optimizer, scheduler, number)
    state["after"] = model.state_dict()
    save(state, folder / f"training_{name}.pt")


def save(state, path):
    torch.save(state, path)
    return path


def check(name, make_optimizer, make_scheduler, written):
    """A training that goes on from a file of the program ends where PyTorch's ended."""
    model = network()
    optimizer = make_optimizer(model)
    scheduler = make_scheduler(optimizer)
    state = torch.load(written / f"training_{name}.pt", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    for number in range(state["epoch"], 5):
        step(model, optimizer, scheduler, number)
    after = torch.load(fixtures / f"training_{name}.pt", weights_only=True)["after"]
    same = all(torch.allclose(value, after[key], rtol=1e-6, atol=1e-7) for key, value in model.state_dict().items())
    print(f"{name}: {'as PyTorch' if same else 'differs'}")
    return same


def half_every_two(optimizer):
    return optim.lr_scheduler.StepLR(optimizer, 2, 0.5)


trainings = [
    ("adam", lambda m: optim.Adam(m.parameters(), lr=0.02, betas=(0.8, 0.99), amsgrad=True), half_every_two),
    ("adamw", lambda m: optim.AdamW([{"params": m[0].parameters(), "lr": 0.05}, {"params": m[1].parameters()}], lr=0.02),
     lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 4, 0.001)),
    ("sgd", lambda m: optim.SGD(m.parameters(), lr=0.1, momentum=0.9, nesterov=True), half_every_two),
    ("plain_sgd", lambda m: optim.SGD(m.parameters(), lr=0.1), lambda o: optim.lr_scheduler.StepLR(o, 1, 0.5)),
]
if sys.argv[1:2] == ["--check"]:
    with tempfile.TemporaryDirectory() as written:
        subprocess.run([sys.argv[2], "[states]"], check=True, env={**os.environ, "XNN_STATES_FOLDER": written}, stdout=subprocess.DEVNULL)
        sys.exit(0 if all([check(*training, pathlib.Path(written)) for training in trainings]) else 1)
for training in trainings:
    run(*training)
