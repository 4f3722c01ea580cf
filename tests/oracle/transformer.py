"""Writes tests/fixtures/transformer.safetensors: PyTorch's multi-head attention, transformer layers and whole transformers.

A case `name` has the entries name/x0, name/x1, … (arguments) and name/gx0, … (their gradients), name/gy, name/y, perhaps
name/weights, and name/p/…, name/g/… for the parameters. `stack` is a GPT-style encoder stack, trained for ten steps by SGD and by
AdamW: stack/x, stack/t (batches), stack/keys (the names of its state dict, one a line, as bytes), `stack SGD/losses`,
`stack SGD/parameter/…`. All in float64; arguments and parameters are numbers that float32 holds exactly.
"""

import copy
import os
import sys

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
torch.backends.mha.set_fastpath_enabled(False)
entries = {}


def exact(tensor):
    return tensor.detach().to(torch.float32).to(torch.float64)


def random(*shape):
    return exact(torch.randn(shape))


def keep(name, tensor):
    entries[name] = tensor.detach().clone().contiguous()


def text(name, lines):
    entries[name] = torch.tensor(list("\n".join(lines).encode()), dtype=torch.int64)


def blur(module):
    for parameter in module.parameters():
        parameter.data = exact(parameter.data + 0.1 * torch.randn_like(parameter))


def case(name, module, shapes, run=None, same=False):
    """`same`: one argument in all three places."""
    blur(module)
    xs = [random(*shape).requires_grad_() for shape in shapes]
    y = run(module, *xs) if run else module(*xs)
    if isinstance(y, tuple):
        if y[1] is not None:
            keep(f"{name}/weights", y[1])
        y = y[0]
    gy = random(*y.shape)
    y.backward(gy)
    for i, x in enumerate(xs):
        keep(f"{name}/x{i}", x)
        keep(f"{name}/gx{i}", x.grad)
    keep(f"{name}/gy", gy)
    keep(f"{name}/y", y)
    text(f"{name}/keys", module.state_dict().keys())
    for key, parameter in module.named_parameters():
        keep(f"{name}/p/{key}", parameter)
        keep(f"{name}/g/{key}", parameter.grad)


def flags(*shape, first=True):
    result = torch.rand(shape) > 0.6
    if first:
        result[..., 0] = False
    return result


def numbers(name, mask):
    keep(name, mask.to(torch.float64))
    return mask


MHA = nn.MultiheadAttention
case("mha", MHA(6, 2), [(4, 3, 6), (5, 3, 6), (5, 3, 6)])
case("mha first", MHA(6, 3, batch_first=True, bias=False), [(2, 4, 6), (2, 5, 6), (2, 5, 6)],
     lambda m, *a: m(*a, average_attn_weights=False))
case("mha kdim", MHA(6, 2, kdim=4, vdim=3, batch_first=True), [(2, 4, 6), (2, 5, 4), (2, 5, 3)])
case("mha unbatched", MHA(6, 2), [(4, 6), (5, 6), (5, 6)])
case("mha self", MHA(6, 2), [(4, 3, 6)], lambda m, x: m(x, x, x, need_weights=False))

attn_mask = numbers("mha masks/attn", random(2 * 2, 4, 5))
padding = numbers("mha masks/padding", flags(2, 5))
case("mha masks", MHA(6, 2, batch_first=True), [(2, 4, 6), (2, 5, 6), (2, 5, 6)],
     lambda m, *a: m(*a, attn_mask=attn_mask, key_padding_mask=padding.double().masked_fill(padding, -torch.inf)))
late = torch.triu(torch.ones(4, 4), 1).bool()
case("mha causal", MHA(6, 2), [(4, 3, 6)], lambda m, x: m(x, x, x, attn_mask=late, is_causal=True))

layer_options = dict(dim_feedforward=10, dropout=0.0)
Encoder, Decoder = nn.TransformerEncoderLayer, nn.TransformerDecoderLayer
case("encoder layer", Encoder(6, 2, **layer_options), [(4, 3, 6)])
case("encoder layer first", Encoder(6, 2, activation="gelu", batch_first=True, norm_first=True, bias=False, layer_norm_eps=1e-3, **layer_options), [(3, 4, 6)])
hidden = numbers("encoder layer masks/padding", flags(3, 4))
case("encoder layer masks", Encoder(6, 2, **layer_options), [(4, 3, 6)],
     lambda m, x: m(x, src_mask=late, src_key_padding_mask=hidden))
case("decoder layer", Decoder(6, 2, **layer_options), [(4, 3, 6), (5, 3, 6)])
case("decoder layer first", Decoder(6, 2, activation="gelu", batch_first=True, norm_first=True, **layer_options), [(3, 4, 6), (3, 5, 6)],
     lambda m, *a: m(*a, tgt_mask=late, tgt_is_causal=True))
memory_hidden = numbers("transformer/padding", flags(3, 5))
case("transformer", nn.Transformer(6, 2, num_encoder_layers=2, num_decoder_layers=2, **layer_options), [(5, 3, 6), (4, 3, 6)],
     lambda m, *a: m(*a, tgt_mask=late, src_key_padding_mask=memory_hidden, memory_key_padding_mask=memory_hidden))

# ---- a GPT-style stack

steps, batch, length, width = 10, 3, 7, 8
stack = nn.TransformerEncoder(
    Encoder(width, 2, dim_feedforward=4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True), 2,
    norm=nn.LayerNorm(width), enable_nested_tensor=False)
causal = nn.Transformer.generate_square_subsequent_mask(length, dtype=torch.float64)
case("stack", stack, [(batch, length, width)], lambda m, x: m(x, mask=causal, is_causal=True))
stack.zero_grad()
xs, ts = random(steps, batch, length, width), torch.randint(0, width, (steps, batch * length))
keep("stack/batches", xs)
entries["stack/targets"] = ts
for name, make in {"SGD": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9), "AdamW": lambda p: torch.optim.AdamW(p, lr=1e-3)}.items():
    model = copy.deepcopy(stack)
    optimizer = make(model.parameters())
    losses = []
    for x, t in zip(xs, ts):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x, mask=causal, is_causal=True).view(-1, width), t)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    entries[f"stack {name}/losses"] = torch.stack(losses)
    for key, parameter in model.named_parameters():
        keep(f"stack {name}/parameter/{key}", parameter)

# ---- keys that an attention adds

case("mha bias_kv", MHA(6, 2, add_bias_kv=True), [(4, 3, 6), (5, 3, 6), (5, 3, 6)])
case("mha zero_attn", MHA(6, 3, add_zero_attn=True, batch_first=True, kdim=4), [(2, 4, 6), (2, 5, 4), (2, 5, 6)])
added_attn = numbers("mha added keys/attn", random(2 * 2, 4, 5))
added_padding = numbers("mha added keys/padding", flags(2, 5))
case("mha added keys", MHA(6, 2, add_bias_kv=True, add_zero_attn=True, batch_first=True), [(2, 4, 6), (2, 5, 6), (2, 5, 6)],
     lambda m, *a: m(*a, attn_mask=added_attn, key_padding_mask=added_padding.double().masked_fill(added_padding, -torch.inf)))
case("mha added keys unbatched", MHA(6, 2, add_bias_kv=True, add_zero_attn=True, bias=False), [(4, 6), (5, 6), (5, 6)])
case("mha added keys self", MHA(6, 2, add_bias_kv=True, add_zero_attn=True), [(4, 3, 6)], lambda m, x: m(x, x, x))

# ---- one sequence without a batch

case("encoder layer unbatched", Encoder(6, 2, **layer_options), [(4, 6)])
case("decoder layer unbatched", Decoder(6, 2, norm_first=True, **layer_options), [(4, 6), (5, 6)])

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "transformer.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/transformer.py"})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
