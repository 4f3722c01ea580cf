"""Writes tests/fixtures/tagger.safetensors: ten training steps of PyTorch's of an LSTM tagger, with SGD and with Adam.

  words, tags, lengths      all batches, one after the other; -100 stands for the tag of padding
  p/…                       the parameters that the training begins with
  logits                    of the first batch, with these parameters; 0 in the padding
  SGD/losses, Adam/losses   the loss of each step
  SGD/parameter/…, …        each parameter after the last step
All in float64, beginning with numbers that float32 holds exactly. The keys of the state dict are in the metadata.
"""

import copy
import os
import sys

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
entries = {}
steps, batch, length, vocabulary, tags = 10, 4, 7, 12, 5


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, 6)
        self.lstm = nn.LSTM(6, 8, num_layers=2, batch_first=True, bidirectional=True)
        self.hidden2tag = nn.Linear(16, tags)

    def forward(self, words, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.word_embeddings(words), lengths, batch_first=True, enforce_sorted=False)
        output, _ = self.lstm(packed)
        output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=words.shape[1])
        return self.hidden2tag(output)


def train(name, model, optimizer):
    losses = []
    for x, t, n in zip(words, targets, lengths):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x, n).flatten(0, 1), t.flatten())
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    entries[f"{name}/losses"] = torch.stack(losses)
    for key, parameter in model.named_parameters():
        entries[f"{name}/parameter/{key}"] = parameter.detach().clone()


model = Tagger()
for parameter in model.parameters():
    parameter.data = parameter.data.to(torch.float32).to(torch.float64)
words = torch.randint(0, vocabulary, (steps, batch, length))
lengths = torch.randint(1, length + 1, (steps, batch))
lengths[:, 1] = length
targets = torch.where(torch.arange(length) < lengths[:, :, None], (words * 7 + words.roll(1, 2)) % tags, -100)
entries.update(words=words, tags=targets, lengths=lengths)
for key, parameter in model.named_parameters():
    entries[f"p/{key}"] = parameter.detach().clone()
entries["logits"] = model(words[0], lengths[0]).detach()
for name, make in {"SGD": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), "Adam": lambda p: torch.optim.Adam(p, lr=1e-2)}.items():
    trained = copy.deepcopy(model)
    train(name, trained, make(trained.parameters()))

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "fixtures", "tagger.safetensors")
save_file(entries, path, metadata={"torch": torch.__version__, "written_by": "tests/oracle/tagger.py", "keys": " ".join(model.state_dict())})
print(path, os.path.getsize(path), "bytes,", len(entries), "entries")
