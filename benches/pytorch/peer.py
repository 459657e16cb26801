"""The PyTorch side of the comparison: encoders on the CPU, timed on request.

    python peer.py THREADS

Each line on standard input asks for one measurement,

    MODE ENCODER WIDTH BATCH FRAMES WHAT ROUNDS

with MODE eager, channels_last or compile (which is channels_last under torch.compile), ENCODER stgcn, agcn, ctrgcn or
bigru, WIDTH ssl or full, WHAT train or infer; the answer is the seconds of each round on one line. A network is made,
and compiled, when it is first asked for; two rounds that are not counted go before the first measurement. 2s-AGCN and
CTR-GCN are those of the tests' references.
"""
import pathlib
import sys
import time

import torch
from torch import nn

from stgcn import JOINTS, PERSONS, StGcn

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "crates/gcn-encoder/tests/fixtures"))
import make_agcn
import make_ctrgcn

# (child, parent) of a tree: as many edges as the skeleton has; which they are does not matter for the time
EDGES = [(child, child // 2) for child in range(1, JOINTS)]
HEAD = 128


class BiGru(nn.Module):
    """CRRL's encoder: two bidirectional layers, then the mean over frames."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(PERSONS * JOINTS * 3, 256, 2, batch_first=True, bidirectional=True)

    def forward(self, x):
        return self.gru(x.transpose(1, 2).flatten(2))[0].mean(1)


class Published(nn.Module):
    """A reference's network at its published width, read by its features alone."""

    def __init__(self, net, *arguments):
        super().__init__()
        self.net, self.arguments = net, arguments

    def forward(self, x):
        return self.net(x, *self.arguments)[1]


def encoder(name, width, channels_last):
    """The network and the number of its features; it reads [N, M, T, V, C]."""
    if name == "stgcn":
        net = StGcn(width, channels_last)
        return net, net.features
    if name == "bigru":
        return BiGru(), 512
    assert width == "full", f"{name} is measured at its published width"
    graph = make_ctrgcn.adjacency(JOINTS, EDGES)
    if name == "agcn":
        return Published(make_agcn.Agcn(make_agcn.FULL, JOINTS), graph), 256
    assert name == "ctrgcn", name
    return Published(make_ctrgcn.CtrGcn(graph, make_ctrgcn.FULL, 8)), 256


class Measurement:
    def __init__(self, mode, name, width, batch, frames, what):
        torch.manual_seed(0)
        self.x = torch.randn(batch, PERSONS, frames, JOINTS, 3)
        net, features = encoder(name, width, mode != "eager")
        self.net = nn.Sequential(net, nn.Linear(features, HEAD))
        if mode != "eager":
            self.net = self.net.to(memory_format=torch.channels_last)
        self.net.train(what == "train")
        self.run = torch.compile(self.net) if mode == "compile" else self.net
        self.step = self.train if what == "train" else self.infer
        self.step(), self.step()

    def infer(self):
        with torch.no_grad():
            self.run(self.x)

    def train(self):
        loss = self.run(self.x).square().mean()
        self.net.zero_grad(set_to_none=True)
        loss.backward()

    def seconds(self, rounds):
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            self.step()
            times.append(time.perf_counter() - start)
        return times


def main():
    torch.set_num_threads(int(sys.argv[1]))
    known = {}
    print("torch", torch.__version__, flush=True)
    for line in sys.stdin:
        mode, name, width, batch, frames, what, rounds = line.split()
        key = mode, name, width, int(batch), int(frames), what
        if key not in known:
            known[key] = Measurement(*key)
        print(*known[key].seconds(int(rounds)), flush=True)


if __name__ == "__main__":
    main()
