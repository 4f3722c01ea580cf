"""Modules of all kinds: what PyTorch prints of them, how it names what is in them, and files of their states.

    python3 tests/oracle/module_texts.py [FOLDER]              writes modules.txt, model_texts.txt and module_states.pt to tests/fixtures
    python3 tests/oracle/module_texts.py --check PROGRAM       runs PROGRAM, which writes files of its own, and compares them

A record of modules.txt begins with "# name" (those of torchvision's networks are in model_texts.txt), then come the printed module and a line each for its named parameters, buffers
and modules and for the keys of its state dict. tests/nn/module_texts.cpp defines the same modules, reads module_states.pt, and
where XNN_STATES_FOLDER names a folder writes each module's state there in every format.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
from collections import OrderedDict

import torch
from torch import nn

import reference_models as models


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(2, 2, bias=False)
        self.decode = nn.Linear(2, 2, bias=False)
        self.decode.weight = self.encode.weight


class Holder(nn.Module):
    """Parameters, buffers and modules in an order in which nobody writes them."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 3)
        self.register_buffer("steps", torch.zeros(1))
        self.scale = nn.Parameter(torch.ones(3))
        self.register_buffer("mask", torch.ones(3, 3), persistent=False)
        self.shift = nn.Parameter(torch.ones(3))
        self.norm = nn.BatchNorm1d(3, affine=False)


class Containers(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
        self.stages = nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Tanh(), nn.Tanh()])
        self.heads = nn.ModuleDict({"a": nn.Linear(2, 1), "b": nn.Linear(2, 1)})
        self.choices = nn.ModuleDict({"conv": nn.Conv1d(1, 2, 3), "pool": nn.MaxPool1d(3)})
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(2, 3)) for _ in range(2)])
        self.shifts = nn.ParameterDict({"down": nn.Parameter(torch.ones(2)), "up": nn.Parameter(torch.ones(2))})


class Rotation(nn.Module):
    def __init__(self, degrees):
        super().__init__()
        self.degrees = degrees
        self.fc = nn.Linear(2, 2)

    def extra_repr(self):
        return f"degrees={self.degrees}"


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 4, 3, stride=2, padding=1), act=nn.SiLU()))
        self.decoder = nn.Sequential(OrderedDict(up=nn.ConvTranspose2d(4, 1, 4, stride=2, padding=1), act=nn.Sigmoid()))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(4, 3, num_layers=2, nonlinearity="relu")
        self.lstm = nn.LSTM(4, 3, batch_first=True, bidirectional=True, proj_size=2)
        self.gru = nn.GRU(4, 3, num_layers=2, bias=False, dropout=0.25)
        self.cells = nn.ModuleList([nn.RNNCell(4, 3, nonlinearity="relu"), nn.LSTMCell(4, 3, bias=False), nn.GRUCell(4, 3)])


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4, padding_idx=0, max_norm=1.5)
        self.bag = nn.EmbeddingBag(10, 4, mode="sum", sparse=True)
        self.criterion = nn.CrossEntropyLoss()
        self.distance = nn.MSELoss()


cases = {
    "mlp": nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2, bias=False)),
    "lenet": models.LeNet(10),
    "ds_cnn": models.ds_cnn(),
    "autoencoder": Autoencoder(),
    "activations": nn.Sequential(
        nn.ReLU(), nn.ReLU6(), nn.Sigmoid(), nn.LogSigmoid(), nn.SiLU(), nn.Tanh(), nn.Tanhshrink(), nn.GELU(),
        nn.GELU(approximate="tanh"), nn.SELU(), nn.Mish(), nn.Hardsigmoid(), nn.Hardswish(), nn.Softsign()),
    "activations with options": nn.Sequential(
        nn.LeakyReLU(0.2), nn.ELU(), nn.CELU(1.5), nn.Hardshrink(), nn.Softshrink(0.25), nn.Hardtanh(-2.0, 2.0), nn.Softplus(), nn.Threshold(0.1, 20.0),
        nn.RReLU(), nn.PReLU(3), nn.Softmax(dim=1), nn.LogSoftmax(dim=-1), nn.Softmin(dim=0), nn.Softmax2d(), nn.GLU()),
    "activations in place": nn.Sequential(
        nn.ReLU(True), nn.ReLU6(inplace=True), nn.SiLU(True), nn.SELU(True), nn.Mish(True), nn.LeakyReLU(0.2, True), nn.ELU(1.5, True), nn.CELU(1.5, True),
        nn.Hardtanh(-2.0, 2.0, True), nn.Threshold(0.1, 20.0, True)),
    "poolings": nn.Sequential(
        nn.MaxPool1d(2), nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), nn.MaxPool3d((1, 2, 2)), nn.AvgPool1d(2), nn.AvgPool2d((2, 3)),
        nn.AvgPool3d(2, stride=1), nn.LPPool1d(2.0, 3), nn.LPPool2d(1.5, (2, 3), stride=2), nn.MaxUnpool1d(2), nn.MaxUnpool2d(2, stride=3),
        nn.AdaptiveAvgPool1d(4), nn.AdaptiveAvgPool2d((3, 5)), nn.AdaptiveMaxPool2d(1), nn.AdaptiveMaxPool3d((1, 2, 3))),
    "normalisations": nn.Sequential(
        nn.BatchNorm1d(4), nn.BatchNorm2d(4, eps=1e-3, momentum=None), nn.BatchNorm3d(4, track_running_stats=False), nn.InstanceNorm1d(4),
        nn.InstanceNorm2d(4, affine=True, track_running_stats=True), nn.GroupNorm(2, 4), nn.LayerNorm((2, 4)), nn.LayerNorm(4, elementwise_affine=False),
        nn.LocalResponseNorm(3), nn.RMSNorm(4), nn.RMSNorm((2, 4), eps=1e-6)),
    "convolutions": nn.Sequential(
        nn.Conv1d(4, 8, 3), nn.Conv2d(4, 8, (3, 5), stride=(1, 2), padding=(1, 2), dilation=2, groups=2), nn.Conv3d(4, 8, 2, bias=False),
        nn.ConvTranspose1d(4, 8, 3), nn.ConvTranspose2d(4, 8, 3, stride=2, output_padding=1), nn.ConvTranspose3d(4, 8, 2, groups=4, bias=False)),
    "paddings and patches": nn.Sequential(
        nn.ReflectionPad1d(2), nn.ReplicationPad2d((1, 2, 3, 4)), nn.CircularPad3d(1), nn.ZeroPad2d(1), nn.ConstantPad1d((2, 0), 1.5),
        nn.Unfold(3, padding=1), nn.Fold((4, 5), (2, 2))),
    "plain": nn.Sequential(nn.Dropout(), nn.Dropout1d(0.25), nn.Dropout2d(0.1), nn.Flatten(), nn.Flatten(0, 1), nn.Unflatten(1, (2, 5)), nn.Identity()),
    "recurrent": Recurrent(),
    "classifier": Classifier(),
    "attention": nn.MultiheadAttention(8, 2, dropout=0.1),
    "attention of others": nn.MultiheadAttention(8, 2, bias=False, add_bias_kv=True, kdim=6, vdim=4),
    "encoder": nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 3, norm=nn.LayerNorm(8), enable_nested_tensor=False),
    "transformer": nn.Transformer(8, 2, num_encoder_layers=1, num_decoder_layers=2, dim_feedforward=16, dropout=0.0),
    "tied": Tied(),
    "holder": Holder(),
    "containers": Containers(),
    "rotation": Rotation(90.0),
}

networks = {
    "resnet18": models.resnet18(1000),
    "resnet50": models.resnet50(1000),
    "vgg11": models.vgg11(1000, hidden=64),
    "vgg16_bn": models.vgg16(1000, hidden=64, batch_norm=True),
    "mobilenet_v2": models.MobileNetV2(1000),
}


def names(pairs):
    return "".join(" " + name for name, _ in pairs)


def record(name, module):
    modules = "".join(" " + path for path, _ in module.named_modules() if path)
    return (f"# {name}\n{module}\nparameters:{names(module.named_parameters())}\nbuffers:{names(module.named_buffers())}\n"
            f"modules:{modules}\nstate:{names(module.state_dict().items())}\n")


def fill(module):
    """Numbers that are a function of their place in a tensor."""
    with torch.no_grad():
        for value in module.state_dict().values():
            places = torch.arange(value.numel()).reshape(value.shape) % 13
            value.copy_(places / 8 if value.is_floating_point() else places)
    return module


def check(program):
    """Every file that the program writes has the module's keys in their order, and its tensors, and goes into it."""
    import numpy
    from safetensors.torch import load_file

    problems = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "[states]"], check=True,
                       env={**os.environ, "XNN_STATES_FOLDER": folder}, stdout=subprocess.DEVNULL)
        for name, module in cases.items():
            expected = fill(module).state_dict()
            path = os.path.join(folder, name)
            arrays = numpy.load(path + ".npz")
            files = {
                "pt": torch.load(path + ".pt", weights_only=True),
                "npz": {key: torch.from_numpy(arrays[key]) for key in arrays.files},
                "safetensors": load_file(path + ".safetensors"),
            }
            for kind, state in files.items():
                same_keys = list(state) == list(expected) if kind != "safetensors" else sorted(state) == sorted(expected)
                same = same_keys and all(torch.equal(state[key], value) and state[key].dtype == value.dtype for key, value in expected.items())
                if not same:
                    print(f"{name}.{kind} differs: {list(state)} instead of {list(expected)}")
                    problems += 1
                else:
                    module.load_state_dict(state)
    print(f"{3 * len(cases)} files of {len(cases)} modules, {problems} differ")
    return problems == 0


if sys.argv[1:2] == ["--check"]:
    sys.exit(0 if check(sys.argv[2]) else 1)
folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "fixtures")
(folder / "modules.txt").write_text("".join(record(name, module) for name, module in cases.items()), encoding="utf-8")
(folder / "model_texts.txt").write_text("".join(record(name, module) for name, module in networks.items()), encoding="utf-8")
torch.save({name: fill(module).state_dict() for name, module in cases.items()}, folder / "module_states.pt")
