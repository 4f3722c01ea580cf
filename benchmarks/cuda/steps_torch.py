"""The same networks and steps as steps.cu in PyTorch on the same GPU: eager, and a step captured as a CUDA graph.

Prints a line of JSON for each: microseconds, the median of rounds.
  steps_torch.py [NETWORK...]
"""
import json
import statistics
import sys
import time

import torch
from torch import nn

torch.manual_seed(1)
device = "cuda"
classes_of = {"mlp": 10, "lenet": 10, "resnet18": 10, "gpt": 65, "tagger": 12}


class Block(nn.Module):
    """A basic block of ResNet."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(y)) + shortcut)


class GptBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.attend(self.norm1(x)).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.project(y.transpose(1, 2).reshape(batch, length, width))
        return x + self.narrow(nn.functional.gelu(self.widen(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self, vocabulary=65, length=128, width=128, layers=4, heads=4):
        super().__init__()
        self.token, self.position = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*(GptBlock(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.token.weight

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.token(x) + self.position.weight)))


class Tagger(nn.Module):
    def __init__(self, words=1000, tags=12, embedding=64, hidden=64):
        super().__init__()
        self.embedding, self.lstm, self.head = nn.Embedding(words, embedding), nn.LSTM(embedding, hidden, batch_first=True), nn.Linear(hidden, tags)

    def forward(self, x):
        return self.head(self.lstm(self.embedding(x))[0])


def network(name):
    if name == "mlp":
        return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)), torch.rand(64, 784)
    if name == "lenet":
        return nn.Sequential(nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(),
                             nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10)), torch.rand(64, 1, 28, 28)
    if name == "resnet18":
        blocks, inputs = [], 64
        for outputs in (64, 128, 256, 512):
            blocks += [Block(inputs, outputs, 1 if inputs == outputs else 2), Block(outputs, outputs, 1)]
            inputs = outputs
        return nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                             nn.Linear(512, 10)), torch.rand(16, 3, 32, 32)
    if name == "gpt":
        return Gpt(), torch.randint(0, 65, (16, 128))
    return Tagger(), torch.randint(0, 1000, (32, 24))


def microseconds(work, steps=50, rounds=7):
    for _ in range(20):
        work()
    times = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(steps):
            work()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - start) / steps * 1e6)
    return statistics.median(times)


def captured(work):
    """The work as a replay of a CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def measure(name):
    model, x = network(name)
    model, x = model.to(device), x.to(device)
    rows = 16 * 128 if name == "gpt" else 32 * 24 if name == "tagger" else x.shape[0]
    labels = (torch.arange(rows) * 7 % classes_of[name]).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True, capturable=True)
    criterion = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss = criterion(model(x).flatten(0, -2) if name in ("gpt", "tagger") else model(x), labels)
        loss.backward()
        optimizer.step()

    @torch.inference_mode()
    def answer():
        model(x)

    result = {"network": name, "train_us": microseconds(step)}
    try:
        result["train_graph_us"] = microseconds(captured(step))
    except RuntimeError as error:
        result["train_graph_us"] = None
        print(f"{name}: no graph: {error}", file=sys.stderr)
    model.eval()
    result["answer_us"] = microseconds(answer)
    result["peak_mib"] = torch.cuda.max_memory_allocated() / 2**20
    torch.cuda.reset_peak_memory_stats()
    print(json.dumps({key: round(value, 1) if isinstance(value, float) else value for key, value in result.items()}), flush=True)


if __name__ == "__main__":
    print(json.dumps({"torch": torch.__version__, "gpu": torch.cuda.get_device_name()}), flush=True)
    for wanted in sys.argv[1:] or classes_of:
        measure(wanted)
