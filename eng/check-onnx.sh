#!/usr/bin/env bash
# Runs check-onnx.py over folders of exported graphs; gets Debian's python3-onnx first where it is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=/usr/bin/python3
if ! "$python" -c 'import onnx' 2>/dev/null; then
    if ! command -v apt-get >/dev/null; then
        echo "check-onnx: $python has no module onnx and there is no apt-get; install the Python package onnx for it" >&2
        exit 1
    fi
    install=(apt-get install -y -qq --no-install-recommends python3-onnx)
    [ "$(id -u)" -eq 0 ] || install=(sudo "${install[@]}")
    "${install[@]}" >/dev/null || { apt-get update -qq && "${install[@]}" >/dev/null; }
fi
exec "$python" "$here/check-onnx.py" "$@"
