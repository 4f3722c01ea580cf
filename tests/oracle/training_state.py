"""Writes tests/fixtures/checkpoints/training_*.pt: whole trainings as PyTorch's users save them, and how they go on.

A file holds the state after three steps (model, optimizer, scheduler, epoch), and as "after" the model's after two more.
The network is two layers without activation; the data are formulas that tests/io/checkpoint.cpp repeats.

    /path/to/python tests/oracle/training_state.py [FOLDER]
"""

import pathlib
import sys

import torch
from torch import nn, optim

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "fixtures" / "checkpoints")


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


if __name__ == "__main__":
    run("adam", lambda m: optim.Adam(m.parameters(), lr=0.02, betas=(0.8, 0.99), amsgrad=True), lambda o: optim.lr_scheduler.StepLR(o, 2, 0.5))
    run("adamw", lambda m: optim.AdamW([{"params": m[0].parameters(), "lr": 0.05}, {"params": m[1].parameters()}], lr=0.02),
        lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 4, 0.001))
    run("sgd", lambda m: optim.SGD(m.parameters(), lr=0.1, momentum=0.9, nesterov=True), lambda o: optim.lr_scheduler.StepLR(o, 2, 0.5))
    run("plain_sgd", lambda m: optim.SGD(m.parameters(), lr=0.1), lambda o: optim.lr_scheduler.StepLR(o, 1, 0.5))
