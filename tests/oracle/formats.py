"""Writes the files in tests/fixtures/formats with the formats' own libraries: numpy, safetensors and Python's gzip.

    python3 tests/oracle/formats.py [FOLDER]
"""

import gzip
import pathlib
import struct
import sys
import zipfile

import numpy
import torch
from safetensors.torch import save_file

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1] / "fixtures" / "formats")
folder.mkdir(parents=True, exist_ok=True)

# safetensors: every dtype, a scalar, an empty tensor, metadata.
save_file(
    {
        "f16": torch.tensor([0.5, -2.0, 65504.0], dtype=torch.float16),
        "bf16": torch.tensor([1.0, -3.0], dtype=torch.bfloat16),
        "f32": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
        "f64": torch.tensor(3.141592653589793, dtype=torch.float64),
        "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "i8": torch.tensor([-128, 127], dtype=torch.int8),
        "i16": torch.tensor([-32768], dtype=torch.int16),
        "i32": torch.tensor([[-2147483648]], dtype=torch.int32),
        "i64": torch.tensor([9223372036854775807, -1], dtype=torch.int64),
        "bool": torch.tensor([True, False, True]),
        "empty": torch.zeros(0, 3),
    },
    folder / "all_dtypes.safetensors",
    metadata={"format": "pt", "note": 'ä "quoted"'},
)
# What a writer that keeps this order must write byte for byte.
save_file(
    {"a.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3), "b.steps": torch.tensor(7, dtype=torch.int64)},
    folder / "same_bytes.safetensors",
    metadata={"format": "pt"},
)
save_file({"wide": torch.zeros(2, dtype=torch.uint16)}, folder / "uint16.safetensors")

table = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
for name, array in {
    "float32": table,
    "float64": numpy.array([0.1, -1e300]),
    "float16": numpy.array([0.5, 65504], dtype=numpy.float16),
    "uint8": numpy.array([[0], [255]], dtype=numpy.uint8),
    "int8": numpy.array([-128, 127], dtype=numpy.int8),
    "int16": numpy.array([-32768], dtype=numpy.int16),
    "int32": numpy.array([-2147483648], dtype=numpy.int32),
    "int64": numpy.array([9223372036854775807]),
    "bool": numpy.array([True, False]),
    "scalar": numpy.array(2.5),
    "empty": numpy.zeros((0, 3), dtype=numpy.float32),
    "fortran": numpy.asfortranarray(table),
    "big_endian": table.astype(">f4"),
    "uint16": numpy.array([1], dtype=numpy.uint16),
    "structured": numpy.zeros(1, dtype=[("a", "f4")]),
}.items():
    numpy.save(folder / f"{name}.npy", array)
for version in (2, 3):
    with open(folder / f"version{version}.npy", "wb") as file:
        numpy.lib.format.write_array(file, table, version=(version, 0))

# npz: all dtypes that numpy shares with xnn, a name with dots, a packed archive, one with something else in it.
arrays = {
    "f16": numpy.array([0.5, 65504], dtype=numpy.float16),
    "fc.weight": table,
    "f64": numpy.array(2.5),
    "u8": numpy.array([[0], [255]], dtype=numpy.uint8),
    "i8": numpy.array([-128, 127], dtype=numpy.int8),
    "i16": numpy.array([-32768], dtype=numpy.int16),
    "i32": numpy.array([-2147483648], dtype=numpy.int32),
    "i64": numpy.array([9223372036854775807]),
    "bool": numpy.array([True, False]),
    "empty": numpy.zeros((0, 3), dtype=numpy.float32),
}
numpy.savez(folder / "all_dtypes.npz", **arrays)
numpy.savez_compressed(folder / "packed.npz", table=numpy.zeros(100))
numpy.savez(folder / "fortran.npz", table=numpy.asfortranarray(table))
with zipfile.ZipFile(folder / "other.npz", "w") as archive:
    archive.writestr("readme.txt", "no array")

# IDX: int16 (2, 3), big-endian, packed.
idx = struct.pack(">HBB2I6h", 0, 0x0B, 2, 2, 3, -300, 0, 300, 1, 2, 3)
(folder / "int16.idx.gz").write_bytes(gzip.compress(idx, mtime=0))
