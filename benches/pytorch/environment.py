"""A virtual environment with PyTorch, and where cargo puts programs."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "target" / "pytorch"
VERSION = "2.12.*"
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")


def environment(folder, version):
    """The Python of a virtual environment with PyTorch, made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    wanted = f"torch=={version}"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wanted, "numpy"], check=True)
    return python
