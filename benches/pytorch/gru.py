"""The PyTorch side of the comparison: CRRL's recurrent encoder on the CPU, timed on request.

    python gru.py THREADS

Each line on standard input asks for one measurement,

    BATCH FRAMES INPUTS WHAT ROUNDS

with WHAT train or infer; the answer is the seconds of each round on one line. The network is two bidirectional layers
of 256, then the mean over frames; a training step is the forward pass, the mean of squares of the features, and the
backward pass. The bench `bigru` of `crates/gcn-encoder/benches/kernels.rs` is the same step of ours at
`32 50 60 train`. Two rounds that are not counted go before the first measurement.
"""
import sys
import time

import torch
from torch import nn


class Measurement:
    def __init__(self, batch, frames, inputs, what):
        torch.manual_seed(0)
        self.x = torch.randn(batch, frames, inputs)
        self.net = nn.GRU(inputs, 256, 2, batch_first=True, bidirectional=True)
        self.net.train(what == "train")
        self.step = self.train if what == "train" else self.infer
        self.step(), self.step()

    def infer(self):
        with torch.no_grad():
            self.net(self.x)[0].mean(1)

    def train(self):
        loss = self.net(self.x)[0].mean(1).square().mean()
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
        batch, frames, inputs, what, rounds = line.split()
        key = int(batch), int(frames), int(inputs), what
        if key not in known:
            known[key] = Measurement(*key)
        print(*known[key].seconds(int(rounds)), flush=True)


if __name__ == "__main__":
    main()
