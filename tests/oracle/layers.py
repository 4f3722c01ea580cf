"""Writes tests/fixtures/layers.safetensors: what PyTorch's layers and losses make of given inputs, and their gradients.

A case `name` has the entries
  name/x, name/gy       the input and the gradient of the result
  name/y, name/gx       the result and the gradient of the input
  name/p/…, name/g/…    each parameter and its gradient
  name/b/…              each buffer after the forward pass
  name/t, name/gt       a loss's target and, if it has one, its gradient
All in float64; inputs and parameters are numbers that float32 holds exactly.
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
    return tensor.detach().to(torch.float32).to(torch.float64) if tensor.is_floating_point() else tensor.detach()


def keep(name, tensor):
    entries[name] = tensor.detach().clone().contiguous()


def random(*shape, scale=1.5):
    return exact(torch.randn(shape) * scale)


def layer(name, module, x, training=True):
    module.train(training)
    for parameter in module.parameters():
        parameter.data = exact(parameter.data + 0.1 * torch.randn_like(parameter))
        parameter.grad = None
    keep(f"{name}/x", x)
    for key, parameter in module.named_parameters():
        keep(f"{name}/p/{key}", parameter)
    if x.is_floating_point():
        x = x.clone().requires_grad_()
    y = module(x)
    gy = random(*y.shape)
    y.backward(gy)
    keep(f"{name}/gy", gy)
    keep(f"{name}/y", y)
    if x.is_floating_point():
        keep(f"{name}/gx", x.grad)
    for key, parameter in module.named_parameters():
        keep(f"{name}/g/{key}", parameter.grad)
    for key, buffer in module.named_buffers():
        keep(f"{name}/b/{key}", buffer)


def loss(name, function, x, target, target_gradient=False):
    keep(f"{name}/x", x)
    keep(f"{name}/t", target)
    x = x.clone().requires_grad_()
    target = target.clone().requires_grad_(target_gradient)
    y = function(x, target)
    gy = random(*y.shape)
    y.backward(gy)
    keep(f"{name}/gy", gy)
    keep(f"{name}/y", y)
    keep(f"{name}/gx", x.grad)
    if target_gradient:
        keep(f"{name}/gt", target.grad)


def activations():
    x = random(3, 6)
    without_options = ["ReLU", "ReLU6", "Sigmoid", "LogSigmoid", "SiLU", "Tanh", "Tanhshrink", "GELU", "SELU", "Mish", "Hardsigmoid", "Hardswish",
                       "Softsign", "LeakyReLU", "ELU", "CELU", "Hardshrink", "Softshrink", "Hardtanh", "Softplus"]
    for name in without_options:
        layer(name, getattr(nn, name)(), 3 * x if name in ("ReLU6", "Hardsigmoid", "Hardswish") else x)
    layer("GELUTanh", nn.GELU(approximate="tanh"), x)
    layer("LeakyReLU(0.2)", nn.LeakyReLU(0.2), x)
    layer("ELU(0.5)", nn.ELU(0.5), x)
    layer("CELU(0.5)", nn.CELU(0.5), x)
    layer("Hardshrink(1)", nn.Hardshrink(1), x)
    layer("Softshrink(1)", nn.Softshrink(1), x)
    layer("Hardtanh(-2,0.5)", nn.Hardtanh(-2, 0.5), x)
    layer("Softplus(2,1)", nn.Softplus(2, 1), x)
    layer("Threshold(0.1,20)", nn.Threshold(0.1, 20), x)
    layer("RReLU eval", nn.RReLU(0.1, 0.4), x, training=False)
    layer("PReLU", nn.PReLU(), x)
    layer("PReLU(6)", nn.PReLU(6), x)
    layer("PReLU(3) image", nn.PReLU(3), random(2, 3, 2, 2))
    layer("GLU", nn.GLU(), x)
    layer("GLU(1)", nn.GLU(1), random(2, 4, 3))
    for dim in range(3):
        x = random(2, 3, 4)
        layer(f"Softmax({dim})", nn.Softmax(dim), x)
        layer(f"LogSoftmax({dim})", nn.LogSoftmax(dim), x)
    layer("Softmin(1)", nn.Softmin(1), random(2, 3, 4))
    layer("Softmax2d", nn.Softmax2d(), random(2, 3, 2, 2))


def products():
    layer("Linear(5,3)", nn.Linear(5, 3), random(4, 5))
    layer("Linear(5,3) no bias", nn.Linear(5, 3, bias=False), random(2, 2, 5))
    layer("Conv1d", nn.Conv1d(2, 3, 3, stride=2, padding=1), random(2, 2, 7))
    layer("Conv2d", nn.Conv2d(2, 4, 3), random(2, 2, 6, 5))
    layer("Conv2d strided", nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2, bias=False), random(2, 2, 6, 5))
    layer("Embedding", nn.Embedding(6, 3, padding_idx=2), torch.tensor([[1, 2, 5], [0, 1, 1]]))
    layer("Flatten", nn.Flatten(), random(2, 3, 2))
    layer("Unflatten", nn.Unflatten(1, (2, 3)), random(2, 6))


def pooling():
    image = random(2, 3, 7, 6)
    layer("MaxPool1d", nn.MaxPool1d(3, stride=2, padding=1), random(2, 3, 7))
    layer("MaxPool2d", nn.MaxPool2d(2), image)
    layer("MaxPool2d options", nn.MaxPool2d((3, 2), stride=(1, 2), padding=1, dilation=(2, 1), ceil_mode=True), image)
    layer("AvgPool1d", nn.AvgPool1d(3, stride=2, padding=1), random(2, 3, 7))
    layer("AvgPool2d", nn.AvgPool2d(2), image)
    layer("AvgPool2d options", nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False), image)
    layer("AdaptiveAvgPool1d", nn.AdaptiveAvgPool1d(3), random(2, 3, 7))
    layer("AdaptiveAvgPool2d", nn.AdaptiveAvgPool2d((3, None)), image)
    layer("AdaptiveMaxPool1d", nn.AdaptiveMaxPool1d(3), random(2, 3, 7))
    layer("AdaptiveMaxPool2d", nn.AdaptiveMaxPool2d((2, 4)), image)


def normalization():
    rows, lines, images = random(5, 4), random(3, 4, 5), random(2, 4, 3, 2)
    norm = nn.BatchNorm1d(4)
    layer("BatchNorm1d", norm, rows)
    layer("BatchNorm1d again", norm, random(5, 4))
    layer("BatchNorm1d eval", norm, rows, training=False)
    layer("BatchNorm1d lines", nn.BatchNorm1d(4, eps=1e-3, momentum=0.3), lines)
    norm = nn.BatchNorm2d(4, momentum=None)
    layer("BatchNorm2d", norm, images)
    layer("BatchNorm2d again", norm, random(2, 4, 3, 2))
    layer("BatchNorm2d plain", nn.BatchNorm2d(4, affine=False, track_running_stats=False), images, training=False)
    layer("LayerNorm", nn.LayerNorm(5), lines)
    layer("LayerNorm 2", nn.LayerNorm((4, 5), eps=1e-3), lines)
    layer("LayerNorm no bias", nn.LayerNorm(5, bias=False), lines)
    layer("LayerNorm plain", nn.LayerNorm(5, elementwise_affine=False), lines)


def losses():
    x, t = random(4, 3), random(4, 3)
    p, q = exact(torch.rand(4, 3)), exact(torch.rand(4, 3))
    k, images, labels = torch.tensor([1, 2, 0, 1]), random(2, 3, 2, 2), torch.tensor([[[0, 1], [2, 1]], [[1, 0], [2, 2]]])
    weight, positive = exact(torch.tensor([0.5, 2.0, 1.25])), exact(torch.tensor([3.0, 0.5, 1.0]))
    keep("losses/weight", weight)
    keep("losses/positive", positive)
    for r in ("none", "mean", "sum"):
        loss(f"CrossEntropyLoss {r}", nn.CrossEntropyLoss(reduction=r), x, k)
        loss(f"CrossEntropyLoss options {r}", nn.CrossEntropyLoss(weight, ignore_index=2, label_smoothing=0.1, reduction=r), x, k)
        loss(f"CrossEntropyLoss probabilities {r}", nn.CrossEntropyLoss(weight, label_smoothing=0.2, reduction=r), x, p, True)
        loss(f"CrossEntropyLoss images {r}", nn.CrossEntropyLoss(reduction=r), images, labels)
        loss(f"NLLLoss {r}", nn.NLLLoss(reduction=r), x, k)
        loss(f"NLLLoss options {r}", nn.NLLLoss(weight, ignore_index=1, reduction=r), images, labels)
        loss(f"MSELoss {r}", nn.MSELoss(reduction=r), x, t, True)
        loss(f"L1Loss {r}", nn.L1Loss(reduction=r), x, t, True)
        loss(f"SmoothL1Loss {r}", nn.SmoothL1Loss(beta=0.7, reduction=r), x, t, True)
        loss(f"SmoothL1Loss(0) {r}", nn.SmoothL1Loss(beta=0, reduction=r), x, t, True)
        loss(f"HuberLoss {r}", nn.HuberLoss(delta=0.7, reduction=r), x, t, True)
        loss(f"BCELoss {r}", nn.BCELoss(reduction=r), p, q, True)
        loss(f"BCELoss weight {r}", nn.BCELoss(weight, reduction=r), p, q)
        loss(f"BCEWithLogitsLoss {r}", nn.BCEWithLogitsLoss(reduction=r), x, q, True)
        loss(f"BCEWithLogitsLoss weights {r}", nn.BCEWithLogitsLoss(weight, pos_weight=positive, reduction=r), x, q, True)
        loss(f"KLDivLoss {r}", nn.KLDivLoss(reduction=r), x, p, True)
        loss(f"KLDivLoss logs {r}", nn.KLDivLoss(log_target=True, reduction=r), x, t, True)
    loss("KLDivLoss batchmean", nn.KLDivLoss(reduction="batchmean"), x, p, True)
    loss("BCELoss at the ends", nn.BCELoss(), exact(torch.tensor([[0.0, 1.0, 1e-30]])), exact(torch.tensor([[1.0, 0.0, 1.0]])))


def losses_of_one_sample():
    weight = entries["losses/weight"]
    for r in ("none", "mean", "sum"):
        x, p = random(3), exact(torch.rand(3))
        loss(f"CrossEntropyLoss one {r}", nn.CrossEntropyLoss(weight, label_smoothing=0.1, reduction=r), x, torch.tensor(1))
        loss(f"CrossEntropyLoss one probabilities {r}", nn.CrossEntropyLoss(reduction=r), x, p, True)
        loss(f"NLLLoss one {r}", nn.NLLLoss(weight, reduction=r), x, torch.tensor(2))


activations()
products()
pooling()
normalization()
losses()
losses_of_one_sample()
path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "layers.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/layers.py"})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
