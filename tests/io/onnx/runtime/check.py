"""Checks what onnx_cases wrote: every file passes ONNX's checker, and ONNX Runtime gives the outputs that stand beside it.

    python check.py FOLDER
"""
import pathlib
import sys

import numpy
import onnx
import onnxruntime

TOLERANCE = 1e-4


def arrays(model, kind):
    files = sorted(model.parent.glob(f"{model.stem}.{kind}*.npy"), key=lambda file: int(file.stem.rsplit(kind, 1)[1]))
    return [numpy.load(file) for file in files]


def difference(got, expected):
    """None where two arrays agree, else what does not."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return f"{got.dtype} {got.shape} instead of {expected.dtype} {expected.shape}"
    if got.dtype.kind != "f":
        return None if (got == expected).all() else f"{got.tolist()} instead of {expected.tolist()}"
    close = numpy.isclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    return None if close.all() else f"off by {numpy.abs(got - expected).max():.3g}"


def problem_of(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = {port.name: array for port, array in zip(session.get_inputs(), arrays(path, "input"), strict=True)}
    for got, expected in zip(session.run(None, inputs), arrays(path, "output"), strict=True):
        if problem := difference(got, expected):
            return problem
    return None


def main(folder):
    paths = sorted(pathlib.Path(folder).glob("*.onnx"))
    failed = 0
    for path in paths:
        try:
            problem = problem_of(path)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            failed += 1
            print(f"{path.stem}: {problem}")
    print(f"{len(paths) - failed} of {len(paths)} models give the same in ONNX Runtime {onnxruntime.__version__}")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
