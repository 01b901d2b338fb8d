#!/bin/sh
# One gate of the world trail from nothing, on one thread: bench/trail/run.sh GATE [SEED=0]
#   0       ceilings by enumeration
#   base    what all others begin with: nano, pre-trained on one-hop questions of other seeds
#   1       labels at once: 2,000, 8,000, 32,000 (LABELS="2000 8000"), depths mixed; CURRICULUM=1: depth by depth
#   2       1,500 clean chains, three passes and three more
#   3       headroom: 300 clean chains, ten passes, eight samples at three temperatures
#   4       RL of gate 3's model with an oracle and with nothing in a reward model's place (SIGNALS=placebo, NOISE=.2)
#   4b      gate 4's second design: RL of a model with 600 chains on prompts that all hide a theme, a fifth of golds wrong
#           (SIGNALS= SAMPLES=8: its headroom alone)
#   1c 2c 3c 4c   the third design: one to six hops counted down, none hidden, five of eight tagged again, 16 items; RL
#           on three to six, a fifth of golds wrong (LABELS, CURRICULUM, CHAINS, PASSES; STEPS, RATE, NOISE, SIGNALS)
#   5 5c    PQP pairs of gate 4b's or 4c's model: rules, and a reward model
# Sets and models stand in .cache/trail/SEED and are made once. PYTHON picks the interpreter (default .venv's).
set -eu
cd "$(dirname "$0")/../.."
gate=${1:?which gate}
seed=${2:-0}
top=.cache/trail
at=$top/$seed
python=${PYTHON:-.venv/bin/python}
export OMP_NUM_THREADS=1 PYTHONPATH="engine${PYTHONPATH:+:$PYTHONPATH}"

made() { # FILE SEED FORM COUNT DEPTHS SPLIT [HIDDEN]
  [ -f "$1" ] || npx tsx bench/trail/generate.ts "$@"
}
learn() { "$python" bench/trail/learn.py "$@"; }
base() {
  [ -f "$top/base/config.json" ] && return
  for other in 101 102 103 104; do made "$top/asked-$other.jsonl" "$other" asked 8000 1 pretrain; done
  cat "$top"/asked-*.jsonl >"$top/asked.jsonl"
  learn "$top/asked.jsonl" --save "$top/base"
}
chains() { # FIRST PASSES FROM TO
  made "$at/chains.jsonl" "$seed" chain 3000 1234 train
  [ -f "$at/$4/config.json" ] || learn "$at/chains.jsonl" --take "$1" --epochs "$2" --base "$3" --save "$at/$4"
}
hidden() { # CHAINS PASSES: a model of so many chains, and queries that all hide a theme
  base
  chains "$1" "$2" "$top/base" "sft-$1"
  made "$at/hidden-test.jsonl" "$seed" chain 800 1234 test 1
}
lever() { # NAME MODEL SETS OPTIONS…: RL with each signal once; what it found is kept in NAME-SIGNAL.json
  name=$1 model=$2 sets=$3
  shift 3
  "$python" bench/trail/reinforce.py "$at/$sets-rl.jsonl" "$at/$sets-test.jsonl" --base "$at/$model" --seed "$seed" \
    --signals "${SIGNALS-none,oracle,placebo}" --valid "$at/$sets-dev.jsonl" --every "${EVERY:-10}" \
    --steps "${STEPS:-30}" --rate "${RATE:-2e-4}" --prompts "${PROMPTS:-16}" --keep "$at/$name" "$@"
}
world=${WORLD:-0 5 16} # of the third design: share with a hidden theme, themes tagged again, items
deep() { # the third design's sets and model: up to six hops, counted down
  base
  made "$at/deep-train.jsonl" "$seed" down 3000 123456 train $world
  made "$at/deep-rl.jsonl" "$seed" down 640 3456 rl $world
  made "$at/deep-dev.jsonl" "$seed" down 240 3456 dev $world
  made "$at/deep-test.jsonl" "$seed" down 800 3456 test $world
  deep=deep-${CHAINS:-450}-${PASSES:-6}
  [ -f "$at/$deep/config.json" ] ||
    learn "$at/deep-train.jsonl" --take "${CHAINS:-450}" --epochs "${PASSES:-6}" --base "$top/base" --save "$at/$deep"
}
asked() { # MODEL QUERIES [SAMPLES]
  made "$at/test-chain.jsonl" "$seed" chain 800 1234 test
  learn "$at/chains.jsonl" "$at/test-chain.jsonl" --epochs 0 --base "$at/$1" --ask "$2" --samples "${3:-0}"
}

case $gate in
0) npx tsx bench/trail/gate0.ts ;;
base) base ;;
1)
  base
  made "$at/labels.jsonl" "$seed" direct 32000 1234 train
  made "$at/test-direct.jsonl" "$seed" direct 800 1234 test
  for n in ${LABELS:-2000 8000 32000}; do
    learn "$at/labels.jsonl" "$at/test-direct.jsonl" --take "$n" --ask 400 --base "$top/base" ${CURRICULUM:+--curriculum}
  done
  ;;
2)
  base
  chains 1500 3 "$top/base" sft-1500
  asked sft-1500 400
  [ -f "$at/sft-1500b/config.json" ] ||
    learn "$at/chains.jsonl" --take 1500 --epochs 3 --seed 1 --base "$at/sft-1500" --save "$at/sft-1500b"
  asked sft-1500b 400
  ;;
3)
  base
  chains 300 10 "$top/base" sft-300
  asked sft-300 240 8
  ;;
4)
  base
  chains 300 10 "$top/base" sft-300
  asked sft-300 400
  made "$at/rl.jsonl" "$seed" chain 640 1234 rl
  "$python" bench/trail/reinforce.py "$at/rl.jsonl" "$at/test-chain.jsonl" --base "$at/sft-300" --seed "$seed" \
    --signals "${SIGNALS:-oracle,none}" --steps 30 --ask 400 --noise "${NOISE:-0}"
  ;;
4b)
  hidden 600 6
  learn "$at/chains.jsonl" "$at/hidden-test.jsonl" --epochs 0 --base "$at/sft-600" \
    --ask "${ASK:-800}" --samples "${SAMPLES:-0}"
  made "$at/hidden-rl.jsonl" "$seed" chain 640 1234 rl 1
  made "$at/hidden-dev.jsonl" "$seed" chain 240 1234 dev 1
  lever "${NAME:-4b}" sft-600 hidden --noise "${NOISE:-.2}"
  ;;
1c)
  base
  made "$at/deep-labels.jsonl" "$seed" direct 32000 123456 train $world
  made "$at/deep-direct.jsonl" "$seed" direct 900 123456 test $world
  for n in ${LABELS:-8000}; do
    learn "$at/deep-labels.jsonl" "$at/deep-direct.jsonl" --take "$n" --base "$top/base" ${CURRICULUM:+--curriculum}
  done
  ;;
2c)
  base
  made "$at/deep-train.jsonl" "$seed" down 3000 123456 train $world
  made "$at/deep-all.jsonl" "$seed" down 900 123456 test $world
  learn "$at/deep-train.jsonl" "$at/deep-all.jsonl" --take 1500 --epochs "${PASSES:-3}" --base "$top/base"
  ;;
3c)
  deep
  learn "$at/deep-train.jsonl" "$at/deep-dev.jsonl" --epochs 0 --base "$at/$deep" --ask "${ASK:-240}" --samples 8
  ;;
4c)
  deep
  lever "${NAME:-4c}" "$deep" deep --noise "${NOISE:-.2}"
  ;;
5c)
  deep
  made "$at/deep-prmu.jsonl" "$seed" down 1200 3456 prmu $world
  "$python" bench/trail/prefer.py "$at/deep-prmu.jsonl" --base "$at/$deep" --seed "$seed"
  ;;
5)
  hidden 600 6
  made "$at/hidden-prmu.jsonl" "$seed" chain 1200 1234 prmu 1
  "$python" bench/trail/prefer.py "$at/hidden-prmu.jsonl" --base "$at/sft-600" --seed "$seed"
  ;;
*)
  sed -n 2,15p "$0" >&2
  exit 2
  ;;
esac
