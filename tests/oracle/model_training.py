"""Writes tests/fixtures/model_training.safetensors: the losses of ten training steps of whole models of PyTorch's.

Weights and images come from formula.py. The entry `name/SGD` or `name/Adam` holds the losses, in float64.

A rectifier's input that lies within rounding of zero decides by chance whether a gradient goes through it. In ResNet-18
with torchvision's widths about one in a step does: PyTorch's own losses in float32 then differ by 3e-3 if its weights differ
by 1e-7. So cases that are to hold in float32 are ones in which that has no effect: this script tries it, and refuses others.
"""

import copy
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn

import formula
import reference_models as models

classes = 10
steps = 10
entries = {}
optimizers = {
    "SGD": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "Adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
}


def losses(model, make, lr, x, t):
    optimizer = make(model.parameters(), lr)
    result = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), t)
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return torch.tensor(result, dtype=torch.float64)


def perturbed(model):
    model = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1 + 1e-7 * torch.randn_like(parameter))
    return model


def case(name, model, x, rates, holds_in_float32=True):
    model = formula.fill(model).train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    labels = torch.arange(len(x)) * 3 % classes
    for key, lr in rates.items():
        exact = losses(copy.deepcopy(model).double(), optimizers[key], lr, x.double(), labels)
        single = [losses(perturbed(model), optimizers[key], lr, x, labels) for _ in range(5)]
        off = max((loss / exact - 1).abs().max().item() for loss in single)
        print(name, key, exact[[0, -1]].tolist(), "float32 off by", off, flush=True)
        assert off < 5e-4 or not holds_in_float32, f"{name}: rounding decides"
        entries[f"{name}/{key}"] = exact


torch.manual_seed(0)
torch.set_num_threads(1)
case("resnet18", models.resnet18(classes), formula.images(4, 3, 64, 64), {"SGD": 0.01}, holds_in_float32=False)
case("narrow_resnet18", models.resnet18(classes, width=8), formula.images(8, 3, 32, 32), {"SGD": 0.01, "Adam": 1e-3})
case("bottlenecks", models.ResNet(models.Bottleneck, (2, 2, 2, 2), classes, width=8), formula.images(8, 3, 64, 64), {"SGD": 1e-5, "Adam": 1e-5})
case("vgg11", models.vgg11(classes, hidden=32), formula.images(4, 3, 32, 32), {"SGD": 0.001, "Adam": 1e-4})
case("mobilenet_v2", models.MobileNetV2(classes), formula.images(8, 3, 64, 64), {"SGD": 1e-6, "Adam": 1e-6})

path = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "fixtures" / "model_training.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/model_training.py"})
