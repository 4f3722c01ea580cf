"""Writes tests/fixtures/hooks.txt: which hooks PyTorch runs when, what they see, and what becomes of what they replace.

A record begins with "# name"; each line is an event, its module and the numbers that it sees. tests/nn/hooks.cpp repeats them.

    /path/to/python tests/oracle/hooks.py [FOLDER]
"""

import pathlib
import sys

import torch
from torch import nn
from torch.nn.modules import module as global_hooks

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "fixtures")
lines = []


def text(tensor):
    return "none" if tensor is None else " ".join(f"{x:.7g}" for x in tensor.detach().flatten().tolist())


def log(event, module, *arrays):
    if isinstance(module, nn.Module):
        module = type(module).__name__
    lines.append(f"{event} {module}" + "".join(" | " + text(array) for array in arrays))


def watch(what, name):
    """All four kinds of hooks, which change nothing."""
    return [
        what.register_forward_pre_hook(lambda m, i: log(name + " pre", m, *i)),
        what.register_forward_hook(lambda m, i, o: log(name + " forward", m, *i, *(o if isinstance(o, tuple) else (o,)))),
        what.register_full_backward_pre_hook(lambda m, o: log(name + " backward pre", m, *o)),
        what.register_full_backward_hook(lambda m, i, o: log(name + " backward", m, *i, *o)),
    ]


class Everywhere:
    register_forward_pre_hook = staticmethod(global_hooks.register_module_forward_pre_hook)
    register_forward_hook = staticmethod(global_hooks.register_module_forward_hook)
    register_full_backward_pre_hook = staticmethod(global_hooks.register_module_full_backward_pre_hook)
    register_full_backward_hook = staticmethod(global_hooks.register_module_full_backward_hook)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.act = nn.Tanh()
        self.second = nn.Linear(3, 2)

    def forward(self, x):
        h = self.first(x)
        return self.second(h + self.act(h))


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, a, b):
        return self.fc(a) * b, a + 1.0


def fill(model):
    with torch.no_grad():
        for number, parameter in enumerate(model.parameters()):
            parameter.copy_(torch.sin(torch.arange(parameter.numel(), dtype=torch.float32) + number).reshape(parameter.shape) / 2)
    return model


def inputs(*extents):
    return torch.cos(torch.arange(torch.Size(extents).numel(), dtype=torch.float32)).reshape(extents)


def finish(name, model):
    for parameter in model.parameters():
        log("gradient", "of", parameter.grad)
    records.append(f"# {name}\n" + "".join(line + "\n" for line in lines))
    lines.clear()


records = []

# Order: all modules' hooks before a module's own, and both in the order of registration; one in front by prepend.
model = fill(Residual())
handles = watch(model.first, "own") + watch(model, "own") + watch(Everywhere, "all")
handles.append(model.first.register_forward_hook(lambda m, i, o: log("first of all", m, o), prepend=True))
(model(inputs(2, 3)) ** 2).sum().backward()
for handle in handles:
    handle.remove()
(model(inputs(2, 3)) ** 2).sum().backward()
finish("order", model)

# Replacement: by what has a gradient, by what has none, and of gradients on both sides.
model = fill(Residual())
handles = [
    model.first.register_forward_pre_hook(lambda m, i: (i[0] * 2,)),
    model.first.register_forward_hook(lambda m, i, o: o * o),
    model.act.register_full_backward_pre_hook(lambda m, o: (o[0] * 3,)),
    model.act.register_full_backward_hook(lambda m, i, o: (i[0] + 1,)),
    model.register_full_backward_pre_hook(lambda m, o: (torch.ones_like(o[0]),)),
] + watch(model.first, "own") + watch(model.act, "own") + watch(model, "own")
(model(inputs(2, 3)) ** 2).sum().backward()
for handle in handles:
    handle.remove()
finish("replacement", model)

model = fill(Residual())
handles = [model.act.register_forward_hook(lambda m, i, o: torch.full_like(o, 0.5))] + watch(model.first, "own") + watch(model.act, "own")
(model(inputs(2, 3)) ** 2).sum().backward()
for handle in handles:
    handle.remove()
finish("a constant", model)

# Several inputs and outputs; one input without a gradient.
model = fill(Mixer())
weight = fill(nn.Linear(3, 3))
handles = watch(model, "own")
a, b = model(weight(inputs(2, 3)), inputs(2, 2))
(a.sum() + (b ** 2).sum()).backward()
for handle in handles:
    handle.remove()
finish("several", model)

# States: outside in before, inside out behind.
model = fill(nn.Sequential(nn.Linear(2, 1), nn.Sequential(nn.Linear(1, 1))))
for path, module in model.named_modules():
    module.register_state_dict_pre_hook(lambda m, prefix, keep: log("before", prefix or "-"))
    module.register_state_dict_post_hook(lambda m, state, prefix, meta: log("behind", (prefix or "-") + " " + str(len(state))))
    module.register_load_state_dict_pre_hook(lambda m, state, prefix, *rest: log("load", prefix or "-"))
    module.register_load_state_dict_post_hook(lambda m, keys: log("loaded", m))
state = model.state_dict()
model.load_state_dict(state)
records.append("# states\n" + "".join(line + "\n" for line in lines))

(folder / "hooks.txt").write_text("".join(records), encoding="utf-8")
