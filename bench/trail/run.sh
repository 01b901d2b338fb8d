#!/bin/sh
# One gate of the world trail from nothing, on one thread: bench/trail/run.sh GATE [SEED=0]
#   0       ceilings by enumeration
#   base    the base for all others: nano, pre-trained on one-hop questions of other seeds
#   1       labels at once: 2k, 8k, 32k (and 128k with LABELS=128000), depths mixed, then by curriculum
#   2       1,500 clean chains
#   3       headroom: 300 and 600 clean chains, eight samples at three temperatures
#   4       RL with an oracle, a placebo and nothing in a reward model's place
# Sets and models stand in .cache/trail/SEED and are made once. PYTHON picks the interpreter (default .venv's).
set -eu
cd "$(dirname "$0")/../.."
gate=${1:?which gate}
seed=${2:-0}
top=.cache/trail
at=$top/$seed
python=${PYTHON:-.venv/bin/python}
export OMP_NUM_THREADS=1

# set FILE SEED FORM COUNT DEPTHS SPLIT
set_() { [ -f "$1" ] || npx tsx bench/trail/generate.ts "$@"; }
learn() { "$python" bench/trail/learn.py "$@"; }
tests() {
  set_ "$at/test-direct.jsonl" "$seed" direct 800 1234 test
  set_ "$at/test-chain.jsonl" "$seed" chain 800 1234 test
}
base() {
  [ -f "$top/base/config.json" ] && return
  for other in 101 102 103 104; do set_ "$top/asked-$other.jsonl" "$other" asked 8000 1 pretrain; done
  [ -f "$top/asked.jsonl" ] || cat "$top"/asked-*.jsonl >"$top/asked.jsonl"
  learn "$top/asked.jsonl" --save "$top/base"
}
sft() { # CHAINS
  base
  set_ "$at/chains.jsonl" "$seed" chain 3000 1234 train
  [ -f "$at/sft-$1/config.json" ] || learn "$at/chains.jsonl" --take "$1" --epochs "${EPOCHS:-4}" --base "$top/base" --save "$at/sft-$1"
}

case $gate in
0) npx tsx bench/trail/gate0.ts ;;
base) base ;;
1)
  base && tests
  set_ "$at/labels.jsonl" "$seed" direct "${LABELS:-32000}" 1234 train
  for n in 2000 8000 32000 128000; do
    [ "$n" -gt "${LABELS:-32000}" ] && continue
    learn "$at/labels.jsonl" "$at/test-direct.jsonl" --take "$n" --base "$top/base"
    learn "$at/labels.jsonl" "$at/test-direct.jsonl" --take "$n" --base "$top/base" --curriculum
  done
  ;;
2)
  base && tests
  set_ "$at/chains.jsonl" "$seed" chain 3000 1234 train
  learn "$at/chains.jsonl" "$at/test-chain.jsonl" --take 1500 --epochs "${EPOCHS:-4}" --base "$top/base"
  ;;
3)
  tests
  for n in ${CHAINS:-300 600}; do
    sft "$n"
    learn "$at/chains.jsonl" "$at/test-chain.jsonl" --epochs 0 --base "$at/sft-$n" --samples 8
  done
  ;;
4)
  tests
  sft "${CHAINS:-300}"
  set_ "$at/rl.jsonl" "$seed" chain 1280 1234 rl
  for signal in none oracle placebo; do
    "$python" bench/trail/reinforce.py "$at/rl.jsonl" "$at/test-chain.jsonl" --base "$at/sft-${CHAINS:-300}" --signal "$signal" --seed "$seed"
  done
  ;;
*) sed -n 2,9p "$0" >&2; exit 2 ;;
esac
