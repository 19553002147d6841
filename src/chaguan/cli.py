"""The command line: serve, backup, keys, doctor, bench and others. Each sub-command prints what a person needs, no more."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from chaguan.backup.options import add_commands as add_backup_commands
from chaguan.core.errors import AppError
from chaguan.core.settings import ConfigError, Settings, load
from chaguan.infra.keyring import MasterKeyError


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except ConfigError as error:
        print(f"chaguan: {error}", file=sys.stderr)
        return 2
    except AppError as error:
        print(f"chaguan: {error.detail or error.code.value}", file=sys.stderr)
        return 2 if isinstance(error, MasterKeyError) else 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chaguan", description="Self-hosted messaging for your own business."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_worker(commands)
    _add_schema(commands)
    _add_keys(commands)
    add_backup_commands(commands, _configured, settings_of)
    _add_doctor(commands)
    _add_sandbox(commands)
    _add_bench(commands)
    _add_capacity(commands)
    return parser


def _configured(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="chaguan.toml")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where everything is kept (default: data)")


def settings_of(options: argparse.Namespace, **overrides: object) -> Settings:
    return load(options.config, data_dir=options.data_dir, **overrides)


def _add_serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("serve", help="serve this deployment")
    _configured(parser)
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default: 8080)")
    parser.add_argument(
        "--demo", action="store_true", default=None, help="fill an empty deployment with demo data"
    )
    parser.add_argument(
        "--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="serve https and wss with these PEM files"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes that share the port (default: 1)")
    parser.set_defaults(run=_serve)


def _add_worker(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "worker", help="run the consumers of the log (search, the desk) apart from `serve`"
    )
    _configured(parser)
    parser.set_defaults(run=_worker)


def _worker(options: argparse.Namespace) -> int:
    from chaguan.serving import run_consumers

    return run_consumers(settings_of(options))


def _serve(options: argparse.Namespace) -> int:
    from chaguan.serving import run

    certificate, key = options.tls or (None, None)
    settings = settings_of(
        options,
        host=options.host,
        port=options.port,
        demo=options.demo,
        sandbox=options.demo,
        tls_certificate=certificate,
        tls_key=key,
        workers=options.workers,
    )
    return run(settings)


def _add_schema(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("schema", help="print the wire as JSON Schema")
    parser.add_argument(
        "--write", action="store_true", help="write schema/, clients/protocol and the golden files"
    )
    parser.add_argument(
        "--check", action="store_true", help="fail if those files are not what the Structs say"
    )
    parser.set_defaults(run=_schema)


def _schema(options: argparse.Namespace) -> int:
    from chaguan import artefacts

    if options.write:
        artefacts.write(Path())
        return 0
    if options.check:
        stale = artefacts.stale(Path())
        for path in stale:
            print(f"{path} is not what the Structs say; run `chaguan schema --write`", file=sys.stderr)
        return 1 if stale else 0
    from chaguan.protocol import schema

    print(schema.json_text(), end="")
    return 0


def _add_keys(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("keys", help="the master key of what is stored")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    rotate = actions.add_parser(
        "rotate", help="make a new master key and re-wrap all keys, also while serving"
    )
    _configured(rotate)
    rotate.add_argument("--keep-old", action="store_true", help="leave the old keys in the file")
    rotate.set_defaults(run=_rotate)


def _rotate(options: argparse.Namespace) -> int:
    from chaguan.rotation import rotate

    done = rotate(settings_of(options), keep_old=options.keep_old, say=print)
    print(
        f"Master key {done.key_id} is in use; {done.rewrapped} keys re-wrapped, {len(done.retired)} old keys removed."
    )
    return 0


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("doctor", help="check a deployment and explain each finding")
    _configured(parser)
    parser.set_defaults(run=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    from chaguan.doctor import examine

    findings = examine(settings_of(options))
    for finding in findings:
        print(finding.text)
    return 1 if any(finding.is_fault for finding in findings) else 0


def _add_sandbox(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("sandbox", help="serve a stand-in for WeChat's servers, for development")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--appid", default="wx0000000000sandbox", help="the AppID it knows")
    parser.add_argument("--secret", default="sandbox-secret", help="and its secret")
    parser.set_defaults(run=_sandbox)


def _sandbox(options: argparse.Namespace) -> int:
    import uvicorn

    from chaguan.platforms.sandbox import SandboxWeChat, sandbox_app

    app = sandbox_app(SandboxWeChat({options.appid: options.secret}))
    print(f"WeChat sandbox on http://127.0.0.1:{options.port}/sandbox/wechat (AppID {options.appid})")
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning")
    return 0


def _add_bench(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from chaguan.bench.options import add_options

    parser = commands.add_parser(
        "bench", help="measure this machine with a server of its own on temporary data"
    )
    add_options(parser)
    parser.set_defaults(run=_bench)


def _bench(options: argparse.Namespace) -> int:
    from chaguan.bench.run import run

    return run(options)


def _add_capacity(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from chaguan.capacity.options import add_options

    parser = commands.add_parser(
        "capacity", help="from measured figures and an expected load to nodes, database and Redis"
    )
    add_options(parser)
    parser.set_defaults(run=_capacity)


def _capacity(options: argparse.Namespace) -> int:
    from chaguan.capacity.command import run

    return run(options)


if __name__ == "__main__":
    sys.exit(main())
