#!/usr/bin/env bash
# Runs check-onnx.py over folders of exported graphs; gets Debian's python3-onnx first where it is missing.
set -euo pipefail
cd "$(dirname "$0")"
python=/usr/bin/python3
if ! "$python" -c 'import onnx' 2>/dev/null; then
    if ! command -v apt-get >/dev/null; then
        echo "check-onnx: python3-onnx is missing and there is no apt-get; install the Python package onnx for $python" >&2
        exit 1
    fi
    install=(apt-get install -y -qq --no-install-recommends python3-onnx)
    [ "$(id -u)" -eq 0 ] || install=(sudo "${install[@]}")
    "${install[@]}" >/dev/null || { apt-get update -qq && "${install[@]}" >/dev/null; }
fi
cd "$OLDPWD"
exec "$python" "$(dirname "$0")/check-onnx.py" "$@"
