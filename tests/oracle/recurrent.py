"""Writes tests/fixtures/recurrent.safetensors: what PyTorch's recurrent layers and cells make of given inputs, and their
gradients.

A case `name` has the entries
  name/x, name/h_0, name/c_0, name/lengths        the arguments that it has
  name/output, name/h_n, name/c_n                 the results
  name/goutput, name/gh_n, name/gc_n              the gradients of the results
  name/gx, name/gh_0, name/gc_0                   those of the arguments
  name/p/…, name/g/…                              each parameter and its gradient, in the order of the state dict
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
metadata = {"torch": torch.__version__, "written_by": "tests/oracle/recurrent.py"}


def exact(tensor):
    return tensor.detach().to(torch.float32).to(torch.float64)


def keep(name, tensor):
    entries[name] = tensor.detach().clone().contiguous()


def random(*shape):
    return exact(torch.randn(shape))


def flat(results):
    """output, (h_n, c_n) → output, h_n, c_n."""
    return [leaf for result in results for leaf in (result if isinstance(result, tuple) else (result,))]


def run(name, module, call, arguments, result_names):
    for parameter in module.parameters():
        parameter.data = exact(parameter.data)
    arguments = {key: value.clone().requires_grad_() for key, value in arguments.items()}
    for key, value in arguments.items():
        keep(f"{name}/{key}", value)
    results = dict(zip(result_names, call(arguments)))
    gradients = {key: random(*value.shape) for key, value in results.items()}
    torch.autograd.backward(list(results.values()), list(gradients.values()))
    for key, value in results.items():
        keep(f"{name}/{key}", value)
        keep(f"{name}/g{key}", gradients[key])
    for key, value in arguments.items():
        keep(f"{name}/g{key}", value.grad)
    for key, parameter in module.named_parameters():
        keep(f"{name}/p/{key}", parameter)
        keep(f"{name}/g/{key}", parameter.grad)
    metadata[f"{name}/keys"] = " ".join(module.state_dict())


def states(module, batch, given):
    if not given:
        return {}
    directions = 2 if module.bidirectional else 1
    batch = () if batch is None else (batch,)
    names = {"h_0": getattr(module, "proj_size", 0) or module.hidden_size}
    if isinstance(module, nn.LSTM):
        names["c_0"] = module.hidden_size
    return {key: random(module.num_layers * directions, *batch, width) for key, width in names.items()}


def state_of(arguments):
    given = [arguments[key] for key in ("h_0", "c_0") if key in arguments]
    return [] if not given else [given[0] if len(given) == 1 else tuple(given)]


def layer(name, module, x, given=True, lengths=None, enforce_sorted=True, padding_value=0.0):
    batch = None if x.dim() == 2 else x.shape[0 if module.batch_first else 1]
    arguments = {"x": x, **states(module, batch, given)}
    first = module.batch_first

    def call(arguments):
        x = arguments["x"]
        if lengths is None:
            return flat(module(x, *state_of(arguments)))
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=enforce_sorted)
        output, *rest = module(packed, *state_of(arguments))
        output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=first, padding_value=padding_value, total_length=x.shape[1 if first else 0])
        return flat([output, *rest])

    if lengths is not None:
        keep(f"{name}/lengths", lengths)
    run(name, module, call, arguments, ["output", "h_n", "c_n"] if isinstance(module, nn.LSTM) else ["output", "h_n"])


def cell(name, module, x, given=True):
    batch = x.shape[:-1]
    arguments = {"x": x}
    if given:
        arguments["h_0"] = random(*batch, module.hidden_size)
        if isinstance(module, nn.LSTMCell):
            arguments["c_0"] = random(*batch, module.hidden_size)

    def call(arguments):
        result = module(arguments["x"], *state_of(arguments))
        return list(result) if isinstance(result, tuple) else [result]

    run(name, module, call, arguments, ["output", "c_n"] if isinstance(module, nn.LSTMCell) else ["output"])


def layers():
    x = random(5, 3, 4)
    for kind in ("RNN", "LSTM", "GRU"):
        make = getattr(nn, kind)
        layer(kind, make(4, 6), x)
        layer(f"{kind} no state", make(4, 6), x, given=False)
        layer(f"{kind} options", make(4, 3, num_layers=3, batch_first=True, bidirectional=True, bias=False), random(2, 4, 4))
        layer(f"{kind} unbatched", make(4, 3, num_layers=2), random(5, 4))
        layer(f"{kind} dropped", make(4, 3, num_layers=2, dropout=1.0), random(3, 2, 4))
        lengths = torch.tensor([5, 3, 2])
        layer(f"{kind} packed", make(4, 3, bidirectional=True, num_layers=2), x, lengths=lengths)
        layer(f"{kind} unsorted", make(4, 3, bidirectional=True, batch_first=True), random(4, 5, 4), lengths=torch.tensor([2, 5, 1, 4]), enforce_sorted=False, padding_value=-7.5)
    layer("RNN relu", nn.RNN(4, 6, nonlinearity="relu"), x)
    layer("LSTM projected", nn.LSTM(4, 5, num_layers=2, proj_size=3), x)
    layer("LSTM projected packed", nn.LSTM(4, 5, num_layers=2, proj_size=3, bidirectional=True), x, lengths=torch.tensor([4, 4, 1]))


def cells():
    for kind in ("RNN", "LSTM", "GRU"):
        make = getattr(nn, kind + "Cell")
        layer_name = f"{kind}Cell"
        cell(layer_name, make(4, 6), random(3, 4))
        cell(f"{layer_name} no state", make(4, 6), random(3, 4), given=False)
        cell(f"{layer_name} no bias", make(4, 6, bias=False), random(3, 4))
        cell(f"{layer_name} unbatched", make(4, 6), random(4))
    cell("RNNCell relu", nn.RNNCell(4, 6, nonlinearity="relu"), random(3, 4))


layers()
cells()
path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "recurrent.safetensors")
save_file(entries, path, metadata=metadata)
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
