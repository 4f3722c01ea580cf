"""Writes tests/fixtures/functors.txt: PyTorch's values and gradients of all pointwise functions, in double precision.

A line is: function, kind ("smooth" where finite differences apply, else "special"), number of arguments, the arguments,
the value, and for differentiable functions the gradient of each argument that has one.

    python3 tests/oracle/functors.py [FILE]
"""

import math
import pathlib
import random
import sys

import torch
import torch.nn.functional as F

inf, nan = math.inf, math.nan
edges = [0.0, -0.0, inf, -inf, nan]
random.seed(1)


def pairs(a, b):
    return [(x, y) for x in a for y in b]


few = [0.0, -0.0, 1.0, -2.0, 0.5, inf, -inf, nan]

# name: (function, special points, interval of each argument for random points)
line = (-4.0, 4.0)
unary = {
    "neg": (torch.neg, edges, line),
    "abs": (torch.abs, edges, line),
    "square": (torch.square, edges, line),
    "reciprocal": (torch.reciprocal, edges, (0.2, 4)),
    "frac": (torch.frac, [0.0, 2.0, -3.5], (0.05, 0.95)),
    "clamp": (lambda x: x.clamp(-1, 2), edges + [-1.0, 2.0], line),
    "clamp_min": (lambda x: x.clamp(min=-1), edges + [-1.0], line),
    "clamp_max": (lambda x: x.clamp(max=2), edges + [2.0], line),
    "nan_to_num": (lambda x: torch.nan_to_num(x, 1.0, 2.0, -3.0), edges, line),
    "pow_number": (lambda x: torch.pow(x, 2.5), [0.0, -1.0, inf, nan], (0.1, 4)),
    "sqrt": (torch.sqrt, edges, (0.1, 4)),
    "rsqrt": (torch.rsqrt, edges, (0.1, 4)),
    "exp": (torch.exp, edges, line),
    "exp2": (torch.exp2, edges, line),
    "expm1": (torch.expm1, edges, line),
    "log": (torch.log, edges + [-1.0], (0.1, 4)),
    "log2": (torch.log2, edges + [-1.0], (0.1, 4)),
    "log10": (torch.log10, edges + [-1.0], (0.1, 4)),
    "log1p": (torch.log1p, edges + [-1.0], (-0.8, 4)),
    "sin": (torch.sin, edges, line),
    "cos": (torch.cos, edges, line),
    "tan": (torch.tan, edges, (-1.4, 1.4)),
    "asin": (torch.asin, edges + [1.0, -1.0, 2.0], (-0.9, 0.9)),
    "acos": (torch.acos, edges + [1.0, -1.0, 2.0], (-0.9, 0.9)),
    "atan": (torch.atan, edges, line),
    "sinh": (torch.sinh, edges, line),
    "cosh": (torch.cosh, edges, line),
    "tanh": (torch.tanh, edges, line),
    "asinh": (torch.asinh, edges, line),
    "acosh": (torch.acosh, [1.0, 0.5, nan], (1.2, 4)),
    "atanh": (torch.atanh, [0.0, -0.0, 1.0, 2.0, nan], (-0.9, 0.9)),
    "erf": (torch.erf, edges, line),
    "erfc": (torch.erfc, edges, line),
    "lgamma": (torch.lgamma, [0.0, -0.0, inf, nan, -2.0], (0.2, 4)),
    "logit": (torch.logit, [0.0, 1.0, 2.0, -1.0, nan], (0.1, 0.9)),
    "sinc": (torch.sinc, edges + [1.0], (0.3, 3)),
    "sigmoid": (torch.sigmoid, edges, line),
    "log_sigmoid": (F.logsigmoid, edges, line),
    "silu": (F.silu, edges, line),
    "gelu": (F.gelu, edges, line),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), edges, line),
    "mish": (F.mish, [0.0, -0.0, -inf, nan, 50.0, -50.0], line),
    "softplus": (lambda x: F.softplus(x, 2.0, 6.0), edges + [3.0, 3.1], line),
    "softsign": (F.softsign, [0.0, -0.0, nan], line),
    "tanhshrink": (F.tanhshrink, edges, line),
    "elu": (lambda x: F.elu(x, 2.0), edges, line),
    "celu": (lambda x: F.celu(x, 2.0), edges, line),
    "selu": (F.selu, edges, line),
    "relu": (F.relu, edges, line),
    "relu6": (F.relu6, edges + [6.0, 7.0], line),
    "hardtanh": (lambda x: F.hardtanh(x, -1, 2), edges + [-1.0, 2.0], line),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.1), edges, line),
    "rrelu": (lambda x: F.rrelu(x, 0.1, 0.3), edges, line),
    "threshold": (lambda x: F.threshold(x, 1.0, 7.0), edges + [1.0], line),
    "hardshrink": (F.hardshrink, edges + [0.5, -0.5], line),
    "softshrink": (F.softshrink, edges + [0.5, -0.5], line),
    "hardsigmoid": (F.hardsigmoid, edges + [3.0, -3.0, 5.0], line),
    "hardswish": (F.hardswish, edges + [3.0, -3.0, 5.0], line),
}
binary = {
    "add": (torch.add, pairs(few, few), line),
    "sub": (torch.sub, pairs(few, few), line),
    "mul": (torch.mul, pairs(few, few), line),
    "div": (torch.div, pairs([0.0, 1.0, nan], [1.0, 2.0, -0.5]) + [(1.0, 0.0), (0.0, 0.0)], (0.3, 4)),
    "fmod": (torch.fmod, pairs([5.0, -5.0, 6.0, -0.0], [3.0, -3.0]), None),
    "remainder": (torch.remainder, pairs([5.0, -5.0, 6.0, -0.0], [3.0, -3.0]), None),
    "maximum": (torch.maximum, pairs(few, few), line),
    "minimum": (torch.minimum, pairs(few, few), line),
    "copysign": (torch.copysign, pairs(few, few), line),
    "pow": (torch.pow, [(0.0, 0.0), (0.0, 2.0), (0.0, 1.0), (-2.0, 3.0), (0.0, -1.0), (-0.0, 1.0)], (0.3, 3)),
    "hypot": (torch.hypot, [(0.0, 1.0), (3.0, 4.0), (-3.0, 4.0)], (0.3, 3)),
    "logaddexp": (torch.logaddexp, [(0.0, 1.0), (inf, inf), (-inf, -inf), (1.0, -inf), (inf, -inf)], line),
    "xlogy": (torch.xlogy, [(0.0, 0.0), (0.0, nan), (1.0, 0.0), (2.0, 3.0), (0.0, 2.0), (0.0, -1.0)], (0.3, 3)),
    "atan2": (torch.atan2, pairs([0.0, -0.0, 1.0, -2.0], [0.0, -0.0, 1.0, -2.0]), line),
    "prelu": (lambda x, w: torch.prelu(x.reshape(1), w.reshape(1)), [(0.0, 0.1), (-0.0, 0.1), (-1.0, 0.1), (2.0, 0.1)], line),
    "where": (lambda a, b: torch.where(torch.tensor(True), a, b), [(1.0, nan), (nan, 1.0)], line),
}
ternary = {
    "lerp": (torch.lerp, [(0.0, 1.0, 0.5), (inf, 1.0, 0.7)], line),
    "addcmul": (lambda x, a, b: torch.addcmul(x, a, b, value=2.5), [], line),
    "addcdiv": (lambda x, a, b: torch.addcdiv(x, a, b, value=2.5), [(1.0, 1.0, 0.0)], (0.3, 3)),
}
flat = {
    "sign": torch.sign, "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "trunc": torch.trunc,
    "isnan": torch.isnan, "isinf": torch.isinf, "isfinite": torch.isfinite, "logical_not": torch.logical_not,
}
flat_binary = {
    "eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge,
    "logical_and": torch.logical_and, "logical_or": torch.logical_or, "logical_xor": torch.logical_xor,
}

lines = []


def write(name, kind, arguments, numbers):
    lines.append(" ".join([name, kind, str(len(arguments))] + [repr(float(x)) for x in [*arguments, *numbers]]))


def differentiate(name, kind, function, arguments):
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in arguments]
    value = function(*leaves).reshape(())
    gradients = [0.0 if g is None else g.item() for g in torch.autograd.grad(value, leaves, allow_unused=True)]
    if name == "hardsigmoid":  # PyTorch keeps its slope 1 / 6 as a float
        gradients = [1 / 6 if abs(g - 1 / 6) < 1e-7 else g for g in gradients]
    write(name, kind, arguments, [value.item()] + gradients)


for count, table in ((1, unary), (2, binary), (3, ternary)):
    for name, (function, special, interval) in table.items():
        for point in special:
            differentiate(name, "special", function, point if count > 1 else (point,))
        for _ in range(6 if interval else 0):
            differentiate(name, "smooth", function, [random.uniform(*interval) for _ in range(count)])
for name, function in flat.items():
    for x in edges + [2.5, -2.5, 0.5, 1.0]:
        write(name, "special", (x,), [function(torch.tensor(x, dtype=torch.float64)).item()])
for name, function in flat_binary.items():
    for x, y in pairs([0.0, -0.0, 1.0, -2.0, inf, nan], [0.0, 1.0, -2.0, inf, nan]):
        write(name, "special", (x, y), [function(torch.tensor(x), torch.tensor(y)).item()])

default = pathlib.Path(__file__).parents[1] / "fixtures" / "functors.txt"
pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else default).write_text("\n".join(lines) + "\n")
