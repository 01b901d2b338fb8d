#!/bin/sh
# Remakes the shipped base model from scratch: corpus, tokenizer, training, gate (docs/log.md has the numbers).
# Usage: pretrain/run.sh [OUT=models/nano]   (PYTHON=… picks the interpreter; default: the checkout's .venv)
set -eu
cd "$(dirname "$0")/.."
out=${1:-models/nano}
work=.cache/pretrain
python=${PYTHON:-.venv/bin/python}
npx tsx pretrain/corpus.ts "$work"
"$python" pretrain/train.py "$work" "$out"
npx tsx pretrain/gate.ts "$work"
"$python" pretrain/gate.py "$out" "$work"
