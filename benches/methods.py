#!/usr/bin/env python3
"""Every method with every encoder: parameters, seconds an epoch, accuracy beside the untrained encoder's.

    python3 benches/methods.py --out runs/methods
    python3 benches/methods.py --out runs/methods-ucla --data DIR --format nw-ucla --epochs 10

runs the examples one after the other and prints a Markdown table of what their `metrics.json` say. A run that is complete
is not run again; one that was stopped begins again, or its seconds would be those of a part. Options that are not known here go to the examples.
"""
import argparse
import json
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
BASELINES = ["barlow-twins", "vicreg", "simsiam", "byol", "skeletonclr"]
METHODS = ["skt", *BASELINES, "mcc", "crrl"]
ENCODERS = ["stgcn-ssl", "agcn-ssl", "asgcn-ssl", "ctrgcn-ssl", "stgcnpp-ssl", "bigru"]


def train(method, encoder, out, options):
    """The metrics of the run, which is made where it is not there."""
    metrics = out / "metrics.json"
    if not metrics.exists():
        example = "baselines" if method in BASELINES else method
        command = [ROOT / "target/release/examples" / example, "--encoder", encoder, "--out", out, *options]
        if method in BASELINES:
            command += ["--method", method]
        if method == "mcc":
            # The table shows frozen features.
            command += ["--finetune-epochs", "1"]
        shutil.rmtree(out, ignore_errors=True)
        with open(out.with_suffix(".log"), "w") as log:
            subprocess.run(command, check=True, stdout=log)
    return json.loads(metrics.read_text())


def rows(method, encoder, metrics):
    """One row for each encoder that the run trained, CRRL's three parts apart."""
    untrained, pretrain = metrics["random_encoder"], metrics["pretrain"]
    parts = {part: metrics[part] for part in ("cml", "ser", "crrl") if metrics.get(part)}
    parts = parts or {method: metrics["pretrained"]}
    seconds = pretrain["seconds"] / metrics["epochs"] / len(parts)
    for name, trained in parts.items():
        yield [name, encoder, f"{metrics['encoder']['parameters']:,}", metrics["epochs"], f"{seconds:.1f}",
               metrics["linear_protocol"].upper(),
               *(f"{accuracy[key]:.1f}" for key in ("linear_top1", "knn_top1") for accuracy in (untrained, trained))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the runs")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--encoders", nargs="+", default=ENCODERS)
    arguments, options = parser.parse_known_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cargo", "build", "--release", "--examples"], check=True, cwd=ROOT)
    header = ["method", "encoder", "parameters", "epochs", "s an epoch", "probe",
              "linear, untrained", "linear", "kNN, untrained", "kNN"]
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for method in arguments.methods:
        for encoder in arguments.encoders:
            metrics = train(method, encoder, arguments.out / f"{method}-{encoder}", options)
            for row in rows(method, encoder, metrics):
                print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()
