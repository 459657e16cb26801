#!/usr/bin/env python3
"""PyTorch -> here -> PyTorch: published networks of random weights, whose features have to stay the same within 1e-4.

    python3 tests/pytorch/round_trip.py

makes a virtual environment with PyTorch in target/pytorch, builds the programs `weights` and `embed`, and for each network and
each way in which checkpoints are published

1. saves a network of the published width, names and shapes as `.pt`, and takes its features of some clips,
2. imports the file (`weights import`) and takes the features here (`embed`),
3. exports the encoder under PyTorch's names (`weights export --to pytorch`), loads it into a new network with
   `load_state_dict(strict=True)`, and takes its features.

Printed are the largest differences of 2 and 3 to 1 and the largest feature; the script fails if one is above 1e-4.
"""
import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches" / "pytorch"))
from environment import FOLDER, TARGET, VERSION, environment  # noqa: E402

LIMIT = 1e-4
N, M, T, V = 6, 2, 50, 25
INSIDE = "ROUND_TRIP_INSIDE"


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", default=VERSION, help="of PyTorch")
    parser.add_argument("--environment", type=pathlib.Path, default=FOLDER)
    parser.add_argument("--profile", default="release", help="of the programs")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the files, which are thrown away otherwise")
    return parser.parse_args()


def begin(args):
    """Builds the programs, and goes on in the environment with PyTorch."""
    python = environment(args.environment, args.version)
    build = ["cargo", "build", "--profile", args.profile, "--example", "weights", "--example", "embed"]
    subprocess.run(build, cwd=ROOT, check=True)
    command = [python, __file__, *sys.argv[1:]]
    sys.exit(subprocess.run(command, env=os.environ | {INSIDE: "1"}).returncode)


def safetensors(path):
    """The tensors of a file: the length of a JSON header, the header, the numbers."""
    import torch
    data = path.read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, about in json.loads(data[8:start]).items():
        if name != "__metadata__":
            kind = {"F32": torch.float32, "I64": torch.int64}[about["dtype"]]
            begin, end = about["data_offsets"]
            numbers = torch.frombuffer(bytearray(data[start + begin:start + end]), dtype=kind)
            tensors[name] = numbers.reshape(about["shape"])
    return tensors


def main(args, folder):
    import numpy
    import torch
    from networks import (FULL, NTU, NTU_CENTRE, SSL, Agcn, CtrGcn, StGcn, graph_of_agcn, graph_of_stgcn, randomise)

    torch.manual_seed(20260802)
    profile = "debug" if args.profile == "dev" else args.profile
    programs = TARGET / profile / "examples"
    # Random walks of all joints, in metres.
    clips = 0.5 * torch.randn(N, 1, M, V, 3) + (0.05 * torch.randn(N, T, M, V, 3)).cumsum(1)
    numpy.save(folder / "clips.npy", clips.numpy())
    clips = clips.transpose(1, 2)  # the networks read [N, M, T, V, C]

    def run(program, *words):
        command = [programs / program, *map(str, words)]
        done = subprocess.run(command, text=True, capture_output=True)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
        return done.stderr

    def prefixed(prefix, net):
        return {prefix + name: value for name, value in net.state_dict().items()}

    def method(make):
        """A state as CrosSCLR and AimCLR save it: queries, keys, three streams, queues."""
        nets = {f"encoder_{side}{stream}": make(128) for stream in ["", "_motion", "_bone"] for side in "qk"}
        state = {}
        for name, net in nets.items():
            state |= prefixed(f"{name}.", net)
        for stream in ["", "_motion", "_bone"]:
            state |= {f"queue{stream}": torch.randn(128, 64), f"queue_ptr{stream}": torch.zeros(1, dtype=torch.long)}
        return nets, state

    coded, published = graph_of_stgcn(NTU, NTU_CENTRE), graph_of_agcn(NTU)
    families = [
        ("stgcn-ssl", lambda head=None: StGcn(SSL, coded, M, head)),
        ("stgcn-full", lambda head=None: StGcn(FULL, coded, M, head)),
        ("agcn-full", lambda head=None: Agcn(FULL, published, M, head)),
        ("ctrgcn-full", lambda head=None: CtrGcn(FULL, published, M, head)),
    ]
    worst = 0

    def check(name, encoder, make, net, state, words=(), **saving):
        nonlocal worst
        files = [folder / f"{name}.{end}" for end in ["pt", "safetensors", "npy", "back.safetensors"]]
        checkpoint, ours, features, back = files
        torch.save(state, checkpoint, **saving)
        said = run("weights", "import", checkpoint, "--encoder", encoder, "--layout", "ntu25", "--persons", M,
                   "--preprocess", "none", *words, "--out", ours)
        run("embed", ours, folder / "clips.npy", "--out", features)
        run("weights", "export", ours, "--to", "pytorch", "--out", back)
        again = make()
        again.load_state_dict(safetensors(back), strict=True)
        with torch.no_grad():
            first = net(clips)
            here = torch.from_numpy(numpy.load(features))
            last = again.eval()(clips)
        differences = [(other - first).abs().max().item() for other in (here, last)]
        worst = max(worst, *differences)
        prefix = said.split("prefix `")[1].split("`")[0]
        print(f"{name:22} prefix {f'`{prefix}`':28} here {differences[0]:.1e}, back in PyTorch {differences[1]:.1e},"
              f" features up to {first.abs().max():.2f}", flush=True)

    print(f"PyTorch {torch.__version__}, {N} clips of {M} persons, {T} frames, {V} joints")
    for encoder, make in families:
        net = randomise(make())
        check(encoder, encoder, make, net, net.state_dict())
        net = randomise(make(60))
        nested = {"epoch": 3, "state_dict": prefixed("module.", net), "optimizer": {"state": {}, "lr": 0.1}}
        check(f"{encoder}-training", encoder, make, net, nested)
    encoder, make = families[0]
    nets, state = method(lambda head: randomise(make(head)))
    # The stream decides which network it is; clips here are joints for all of them, so the prefix is given.
    check(f"{encoder}-method", encoder, make, nets["encoder_q"], state, _use_new_zipfile_serialization=False)
    for name in ["encoder_q_motion", "encoder_k_bone"]:
        check(f"{encoder}-{name}", encoder, make, nets[name], state, ["--prefix", name])
    print(f"largest difference {worst:.1e}, allowed {LIMIT:.0e}")
    return worst <= LIMIT


if __name__ == "__main__":
    given = options()
    if INSIDE not in os.environ:
        begin(given)
    with tempfile.TemporaryDirectory() as thrown_away:
        kept = given.keep or pathlib.Path(thrown_away)
        kept.mkdir(parents=True, exist_ok=True)
        sys.exit(0 if main(given, kept) else 1)
