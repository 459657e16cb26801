"""The PyTorch side of the comparison: ST-GCN on the CPU, timed on request.

`compare.py` starts it. Each line on standard input asks for one measurement,

    MODE WIDTH BATCH FRAMES WHAT ROUNDS

with MODE eager, channels_last or compile (which is channels_last under torch.compile), WIDTH ssl or
full, WHAT train or infer; the answer is the seconds of each round on one line. A network is made, and
compiled, when it is first asked for; two rounds that are not counted go before the first measurement.
"""
import sys
import time

import torch
from torch import nn

WIDTHS = {
    "ssl": [(3, 16, 1), (16, 16, 1), (16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1),
            (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 256, 1)],
    "full": [(3, 64, 1), (64, 64, 1), (64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1),
             (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 256, 1)],
}
JOINTS, PERSONS, PARTITIONS = 25, 2, 3


class Unit(nn.Module):
    def __init__(self, c_in, c_out, stride, first):
        super().__init__()
        self.graph = nn.Conv2d(c_in, c_out * PARTITIONS, 1)
        self.importance = nn.Parameter(torch.ones(PARTITIONS, JOINTS, JOINTS))
        self.temporal = nn.Sequential(
            nn.BatchNorm2d(c_out), nn.ReLU(inplace=True),
            nn.Conv2d(c_out, c_out, (9, 1), (stride, 1), (4, 0)), nn.BatchNorm2d(c_out))
        if first:
            self.residual = None
        elif c_in == c_out and stride == 1:
            self.residual = nn.Identity()
        else:
            self.residual = nn.Sequential(nn.Conv2d(c_in, c_out, 1, (stride, 1)), nn.BatchNorm2d(c_out))

    def forward(self, x, adjacency):
        shortcut = 0 if self.residual is None else self.residual(x)
        y = self.graph(x)
        n, kc, t, v = y.shape
        y = y.view(n, PARTITIONS, kc // PARTITIONS, t, v)
        y = torch.einsum("nkctv,kvw->nctw", y, adjacency * self.importance)
        return torch.relu(self.temporal(y.contiguous()) + shortcut)


class StGcn(nn.Module):
    def __init__(self, width, channels_last):
        super().__init__()
        units = WIDTHS[width]
        self.channels_last = channels_last
        self.data_norm = nn.BatchNorm1d(3 * JOINTS)
        self.units = nn.ModuleList(Unit(*u, first=i == 0) for i, u in enumerate(units))
        self.head = nn.Linear(units[-1][1], 128)
        # as many non-zeros as the distance partition has
        a = torch.zeros(PARTITIONS, JOINTS, JOINTS)
        a[0] = torch.eye(JOINTS)
        for child in range(1, JOINTS):
            a[1, child, child // 2] = 0.5
            a[2, child // 2, child] = 0.5
        self.register_buffer("adjacency", a)

    def forward(self, x):
        n, c, t, v, m = x.shape
        x = self.data_norm(x.permute(0, 4, 3, 1, 2).reshape(n * m, v * c, t))
        x = x.view(n, m, v, c, t).permute(0, 1, 3, 4, 2).reshape(n * m, c, t, v)
        if self.channels_last:
            x = x.to(memory_format=torch.channels_last)
        for unit in self.units:
            x = unit(x, self.adjacency)
        return self.head(x.mean((2, 3)).view(n, m, -1).mean(1))


class Measurement:
    def __init__(self, mode, width, batch, frames, what):
        torch.manual_seed(0)
        self.x = torch.randn(batch, 3, frames, JOINTS, PERSONS)
        self.net = StGcn(width, mode != "eager")
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
        mode, width, batch, frames, what, rounds = line.split()
        key = mode, width, int(batch), int(frames), what
        if key not in known:
            known[key] = Measurement(*key)
        print(*known[key].seconds(int(rounds)), flush=True)


if __name__ == "__main__":
    main()
