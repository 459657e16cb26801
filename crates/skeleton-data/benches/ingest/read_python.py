#!/usr/bin/env python3
"""Times the usual Python over a folder of NTU RGB+D's text, beside the example `read_speed`.

    python3 benches/ingest/read_python.py FOLDER --turns 3 --processes 1

Written from the format, in the way that the field's preprocessing scripts read it: `readline`, `split`, every field a
float in a dictionary, then an array (T, M, 25, 3) of the bodies' coordinates in NumPy. A turn reads every file once;
the first is not counted, after it the files are in the system's cache. Printed are the median of the turns and their
extremes, and with one process the speed by processor time, which other work on the machine hardly changes.
"""
import argparse
import multiprocessing
import pathlib
import statistics
import time

import numpy

BODY = ["bodyID", "clipedEdges", "handLeftConfidence", "handLeftState", "handRightConfidence",
        "handRightState", "isRestricted", "leanX", "leanY", "trackingState"]
JOINT = ["x", "y", "z", "depthX", "depthY", "colorX", "colorY", "orientationW", "orientationX",
         "orientationY", "orientationZ", "trackingState"]


def read_frames(path):
    """Frames, each a list of bodies, each its fields and joints."""
    frames = []
    with open(path) as file:
        for _ in range(int(file.readline())):
            bodies = []
            for _ in range(int(file.readline())):
                fields = file.readline().split()
                body = {key: float(field) for key, field in zip(BODY, fields)}
                # Of 17 digits: two bodies' can be one float.
                body["bodyID"] = int(fields[0])
                body["joints"] = [
                    {key: float(field) for key, field in zip(JOINT, file.readline().split())}
                    for _ in range(int(file.readline()))
                ]
                bodies.append(body)
            frames.append(bodies)
    return frames


def read(path):
    """The coordinates (T, M, 25, 3), bodies in the order in which they appear."""
    frames = read_frames(path)
    numbers = {}
    for bodies in frames:
        for body in bodies:
            numbers.setdefault(body["bodyID"], len(numbers))
    data = numpy.zeros((len(frames), len(numbers), 25, 3), dtype=numpy.float32)
    for t, bodies in enumerate(frames):
        for body in bodies:
            for v, joint in enumerate(body["joints"]):
                data[t, numbers[body["bodyID"]], v] = [joint["x"], joint["y"], joint["z"]]
    return data


def frames_read(path):
    """Bodies in frames of a file, as `read_speed` counts them."""
    return int((read(path) != 0).any(axis=(2, 3)).sum())


def main():
    parser = argparse.ArgumentParser(description="Times the usual Python over a folder of NTU RGB+D's text.")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--turns", type=int, default=3, help="turns that count")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--files", type=int, help="only the first so many files")
    options = parser.parse_args()
    paths = sorted(options.folder.rglob("*.skeleton"))[: options.files]
    size = sum(path.stat().st_size for path in paths)
    times, processor = [], []
    with multiprocessing.Pool(options.processes) as pool:
        each = map if options.processes == 1 else lambda read, all: pool.imap_unordered(read, all, 16)
        for _ in range(options.turns + 1):
            start, processor_start = time.perf_counter(), time.process_time()
            frames = sum(each(frames_read, paths))
            times.append(time.perf_counter() - start)
            processor.append(time.process_time() - processor_start)
    times, processor = times[1:], statistics.median(processor[1:])
    speed = [size / 1e6 / seconds for seconds in times]
    median = statistics.median(times)
    print(f"{len(paths)} files, {size / 1e6:.1f} MB, {frames} bodies in frames")
    print(f"python {options.processes} process(es): median {size / 1e6 / median:.2f} MB/s "
          f"({min(speed):.2f} to {max(speed):.2f}), {len(paths) / median:.1f} files/s, {median:.3f} s"
          + (f"; {size / 1e6 / processor:.2f} MB/s of processor time" if options.processes == 1 else ""))


if __name__ == "__main__":
    main()
