#!/usr/bin/env python3
"""Checks exported graphs with ONNX's own checker and shape inference.

    check-onnx.py FOLDER...

Every .onnx file of each folder is checked: the full checker with strict shape inference, names that are unique, operators of the default
domain only, and inferred output shapes that agree with the declared ones. No graph found is a failure.
"""
import pathlib
import sys

import onnx
from onnx import checker, shape_inference


def declared(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


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

    # Inference over the stripped graph: what is inferred must not contradict what is declared.
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    for output in bare.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(bare, check_type=True, strict_mode=True, data_prop=True)
    found = {o.name: declared(o) for o in inferred.graph.output}
    for output in graph.output:
        want, got = declared(output), found.get(output.name, [])
        if got and (len(want) != len(got) or any(isinstance(a, int) and isinstance(b, int) and a and b and a != b for a, b in zip(want, got))):
            raise ValueError(f"{output.name} is declared {want}, inferred {got}")
    return len(graph.node), len(graph.initializer), len(graph.output)


def main():
    files = [f for folder in sys.argv[1:] for f in sorted(pathlib.Path(folder).glob("*.onnx"))]
    if not files:
        sys.exit("no .onnx file found in: " + " ".join(sys.argv[1:]))
    failed = 0
    for path in files:
        try:
            nodes, weights, outputs = check(path)
            print(f"ok    {path}: {nodes} nodes, {weights} initializers, {outputs} outputs")
        except Exception as error:  # noqa: BLE001 - every fault of a file is reported, then the next file is checked
            failed += 1
            print(f"FAIL  {path}: {error}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
