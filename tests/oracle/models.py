"""Writes tests/fixtures/models.safetensors and tests/fixtures/<model>.keys.txt: what whole models of PyTorch's answer.

The weights come from formula.py, so that the files hold results only. A case `name` has the entries
  name/eval, name/train      logits in both modes; dropout keeps everything
  name/b/…                   sums of each buffer after the forward pass in training
  name/SGD, name/Adam        the losses of ten steps from the same beginning
All in float64. A line of a .keys.txt is an entry of the state dict: its name and extents.
"""

import copy
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn

import formula
import reference_models as models

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "fixtures")
entries = {}
classes = 10
optimizers = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.001, momentum=0.9),
    "Adam": lambda p: torch.optim.Adam(p, lr=1e-4),
}


def losses(model, make, x, t):
    model = copy.deepcopy(model).train()
    optimizer = make(model.parameters())
    result = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), t)
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return torch.tensor(result, dtype=torch.float64)


def keys(name, model):
    lines = [" ".join([key, *map(str, tensor.shape)]) for key, tensor in model.state_dict().items()]
    (folder / f"{name}.keys.txt").write_text("\n".join(lines) + "\n")


def case(name, model, x, train=()):
    model = formula.fill(model)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    labels = torch.arange(len(x)) * 3 % classes
    for key in train:
        single = losses(model, optimizers[key], x, labels)
        entries[f"{name}/{key}"] = losses(copy.deepcopy(model).double(), optimizers[key], x.double(), labels)
        print(name, key, entries[f"{name}/{key}"][[0, -1]].tolist(), "float32 off by", ((single / entries[f"{name}/{key}"]) - 1).abs().max().item())
    model = model.double()
    with torch.no_grad():
        entries[f"{name}/eval"] = model.eval()(x.double())
        entries[f"{name}/train"] = model.train()(x.double())
    for key, buffer in model.named_buffers():
        if buffer.is_floating_point():
            entries[f"{name}/b/{key}"] = torch.stack([buffer.sum(), (buffer * buffer).sum()])


torch.manual_seed(0)
torch.set_num_threads(1)
x = formula.images(4, 3, 64, 64)
case("resnet18", models.resnet18(classes), x, ("SGD", "Adam"))
case("resnet50", models.resnet50(classes), x)
case("mobilenet_v2", models.MobileNetV2(classes), x)
case("vgg11", models.vgg11(classes, hidden=32), x[:2])
case("vgg16_bn", models.vgg16(classes, hidden=32, batch_norm=True), x[:2])
case("lenet", models.LeNet(classes), formula.images(4, 1, 28, 28), ("SGD", "Adam"))
case("anomaly_autoencoder", models.anomaly_autoencoder(), formula.images(4, 640))
case("ds_cnn", models.ds_cnn(), formula.images(4, 1, 49, 10))
case("mobilenet_v1", models.mobilenet_v1(), formula.images(2, 3, 96, 96))
case("resnet8", models.resnet8(), formula.images(4, 3, 32, 32), ("SGD", "Adam"))

keys("resnet18", models.resnet18(1000))
keys("resnet50", models.resnet50(1000))
keys("mobilenet_v2", models.MobileNetV2(1000))
keys("vgg16_bn", models.vgg16(classes, hidden=32, batch_norm=True))
save_file(entries, folder / "models.safetensors", metadata={"torch": torch.__version__, "written_by": "tests/oracle/models.py"})
