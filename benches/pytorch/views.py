"""Two views of an NTU clip of 50 frames and two persons with NumPy, array by array as the field's loaders
make them: the peer of `cargo bench -p skeleton-augment`, which has the same two recipes.

    python3 benches/pytorch/views.py        (wants NumPy)
"""
import math
import os
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np  # noqa: E402  (after the number of threads is set)

CROP, SHEAR, SIGMA, KERNEL = 6, 0.5, (0.1, 2.0), 15
MIRROR = [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 20, 23, 24, 21, 22]


def temporal_crop(clip, rng):
    frames = clip.shape[1]
    margin = frames // CROP
    padded = np.concatenate([clip[:, :margin][:, ::-1], clip, clip[:, -margin:][:, ::-1]], axis=1)
    start = rng.integers(0, 2 * margin + 1)
    return padded[:, start:start + frames]


def transform(clip, matrix):
    return np.dot(clip.transpose(1, 2, 3, 0), matrix).transpose(3, 0, 1, 2)


def shear(clip, rng):
    a = rng.uniform(-SHEAR, SHEAR, 6)
    return transform(clip, np.array([[1, a[0], a[1]], [a[2], 1, a[3]], [a[4], a[5], 1]]))


def rotation(clip, rng):
    main = rng.integers(0, 3)
    for axis in range(3):
        angle = math.radians(rng.uniform(0, 30 if axis == main else 1))
        matrix = np.eye(3)
        i, j = [k for k in range(3) if k != axis]
        matrix[i, i] = matrix[j, j] = math.cos(angle)
        matrix[i, j], matrix[j, i] = -math.sin(angle), math.sin(angle)
        clip = transform(clip, matrix)
    return clip


def blur(clip, rng):
    offsets = np.arange(KERNEL) - KERNEL // 2
    kernel = np.exp(-offsets ** 2 / (2 * rng.uniform(*SIGMA) ** 2))
    frames = clip.shape[1]
    padded = np.pad(clip, ((0, 0), (KERNEL // 2,) * 2, (0, 0), (0, 0)), mode="reflect")
    return sum(weight * padded[:, i:i + frames] for i, weight in enumerate(kernel))


def drop_axis(clip, rng):
    clip = clip.copy()
    clip[rng.integers(0, 3)] = 0
    return clip


def skeletonclr(clip, rng):
    return np.ascontiguousarray(shear(temporal_crop(clip, rng), rng), dtype=np.float32)


def aimclr_extreme(clip, rng):
    clip = shear(temporal_crop(clip, rng), rng)
    if rng.random() < 0.5:
        clip = clip[:, :, MIRROR]
    clip = rotation(clip, rng)
    if rng.random() < 0.5:
        clip = clip + rng.normal(0, 0.01, clip.shape)
    if rng.random() < 0.5:
        clip = blur(clip, rng)
    if rng.random() < 0.5:
        clip = drop_axis(clip, rng)
    return np.ascontiguousarray(clip, dtype=np.float32)


def main():
    rng = np.random.default_rng(0)
    clip = rng.uniform(-0.5, 0.5, (3, 50, 25, 2)).astype(np.float32)
    for recipe in (skeletonclr, aimclr_extreme):
        times = []
        for _ in range(30):
            start = time.perf_counter()
            for _ in range(50):
                recipe(clip, rng), recipe(clip, rng)
            times.append((time.perf_counter() - start) / 50)
        print(f"two_views/{recipe.__name__}: median {statistics.median(times) * 1e6:.0f} us")


if __name__ == "__main__":
    main()
