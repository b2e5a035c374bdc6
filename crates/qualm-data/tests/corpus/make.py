"""Writes the sound files of this corpus with the libraries that people use.

    pip install numpy==2.4.6 safetensors==0.8.0 ml_dtypes pyarrow==26.0.1 && python make.py

All hold the set that `tests/foreign.rs` expects: features[i][j] = i - j / 4 for 5 rows of width 3,
logits[i][j] = j - i / 2 for 2 classes, labels -1, 0, 1, 2, 3, groups 10, 10, 11, 11, 12 and ids
"a", "bé", "", "row 3", "e". Each also seeds the fuzz targets.
"""

import io
import zipfile

import ml_dtypes
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save_file

rows = np.arange(5)
features = rows[:, None] - np.arange(3)[None, :] / 4
logits = np.arange(2)[None, :] - rows[:, None] / 2
labels = rows - 1
groups = np.array([10, 10, 11, 11, 12])
ids = ["a", "bé", "", "row 3", "e"]
weight = np.array([[1.0, 0.5, -1.0], [0.0, 2.0, 0.25]])
bias = np.array([0.5, -0.5])

save_file(
    {
        "features": features.astype("f2"),
        "logits": logits.astype("f4"),
        "labels": labels.astype("i8"),
        "groups": groups.astype("u2"),
    },
    "f16.safetensors",
    metadata={"made": "by the reference library"},
)
save_file(
    {"features": features.astype(ml_dtypes.bfloat16), "labels": labels.astype("i1")},
    "bf16.safetensors",
)
save_file({"features": features, "labels": labels.astype("i4")}, "f64.safetensors")
save_file({"weight": weight.astype("f2"), "bias": bias.astype("f4")}, "head.safetensors")
np.savez("head.npz", weight=weight, bias=bias)
np.savez_compressed(
    "renamed_head.npz", **{"fc.weight": weight.astype("f4"), "fc.bias": bias.astype("f4")}
)

everything = dict(
    features=features.astype("f4"),
    logits=logits.astype("f2"),
    labels=labels,
    groups=groups.astype("i4"),
    ids=np.array(ids),
)
np.savez("stored.npz", **everything)
np.savez_compressed("deflated.npz", **everything, unused=np.array([{"a": 1}], dtype=object))
np.savez(
    "big_endian.npz",
    features=features.astype(">f8"),
    logits=logits.astype(">f4"),
    labels=labels.astype(">i2")[:, None],
    groups=groups.astype(">u8"),
    ids=np.array(ids).astype(">U7"),
)
np.savez("byte_strings.npz", features=features, ids=np.array([b"a", b"b", b"", b"row 3", b"e"]))
np.save("features.npy", features.astype("f2"))
for version in [(2, 0), (3, 0)]:
    with open(f"version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, features.astype("f4"), version=version)

values = pa.array(features.ravel(), pa.float32())
halves = pa.array(logits.ravel().astype("f2"), pa.float16())
table = pa.table(
    {
        "features": pa.FixedSizeListArray.from_arrays(values, 3),
        "logits": pa.FixedSizeListArray.from_arrays(halves, 2),
        "labels": pa.array(labels, pa.int32()),
        "groups": pa.array(groups, pa.uint8()),
        "ids": pa.array(ids).dictionary_encode(),
        "unused": pa.array([{"x": 1}] * 5),
    }
)
pq.write_table(table, "snappy.parquet", compression="snappy", row_group_size=2)
pq.write_table(table, "gzip.parquet", compression="gzip")
pq.write_table(table, "lz4.parquet", compression="lz4", data_page_version="2.0")
pq.write_table(table, "zstd.parquet", compression="zstd")
lists = pa.table(
    {
        "features": pa.array(features.tolist(), pa.large_list(pa.float64())),
        "labels": pa.array(labels),
        "ids": pa.array(ids, pa.large_string()),
    }
)
pq.write_table(lists, "lists.parquet", compression="none")
ragged = pa.table({"features": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0]])})
pq.write_table(ragged, "ragged.parquet")
null_row = pa.table({"features": pa.array([[1.0, 2.0], None, [5.0, 6.0]])})
pq.write_table(null_row, "null_row.parquet")
null_item = pa.table({"features": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, None]])})
pq.write_table(null_item, "null_item.parquet")
null_label = pa.table({"features": pa.array([[1.0], [2.0]]), "labels": pa.array([1, None])})
pq.write_table(null_label, "null_label.parquet")

np.save("fortran.npy", np.asfortranarray(features))
np.savez("pooled_not.npz", features=np.zeros((2, 3, 4, 4), "f4"))
np.save("pickled.npy", np.array([{"a": 1}], dtype=object))
np.savez("bool_labels.npz", features=features, labels=labels < 0)
np.savez("one_row_short.npz", features=features, labels=labels[:4])
np.savez("huge_label.npz", features=features, labels=np.array([0, 1, 2, 2**63, 4], "u8"))

buffer = io.BytesIO()
np.save(buffer, features)
with zipfile.ZipFile("bzip2.npz", "w", zipfile.ZIP_BZIP2) as archive:
    archive.writestr("features.npy", buffer.getvalue())
