#!/usr/bin/env python3
"""Speed and memory of the encoders beside PyTorch on the CPU, f32.

    python3 benches/pytorch/compare.py

makes a virtual environment with PyTorch in target/pytorch, builds `encoder_speed`, and prints a table:
for each row and each of its modes of PyTorch the median ratio of its time to ours over alternating turns, with the
quartiles. Above 1 we are faster. Machines are shared and noisy: a turn runs both sides one after the other
and the ratio is taken within the turn. Peak memory is that of one process that does the training step of
the first row three times, with what the process takes before the first step beside it.
"""
import argparse
import os
import pathlib
import statistics
import subprocess

from environment import FOLDER, ROOT, TARGET, VERSION, environment

PEER = pathlib.Path(__file__).with_name("peer.py")
MODES = ["eager", "channels_last", "compile"]
# (encoder, width, sequences, frames, what) and the modes of PyTorch; layouts of images mean nothing to a recurrent network
ROWS = {
    ("stgcn", "ssl", 32, 50, "train"): MODES,
    ("stgcn", "ssl", 32, 50, "infer"): MODES,
    ("stgcn", "full", 8, 100, "train"): MODES,
    ("agcn", "full", 8, 100, "train"): MODES,
    ("ctrgcn", "full", 8, 100, "train"): MODES,
    ("bigru", "full", 32, 60, "train"): ["eager"],
}


class Peer:
    """A PyTorch process that keeps its networks."""

    def __init__(self, python, threads):
        command = [python, PEER, str(threads)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = self.process.stdout.readline().strip()

    def seconds(self, mode, row, rounds):
        print(mode, *row, rounds, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().split()
        if not answer:
            raise SystemExit(f"the PyTorch process ended while measuring {mode} {row}")
        return statistics.median(map(float, answer))

    def peak(self):
        """Ends the process; its peak memory in MiB."""
        self.process.stdin.close()
        _, _, usage = os.wait4(self.process.pid, 0)
        return usage.ru_maxrss / 1024


def command(binary, row, rounds):
    encoder, width, batch, frames, what = row
    return [binary, "--encoder", encoder, "--width", width, "--batch", str(batch), "--frames", str(frames),
            "--mode", what, "--runs", str(rounds)]


def ours(binary, row, rounds, threads):
    env = os.environ | {"RAYON_NUM_THREADS": str(threads)}
    line = subprocess.run(command(binary, row, rounds), check=True, text=True,
                          stdout=subprocess.PIPE, env=env).stdout
    return float(line.split("median")[1].split()[0])


def our_peak(binary, row, rounds, threads):
    env = os.environ | {"RAYON_NUM_THREADS": str(threads)}
    process = subprocess.Popen(command(binary, row, rounds), stdout=subprocess.DEVNULL, env=env)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=9, help="alternating turns of each row")
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds in a turn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--encoders", nargs="+", default=sorted({row[0] for row in ROWS}), help="rows of these alone")
    parser.add_argument("--version", default=VERSION, help="of PyTorch")
    parser.add_argument("--environment", type=pathlib.Path, default=FOLDER)
    args = parser.parse_args()

    python = environment(args.environment, args.version)
    subprocess.run(["cargo", "build", "--release", "--example", "encoder_speed"], cwd=ROOT, check=True)
    binary = TARGET / "release" / "examples" / "encoder_speed"

    peer = Peer(python, args.threads)
    print(f"{peer.version}, {args.threads} threads, f32; {args.turns} turns of {args.rounds} rounds")
    print("time of PyTorch / time of ours: median (quartiles); medians of both in seconds")
    rows = {row: modes for row, modes in ROWS.items() if row[0] in args.encoders}
    for row, modes in rows.items():
        encoder, width, batch, frames, what = row
        times = {mode: [] for mode in ["ours", *modes]}
        for _ in range(args.turns):
            times["ours"].append(ours(binary, row, args.rounds, args.threads))
            for mode in modes:
                times[mode].append(peer.seconds(mode, row, args.rounds))
        for mode in modes:
            ratios = [theirs / own for theirs, own in zip(times[mode], times["ours"])]
            low, median, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
            print(f"{encoder} {what} {width} N={batch} T={frames} / {mode:13}: {median:5.2f} ({low:.2f} to {high:.2f})"
                  f"   {statistics.median(times['ours']):.3f} / {statistics.median(times[mode]):.3f}",
                  flush=True)
    peer.peak()

    row = next(iter(rows))
    print(f"peak memory of {' '.join(map(str, row))}, MiB: whole process (less what it takes before)")
    own = our_peak(binary, row, 3, args.threads)
    before = our_peak(binary, (*row[:2], 1, 1, "train"), 1, args.threads)
    print(f"ours         : {own:.0f} ({own - before:.0f})")
    before = Peer(python, args.threads).peak()
    for mode in rows[row]:
        process = Peer(python, args.threads)
        process.seconds(mode, row, 3)
        peak = process.peak()
        print(f"{mode:13}: {peak:.0f} ({peak - before:.0f})", flush=True)


if __name__ == "__main__":
    main()
