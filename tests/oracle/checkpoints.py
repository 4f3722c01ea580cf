"""Writes tests/fixtures/checkpoints: files of torch.save, good and hostile ones.

    /path/to/python tests/oracle/checkpoints.py [FOLDER]
"""

import collections
import os
import pathlib
import sys
import zipfile

import torch
from torch import nn

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "fixtures" / "checkpoints")
folder.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)

torch.save(
    {
        "f16": torch.tensor([0.5, -2.0, 65504.0], dtype=torch.float16),
        "bf16": torch.tensor([1.0, -3.0], dtype=torch.bfloat16),
        "f32": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
        "f64": torch.tensor(3.141592653589793, dtype=torch.float64),
        "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "i8": torch.tensor([-128, 127], dtype=torch.int8),
        "i16": torch.tensor([-32768], dtype=torch.int16),
        "i32": torch.tensor([[-2147483648]], dtype=torch.int32),
        "i64": torch.tensor([9223372036854775807, -1], dtype=torch.int64),
        "bool": torch.tensor([True, False, True]),
        "empty": torch.zeros(0, 3),
    },
    folder / "all_dtypes.pt",
)

# Views: a storage is kept once, with what of it each tensor is.
cube = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
views = {
    "cube": cube,
    "permuted": cube.permute(2, 0, 1),
    "steps": cube[:, ::2, 1::2],
    "column": cube[:, 1:2, 3],
    "expanded": cube[1, 2, 3].expand(2, 2),
    "expanded_rows": cube[0, :, :1].expand(3, 4),
    "none": cube[2:, 3:],
}
torch.save(views, folder / "views.pt")


def model():
    return nn.Sequential(collections.OrderedDict(fc=nn.Linear(3, 2), norm=nn.BatchNorm1d(2)))


net = model()
with torch.no_grad():
    for parameter in net.parameters():
        parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape) / 8)
optimizer = torch.optim.Adam(net.parameters(), lr=0.5)
net(torch.randn(4, 3)).sum().backward()
optimizer.step()
with torch.no_grad():
    for parameter in net.parameters():
        parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape) / 8)
torch.save(net.state_dict(), folder / "model.pt")
torch.save(net.state_dict(), folder / "protocol4.pt", pickle_protocol=4)
torch.save(dict(net.named_parameters()), folder / "parameters.pt")
checkpoint = {
    "model": net.state_dict(),
    "ema": {"model": net.state_dict()},
    "optimizer": optimizer.state_dict(),
    "epoch": 3,
    "step": -5000000000,
    "seed": 2**70,
    "lr": 0.5,
    "note": "größe",
    "history": [1.5, 2],
    "size": torch.Size([2, 3]),
    "best": None,
    "done": True,
}
torch.save(checkpoint, folder / "nested.pt")
torch.save(net.state_dict(), folder / "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(net, folder / "whole_module.pt")


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/xnn-was-here",)


torch.save({"weight": torch.zeros(2), "evil": Evil()}, folder / "evil.pt")
for protocol in (1, 5):
    torch.save({"evil": Evil()}, folder / f"evil_protocol{protocol}.pt", pickle_protocol=protocol)

# A bomb: a storage of 64 MiB of zeros in a file of 64 KiB.
torch.save({"weight": torch.zeros(4)}, folder / "small.pt")
big = 1 << 24
with zipfile.ZipFile(folder / "small.pt") as small, zipfile.ZipFile(folder / "bomb.pt", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bomb:
    root = "small/"
    data = small.read(root + "data.pkl").replace(b"K\x04t", b"J" + big.to_bytes(4, "little") + b"t").replace(b"K\x04\x85", b"J" + big.to_bytes(4, "little") + b"\x85")
    bomb.writestr(zipfile.ZipInfo(root + "data.pkl"), data)
    bomb.writestr(root + "data/0", bytes(4 * big))
os.remove(folder / "small.pt")

for path in sorted(folder.iterdir()):
    print(path.name, path.stat().st_size)
