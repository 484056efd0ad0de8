#!/usr/bin/env python3
"""Checks exported graphs with ONNX's own checker and shape inference.

    check-onnx.py FOLDER...

Every .onnx file of each folder is checked: the full checker, strict shape inference with types, names that are unique, operators of the
default domain only, no weight that nothing reads, inferred output shapes that agree with the declared ones. No graph found is a failure.
"""
import pathlib
import sys

import onnx
from onnx import checker, shape_inference


def extents(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def contradict(want, got):
    return len(want) != len(got) or any(isinstance(a, int) and isinstance(b, int) and a and b and a != b for a, b in zip(want, got))


def check(path):
    checker.check_model(str(path))
    model = onnx.load(str(path), load_external_data=False)
    graph = model.graph
    custom = {n.op_type for n in graph.node if n.domain not in ("", "ai.onnx")}
    if custom:
        raise ValueError(f"operators outside the standard: {sorted(custom)}")
    names = [n.name for n in graph.node]
    if len(set(names)) != len(names) or "" in names:
        raise ValueError("node names are not unique")
    read = {name for n in graph.node for name in n.input} | {o.name for o in graph.output}
    unused = [i.name for i in graph.initializer if i.name not in read]
    if unused:
        raise ValueError(f"initializers that nothing reads: {unused}")

    # Inference without the declared shapes: what is inferred must not contradict them.
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    for output in bare.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(bare, check_type=True, strict_mode=True, data_prop=True)
    found = {o.name: extents(o) for o in inferred.graph.output}
    for output in graph.output:
        if found[output.name] and contradict(extents(output), found[output.name]):
            raise ValueError(f"{output.name} is declared {extents(output)}, inferred {found[output.name]}")
    known = sum(1 for o in graph.output if found[o.name])
    return f"{len(graph.node)} nodes, {len(graph.initializer)} initializers, {len(graph.output)} outputs ({known} shapes inferred)"


def main():
    files = [f for folder in sys.argv[1:] for f in sorted(pathlib.Path(folder).glob("*.onnx"))]
    if not files:
        sys.exit("no .onnx file found in: " + " ".join(sys.argv[1:]))
    failed = 0
    for path in files:
        try:
            print(f"ok    {path}: {check(path)}")
        except Exception as error:  # every fault of a file is reported, then the next file is checked
            failed += 1
            print(f"FAIL  {path}: {error}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
