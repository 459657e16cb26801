#!/usr/bin/env python3
"""Writes fuzz/seeds/<target>/: small valid files of every format, made up here, and some that are nearly valid.

Needs NumPy. Deterministic; the outputs are committed. No file comes from a data set.
"""

import hashlib
import io
import json
import math
import pathlib
import pickle
import struct

import numpy as np

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


def pku_mmd(frames, second, labels, end="\n"):
    """A label file, a line `---`, and as many lines of two bodies; without `second` the second is absent."""
    lines = []
    for t in range(frames):
        first = [wave(t, v, c) for v in range(25) for c in range(3)]
        other = [wave(t, v + 9, c) if second else 0 for v in range(25) for c in range(3)]
        lines.append(" ".join(f"{value:.1f}" for value in first + other))
    return end.join(labels) + end + "---\n" + end.join(lines) + end


def kinetics(frames, **fields):
    """`frames` lists frame_index and the number of persons."""

    def person(t, m):
        pose = [abs(wave(t + m, v, c)) for v in range(18) for c in range(2)]
        return {"pose": pose, "score": [abs(wave(t, v, m)) for v in range(18)]}

    data = [{"frame_index": t, "skeleton": [person(t, m) for m in range(count)]} for t, count in frames]
    return json.dumps({"data": data, **fields}, separators=(",", ":"))


ASF = """\
# a comment
:version 1.10
:name stick
:units
  mass 1.0
  length 0.45
  angle deg
:documentation
   made up
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     id 1
     name hip
     direction 1 0 0
     length 2.5
     axis 0 0 20 XYZ
  end
  begin
     id 2
     name leg
     direction 0 -1 0
     length 7
     axis 0 10 20 XYZ
     dof rx ry rz
     limits (-160.0 20.0)
            (-70.0 70.0)
            (-60.0 70.0)
  end
  begin
     id 3
     name foot
     direction 0.6 0 0.8
     length 1e0
     axis 90 0 0 XYZ
     dof rx
     limits (-inf 20.0)
  end
:hierarchy
  begin
    root hip
    hip leg
    leg foot
  end
"""


def amc(frames, first=1, head=":FULLY-SPECIFIED\n:DEGREES\n"):
    lines = [head.rstrip("\n")]
    for t in range(frames):
        lines += [str(first + t), f"root {t} 17.5 -3 1 2 {3 * t}", f"leg {10 * t} -5 0.25", "foot 1.5e1"]
    return "\n".join(lines) + "\n"


def bvh(frames, end="\n"):
    lines = [
        "HIERARCHY", "ROOT Hips", "{", "OFFSET 0 0 0",
        "CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation",
        "JOINT LeftLeg", "{", "OFFSET 1 -4 0", "CHANNELS 3 Zrotation Xrotation Yrotation",
        "End Site", "{", "OFFSET 0 -4 0.5", "}", "}",
        "JOINT RightLeg {", "OFFSET -1 -4 0", "CHANNELS 1 Xrotation", "End Site { OFFSET 0 -4 0 } }",
        "}", "MOTION", f"Frames: {frames}", "Frame Time: 0.008333",
    ]  # fmt: skip
    for t in range(frames):
        lines.append(" ".join(str(wave(t, value, 0)) for value in range(10)))
    return end.join(lines) + end


def coordinates(*shape, dtype="<f4"):
    """Quarters, which every float type holds, none of them zero."""
    return ((np.arange(math.prod(shape)) % 37 - 18.5) / 4).astype(dtype).reshape(shape)


def npy(array, order="C", version=(1, 0)):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array, order=order), version=version)
    return buffer.getvalue()


def npz(compressed=False, **arrays):
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def annotation(name, joints=2, channels=2, scores=True, label=0):
    keypoint = coordinates(1, 2, joints, channels, dtype="<f2" if scores else "<f4")
    found = {"frame_dir": name, "label": label, "total_frames": 2, "img_shape": (480, 640), "keypoint": keypoint}
    return {**found, "keypoint_score": abs(coordinates(1, 2, joints, dtype="<f2"))} if scores else found


def store():
    """Index and shard of two clips, of two and of one frame, of one person of two joints."""
    layout = {"name": "dumbbell", "joints": ["hip", "head"], "edges": [["head", "hip"]], "centre": "hip"}
    layout |= {"bone_root": "hip", "mirrored": [], "parts": []}
    preprocess = {"name": "none", "steps": []}
    frames = coordinates(3, 1, 2, 3)
    tensors = {
        "labels": ("I64", np.array([1, -1], "<i8")),
        "name_ends": ("U64", np.array([1, 2], "<u8")),
        "frames": ("F32", frames),
        "lengths": ("U32", np.array([2, 1], "<u4")),
        "subjects": ("I32", np.array([1, -1], "<i4")),
        "cameras": ("I32", np.array([3, -1], "<i4")),
        "setups": ("I32", np.array([-1, -1], "<i4")),
        "replications": ("I32", np.array([-1, 2], "<i4")),
        "validity": ("U8", np.array([[1], [0], [1]], "u1")),
        "names": ("U8", np.frombuffer(b"ab", "u1")),
        "sides": ("I8", np.array([[0], [1]], "i1")),
    }
    header, data = {}, b""
    header["__metadata__"] = {"version": "1", "splits": '["xsub"]'}
    for name, (dtype, array) in tensors.items():
        end = len(data) + array.nbytes
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [len(data), end]}
        data += array.tobytes()
    header = json.dumps(header, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    shard = struct.pack("<Q", len(header)) + header + data
    counts = {"min": 1, "max": 2, "total": 3}
    entry = {"file": "shard-00000.safetensors", "bytes": len(shard), "sha256": hashlib.sha256(shard).hexdigest()}
    entry |= {"clips": 2, "persons": 1, "channels": 3, "frames": counts}
    index = {"format": "skeleton-ssl store", "version": 1, "source": "synthetic", "layout": layout}
    index |= {"classes": ["walk", "run"], "preprocess": preprocess, "persons": 1, "channels": 3, "frames": counts}
    index |= {"clips": 2, "splits": ["xsub"], "dtype": "f32", "shards": [entry]}
    return index, shard


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

    write("pku_mmd", "two_bodies", pku_mmd(2, True, ["1,1,1,1", "51,1,2,2"]))
    write("pku_mmd", "one_body_crlf", pku_mmd(3, False, ["7,2,3", "7,2,9,0"], "\r\n"))
    write("pku_mmd", "bad_labels", pku_mmd(1, False, ["52,1,1", "3,2,1", "3,9,9", "a,b,c", "1,1"]))
    write("pku_mmd_split", "one", "Training videos:\n0002-L, 0002-M\n0003-R,\n\nValidataion videos:\n0291-L, 0291-M\n")
    write("pku_mmd_split", "two", "Training videos: \r\nA01N02-L, A01N02-R\r\nTest:\r\nA26N08-M\r\n")

    write("kinetics", "two_frames", kinetics([(1, 1), (2, 2)], label="abseiling", label_index=0))
    write("kinetics", "gap", kinetics([(3, 1), (1, 0)], label_index=399))
    write("kinetics", "short", '{"data":[{"frame_index":1,"skeleton":[{"pose":[0.5,0.5],"score":[1]}]}]}')
    listed = {"a": {"has_skeleton": True, "label": "abseiling", "label_index": 0}, "b": {"has_skeleton": False}}
    write("kinetics_list", "two", json.dumps(listed))

    write("asf", "three_bones", ASF)
    write("asf", "with_motion", ASF.replace("# a comment", "") + "---\n" + amc(2))
    write("asf", "radians_crlf", ASF.replace("angle deg", "angle rad").replace("\n", "\r\n"))
    write("amc", "three_frames", amc(3))
    write("amc", "rate", amc(9, 100, "# made up\n:FULLY-SPECIFIED\n:RADIANS\n:SAMPLES-PER-SECOND 60\n"))
    index = "Subject,Trial #,Motion Description,framerate,Frames 60fps\n"
    write("cmu_index", "two", index + '1,1,walk,120,3\n1,2,"run, ""fast""\nand far",,\n')
    write("bvh", "two_frames", bvh(2))
    write("bvh", "crlf", bvh(5, "\r\n"))
    write("bvh", "root_only", "HIERARCHY ROOT a { OFFSET 0 0 0 CHANNELS 1 Xposition }\nMOTION\nFrames: 1\nFrame Time: 1\n2\n")

    names = (["a.skeleton", "b"], [0, 1])
    for protocol in range(6):
        write("pickle", f"protocol_{protocol}", pickle.dumps(names, protocol))
    write("pickle", "array", pickle.dumps((["a", "b"], np.array([0, 1])), 2))
    write("pickle", "python_2", b"(lp0\nS'a'\np1\naS'b'\np2\na(lp3\nI0\naL1L\na\x86.")
    write("pickle", "calls", b"cos\nsystem\n(S'true'\ntR.")
    containers = (frozenset("a"), {"b": [{1}, 2.5, None, True, 1 << 70, b"bytes", bytearray(b"c")]})
    write("pickle", "containers", pickle.dumps(containers, 4))
    write("pyskl", "scores", pickle.dumps({"split": {"xsub_train": ["a"], "xsub_val": ["b"]}, "annotations": [annotation("a"), annotation("b", label=1)]}, 4))
    write("pyskl", "metres", pickle.dumps([annotation("S001C001P001R001A001", 25, 3, False)], 2))
    write("pyskl", "coco", pickle.dumps({"split": {"train1": ["v"], "test1": ["w"]}, "annotations": [annotation("v", 17), annotation("w", 17)]}, 5))
    write("pyskl", "text", pickle.dumps([annotation("v")], 0))

    flat, deep = coordinates(2, 2, 6), coordinates(2, 3, 2, 2, 1)
    for name, array in {
        "flat": npy(flat),
        "deep": npy(deep),
        "fortran": npy(deep, "F"),
        "half": npy(coordinates(2, 2, 12, dtype="<f2"), version=(2, 0)),
        "double": npy(coordinates(2, 2, 2, 2, 1, dtype="<f8"), version=(3, 0)),
        "big_endian": npy(flat.astype(">f4")),
        "integers": npy(np.arange(24).reshape(2, 2, 6)),
    }.items():
        write("agcn", name, array + b"\x02")
    one_hot = np.eye(3, dtype="<f4")[[2, 0]]
    write("npy_table", "one_person", npy(coordinates(4, 2, 3)))
    write("npy_table", "persons", npy(coordinates(3, 2, 2, 2).astype("<f8"), "F"))
    write("npz", "one_hot", npz(x_train=flat, y_train=one_hot, x_test=flat[:1], y_test=one_hot[:1]))
    write("npz", "numbers", npz(x_test=coordinates(1, 2, 12), y_test=np.array([4])))
    write("npz", "compressed", npz(True, x_train=flat, y_train=np.array([0, 1])))

    write("csv_table", "bodies", "frame,person,time,hip_x,hip_y,hip_z,head_x,head_y,head_z\n1,a,0,0,0,1,0,1,2\n3,b,1,.5,,nan,1e0,1,2\n1,b,0,1,1,1,2,2,2\n")
    write("csv_table", "joints", "joint,frame,x,y\r\nhead,4,0.1,0.2\r\n\"hip\",4,-0.5,1\r\nhip,5,,\r\nhead,5,1,1\r\n")
    write("json_table", "one_person", '{"frames": [[[0.1, 0.2, 2], [0.1, 0.7, 2]], null, [null, [1, 2, 3]]], "label": "walk", "subject": 1, "camera": 2, "fps": 30}')
    write("json_table", "persons", '{"frames": [[[[0,1],[1,1]],null],[],[[[0,null],[1,1]],[[1,2],[3,4]]]], "label": 3}')
    layout_of_two = {"name": "dumbbell", "joints": ["hip", "head"], "edges": [["head", "hip"]], "centre": "hip"}
    write("json_table", "layout", json.dumps({"layout": layout_of_two, "frames": [[[0, 1], [1, 1]]]}))
    write("labels_csv", "names", "file,label,subject,camera,split\na.csv,walk,1,2,train\nb,run,,,test\nc.csv,run,3,,\n")
    write("labels_csv", "numbers", "label,file\n3,./a.csv\n0,b\n")

    index, shard = store()
    write("store_index", "two_clips", json.dumps(index, indent=1))
    steps = [{"step": "resample", "frames": 5}]
    half = index | {"preprocess": {"name": "five", "steps": steps}, "dtype": "f16"}
    second = index["shards"][0] | {"file": "shard-00001.safetensors"}
    half |= {"shards": [*index["shards"], second]}
    half |= {"clips": 4, "frames": {"min": 1, "max": 2, "total": 6}}
    write("store_index", "two_shards", json.dumps(half))
    write("store_shard", "two_clips", shard)

    one, two = "0.1,0.2,2,0.1,0.7,2", "1 2 3 4 5 6"
    write("live", "text", f"# of a sensor\nhip_x,hip_y,hip_z,head_x,head_y,head_z\n{one}\n{two}\n\n{one}\r\n{one}\n,,,,,\n{two}\n")
    write("live", "json", "[0.1,0.2,2,0.1,0.7,2]\n[[1,2,3],[4,5,6]]\n[[[1,2,3],[4,5,6]]]\n[null]\n{\"frame\": [[1,2,3],[4,5,6]]}\n")
    write("live", "timed", f"0.0,{one},{one}\n0.5,{one}{',nan' * 6}\n{{\"time\": 1, \"frame\": [[[1,2,3],[4,5,6]]]}}\n1.5 {two} 0 0 0 0 0 0\n")

    write("detect", "skeleton", ntu([[1]], joints=2))
    write("detect", "pku_mmd", pku_mmd(1, False, ["1,1,1"]).split("---\n")[1])
    write("detect", "amc", amc(1))
    write("detect", "bvh", bvh(1))
    write("detect", "npy", npy(flat))
    write("detect", "csv", "frame,joint,x,y\n")
    write("detect", "json", '{"data":[{"frame_index":1,"frames":[],"skeletons":[]}]}')


if __name__ == "__main__":
    main()
