"""Writes ../fixtures/weights, the checkpoints that ../weights.rs reads and the features that their networks give.

    python3 -m venv env && env/bin/pip install torch numpy
    env/bin/python make_weights.py

Small networks of random weights and running statistics, saved in the ways in which published checkpoints are:
bare state dictionaries, those of a whole method, of DataParallel, nested in a training's state, and in the file format of
PyTorch before 1.6. `features.safetensors` has the input `[N, M, T, V, C]` and the features `[N, D]` of each network, computed
in double precision, by file and prefix.
"""
import pathlib
import sys

import torch
from networks import Agcn, CtrGcn, StGcn, graph_of_agcn, graph_of_stgcn, randomise

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "crates" / "gcn-encoder" / "tests" / "fixtures"))
from reference import EDGES, JOINTS, write  # noqa: E402

FOLDER = ROOT / "tests" / "fixtures" / "weights"
UNITS = [(8, 1), (12, 2), (12, 1)]
N, M, T = 3, 2, 9


def prefixed(prefix, net):
    return {prefix + name: value for name, value in net.state_dict().items()}


def main():
    torch.manual_seed(20260801)
    FOLDER.mkdir(exist_ok=True)
    x = torch.randn(N, M, T, JOINTS, 3)
    stored = {"input": x}

    def network(family, graph, head=None):
        return randomise(family(UNITS, graph, M, head))

    def save(name, state, networks, **options):
        path = FOLDER / name
        torch.save(state, path, **options)
        for prefix, net in networks.items():
            with torch.no_grad():
                stored[f"{name}:{prefix}"] = net.double()(x.double())
            net.float()
        print(f"{name}: {path.stat().st_size} bytes")

    coded, published = graph_of_stgcn(EDGES, 0), graph_of_agcn(EDGES)
    # PSTL: an encoder alone
    net = network(StGcn, coded)
    save("stgcn.pt", net.state_dict(), {"": net})
    # CrosSCLR and AimCLR: query and key of several streams with heads, queues; in the file format of their time
    method = {prefix: network(StGcn, coded, 4) for prefix in ["encoder_q.", "encoder_k.", "encoder_q_motion."]}
    state = {}
    for prefix, net in method.items():
        state |= prefixed(prefix, net)
    state |= {"queue": torch.randn(4, 6), "queue_ptr": torch.zeros(1, dtype=torch.long)}
    save("stgcn_method.pt", state, method, _use_new_zipfile_serialization=False)
    # a training's state with the network in DataParallel
    net = network(StGcn, coded)
    moments = {0: {"exp_avg": torch.randn(3)}}
    training = {"epoch": 3, "state_dict": prefixed("module.", net), "optimizer": {"state": moments, "lr": 0.1}}
    save("stgcn_training.pt", training, {"state_dict.module.": net})
    net = network(Agcn, published, 5)
    save("agcn.pt", net.state_dict(), {"": net})
    # in double precision
    net = network(Agcn, published)
    save("agcn_module.pt", prefixed("module.", net.double()), {"module.": net})
    net = network(CtrGcn, published, 5)
    save("ctrgcn.pt", net.state_dict(), {"": net})
    net = network(CtrGcn, published)
    save("ctrgcn_model.pt", {"model": prefixed("encoder.", net)}, {"model.encoder.": net})
    # what is no state dictionary
    torch.save([1, 2, 3], FOLDER / "list.pt")
    torch.save({"epoch": 3, "lr": 0.1}, FOLDER / "numbers.pt")
    torch.save(torch.randn(3, 4), FOLDER / "tensor.pt")
    write(FOLDER / "features.safetensors", stored)
    print({name: round(value.abs().max().item(), 2) for name, value in stored.items()})


if __name__ == "__main__":
    main()
