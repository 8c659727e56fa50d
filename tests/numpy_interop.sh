#!/bin/sh
# NumPy opens what we write, and we open what NumPy writes.
set -eu

tool=${top_builddir:-.}/tests/npz_tool
python=
for candidate in "${PYTHON:-python3}" python3 /usr/bin/python3; do
    if "$candidate" -c 'import numpy' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || { echo "NOTICE: skipped, for there is no NumPy (Debian: python3-numpy)"; exit 77; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for level in -1 0 9; do
    "$tool" write "$folder" "$level"
    "$python" - "$folder" <<'PYTHON'
import json, sys, zipfile
import numpy as np
folder = sys.argv[1]
z = np.load(folder + "/all.npz", allow_pickle=False)
expected = {
    "f": np.arange(300000, dtype="<f4").reshape(3, -1), "d": np.array([0.5, -1e300, 3]),
    "i": np.array([-1, 2147483647], "<i4"), "l": np.array([-2**63, 7], "<i8"),
    "u": np.array([[[0, 255, 7], [8, 9, 10]]], "u1"), "b": np.array([True, False]),
    "scalar": np.array(0.5), "none": np.zeros((0, 3)), "a/b": np.array([-1], "<i4"),
}
assert z.files == list(expected), z.files
for name, value in expected.items():
    assert z[name].dtype == value.dtype and z[name].shape == value.shape and (z[name] == value).all(), name
one = np.load(folder + "/one.npy", allow_pickle=False)
assert (one == expected["u"]).all() and one.shape == (1, 2, 3)
mapped = np.load(folder + "/one.npy", mmap_mode="r")
assert mapped.offset % 64 == 0
c = np.load(folder + "/checkpoint.npz", allow_pickle=False)
assert c["layer/w"].shape == (2, 3) and (c["layer/w"] == 2.5).all()
assert json.loads(c["graph.json"])["format"] == "wengert-graph"
for name in ("all", "checkpoint"):
    archive = zipfile.ZipFile(folder + "/" + name + ".npz")
    assert archive.testzip() is None
    assert all(m.date_time == (1980, 1, 1, 0, 0, 0) for m in archive.infolist())
PYTHON
done

"$python" - "$folder" >"$folder/expected" <<'PYTHON'
import sys
import numpy as np
folder = sys.argv[1]
names = {"float32": "f32", "float64": "f64", "int32": "i32", "int64": "i64", "uint8": "u8", "bool": "bool"}
rng = np.random.RandomState(1)
arrays = {}
for kind in ("<f4", "<f8", "<i4", "<i8", "u1", "?", ">f4", ">f8", ">i4", ">i8"):
    a = rng.randint(0, 2 if kind == "?" else 100, (5, 3, 4)).astype(kind)
    label = kind.replace("<", "").replace(">", "big_").replace("?", "bool")
    arrays[label] = a
    arrays[label + "_T"] = np.asfortranarray(a)
    arrays[label + "_1"] = a[:, 0, 0]
arrays["large"] = rng.randn(300000, 3)
np.savez(folder + "/stored.npz", **arrays)
np.savez_compressed(folder + "/packed.npz", **arrays)
for label, a in arrays.items():
    np.save(folder + "/" + label + ".npy", a)
    weights = np.arange(1, a.size + 1, dtype="f8")
    total = 0.0
    for w, x in zip(weights, a.ravel().astype("f8")):
        total += w * x
    line = "%s (%s) %.17g" % (names[a.dtype.newbyteorder("=").name], ",".join(map(str, a.shape)), total)
    for spec in ("stored.npz:" + label, "packed.npz:" + label, label + ".npy"):
        print(folder + "/" + spec, line)
PYTHON

cut -d' ' -f1 "$folder/expected" | xargs "$tool" read >"$folder/read"
cut -d' ' -f2- "$folder/expected" | diff - "$folder/read" || { echo "arrays of NumPy's were read wrongly"; exit 1; }
