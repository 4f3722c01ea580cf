"""Writes examples/data/resnet: a checkpoint of a narrow ResNet-18 that PyTorch trained, and what PyTorch makes of images.

The network knows the digits 0 to 4 of MNIST. It has 8 channels where torchvision's has 64, so that the file is small; all
else, names included, is torchvision's. answers.safetensors holds
  positions   which test images of MNIST were shown
  logits      the answers to them

    python3 tests/oracle/resnet_checkpoint.py
"""

import gzip
import pathlib

import numpy
import torch
from safetensors.torch import save_file
from torch import nn

import reference_models

data = pathlib.Path(__file__).parents[2] / "examples" / "data"
known = 5


def digits(name):
    def read(kind, offset):
        return numpy.frombuffer(gzip.decompress((data / "mnist" / f"{name}-{kind}-ubyte.gz").read_bytes()), numpy.uint8, offset=offset)

    labels = torch.from_numpy(read("labels-idx1", 8).astype(numpy.int64))
    pixels = torch.from_numpy(read("images-idx3", 16).reshape(-1, 1, 28, 28).copy())
    positions = torch.nonzero(labels < known).flatten()
    return positions, pixels[positions], labels[positions]


def prepare(pixels):
    """Three equal channels of 56 x 56."""
    grey = (pixels.float() / 255 - 0.1307) / 0.3081
    return grey.repeat_interleave(2, 2).repeat_interleave(2, 3).expand(-1, 3, -1, -1)


torch.manual_seed(0)
torch.set_num_threads(1)
_, pixels, labels = digits("train")
model = reference_models.resnet18(known, width=8)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
steps, batch = 300, 64
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
for step in range(steps):
    at = slice(step * batch, (step + 1) * batch)
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(prepare(pixels[at])), labels[at])
    loss.backward()
    optimizer.step()
    schedule.step()

model.eval()
positions, pixels, labels = digits("t10k")
with torch.no_grad():
    logits = model(prepare(pixels[:1000]))
print("loss", loss.item(), "accuracy", (logits.argmax(1) == labels[:1000]).float().mean().item())
folder = data / "resnet"
folder.mkdir(exist_ok=True)
about = {"torch": torch.__version__, "written_by": "tests/oracle/resnet_checkpoint.py"}
save_file(model.state_dict(), folder / "digits_0_to_4.safetensors", metadata=about)
save_file({"positions": positions[:16], "logits": logits[:16].contiguous()}, folder / "answers.safetensors", metadata=about)
for file in folder.iterdir():
    file.chmod(0o644)
