#!/usr/bin/env python3
"""Writes fuzz/seeds/<target>/: small valid files of every format, made up here, and some that are nearly valid.

Deterministic; the outputs are committed. No file comes from a data set.
"""

import json
import math
import pathlib

SEEDS = pathlib.Path(__file__).parent / "seeds"


def write(target, name, text):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def wave(frame, joint, axis):
    return round(math.sin(0.7 * frame + 0.3 * joint + axis), 3)


def ntu(bodies_per_frame, end="\n", joints=25):
    """`bodies_per_frame` lists the body ids of every frame."""
    lines = [str(len(bodies_per_frame))]
    for frame, bodies in enumerate(bodies_per_frame):
        lines.append(str(len(bodies)))
        for body in bodies:
            lines += [f"{body} 0 1 0 1 0 0 0.1 -0.2 2", str(joints)]
            for joint in range(joints):
                x, y, z = (wave(frame, joint, axis) for axis in range(3))
                lines.append(f"{x} {y} {z} 250 180 900 500 0.1 0.2 0.3 0.9 2")
    return end.join(lines) + end


def nw_ucla(frames, label="1", name="a01_s01_e00_v01"):
    skeletons = [[[wave(t, v, c) for c in range(3)] for v in range(20)] for t in range(frames)]
    clip = {"file_name": name, "label": label, "skeletons": skeletons}
    return json.dumps({key: value for key, value in clip.items() if value is not None})


def layout():
    return {
        "name": "stick",
        "joints": ["hip", "head", "left_hand", "right_hand"],
        "edges": [["head", "hip"], ["left_hand", "head"], ["right_hand", "head"]],
        "centre": "hip",
        "bone_root": "head",
        "mirrored": [["left_hand", "right_hand"]],
        "parts": [{"name": "arms", "joints": ["left_hand", "right_hand"]}],
    }


def main():
    write("ntu", "one_body", ntu([[1]]))
    write("ntu", "two_bodies_crlf", ntu([[72057594037931691, 7], [7]], "\r\n"))
    write("ntu", "empty_frame", ntu([[], [3], []]))
    write("ntu", "no_frames", "0\n")
    write("ntu", "few_joints", ntu([[1]], joints=2))

    write("nw_ucla", "one_frame", nw_ucla(1))
    write("nw_ucla", "label_is_a_number", nw_ucla(2, label=1))
    write("nw_ucla", "skeletons_only", nw_ucla(1, label=None, name=None))
    write("nw_ucla", "short", '{"skeletons":[[[0,1,2]]]}')

    write("layout_json", "stick", json.dumps(layout()))
    write("layout_json", "dot", '{"name":"dot","joints":["a"],"centre":"a"}')
    write("layout_json", "unknown_joint", '{"name":"x","joints":["a","b"],"edges":[["a","c"]],"centre":"a"}')

    steps = [
        [
            {"step": "choose_bodies", "count": 2, "order": "per_frame"},
            {"step": "centre_each_frame", "joint": "hip_centre"},
            {"step": "crop_to_valid"},
            {"step": "resample", "frames": 5},
            {"step": "rotate_shoulders", "left": "left_shoulder", "right": "right_shoulder"},
        ],
        [
            {"step": "choose_bodies", "count": 1, "order": "tracked"},
            {"step": "centre_on_first_frame", "joint": "spine"},
            {"step": "min_max"},
            {"step": "sample_frames", "frames": 9},
        ],
        [
            {"step": "view_invariant", "origin": "hip_centre", "up": "spine", "left": "left_hip", "right": "right_hip"},
        ],
        # Beyond what a sequence may hold: once a crash.
        [{"step": "choose_bodies", "count": 10**13, "order": "tracked"}],
        [{"step": "resample", "frames": 65536}, {"step": "choose_bodies", "count": 60, "order": "tracked"}],
        [],
    ]
    for number, list_of_steps in enumerate(steps):
        write("preprocess_json", f"steps_{number}", json.dumps({"name": "seed", "steps": list_of_steps}))


if __name__ == "__main__":
    main()
