"""docs/wire.md: the methods and the messages of the .proto files, with the comments that stand there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["page"]

PROTO = Path(__file__).resolve().parents[2] / "proto"
FILES = {"MeanRevService": "meanrev.proto", "MeanRevResearch": "research.proto"}


class Block(NamedTuple):
    """A message or a service of a .proto file.

    Attributes:
        kind: "message" or "service".
        name: Its name.
        comment: What stands above it.
        lines: (comment, line) of each field or method.
    """

    kind: str
    name: str
    comment: str
    lines: list[tuple[str, str]]


def page() -> str:
    """Return the page."""
    blocks = {file: list(_blocks((PROTO / file).read_text(encoding="utf-8"))) for file in FILES.values()}
    parts = {f"{service} METHODS": _methods(blocks[file], service) for service, file in FILES.items()}
    parts |= {f"{service} MESSAGES": _messages(blocks[file]) for service, file in FILES.items()}
    text = TEXT
    for name, lines in parts.items():
        text = text.replace(f"<{name}>", "\n".join(lines))
    return text


def _blocks(text: str) -> Iterator[Block]:
    """Yield the top-level messages and services of a file whose blocks are not nested."""
    comment: list[str] = []
    block: Block | None = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("//"):
            comment.append(line.removeprefix("//").strip())
            continue
        one = re.fullmatch(r"(message|service) (\w+) \{(\})?", line)
        if one:
            block = Block(one[1], one[2], " ".join(comment), [])
        elif block is not None and line and line != "}":
            block.lines.append((" ".join(comment), line))
        comment = []
        if block is not None and line.endswith("}"):
            yield block
            block = None


def _methods(blocks: list[Block], service: str) -> Iterator[str]:
    yield "| method | request | reply | what it does |"
    yield "|---|---|---|---|"
    for comment, line in next(block for block in blocks if block.name == service).lines:
        name, asked, answered = re.fullmatch(r"rpc (\w+)\((.*)\) returns \((.*)\);", line).groups()
        yield f"| `{name}` | {_linked(asked)} | {_linked(answered)} | {comment} |"


def _linked(message: str) -> str:
    stream, name = ("stream of ", message.removeprefix("stream ")) if message.startswith("stream ") else ("", message)
    return f"{stream}[{name}](#{name.lower()})"


def _messages(blocks: list[Block]) -> Iterator[str]:
    for block in (block for block in blocks if block.kind == "message"):
        yield f"### {block.name}"
        yield ""
        if block.comment:
            yield f"{block.comment}\n"
        if not block.lines:
            yield "No fields.\n"
            continue
        yield "| number | field | type | |"
        yield "|---|---|---|---|"
        for comment, line in block.lines:
            written, _, beside = line.partition("//")
            kind, name, number = re.fullmatch(r"(.+) (\w+) = (\d+)(?: \[.*\])?;", written.strip()).groups()
            said = " ".join(part for part in (comment, beside.strip()) if part)
            yield f"| {number} | `{name}` | {kind} | {said.replace('|', chr(92) + '|')} |"
        yield ""


TEXT = """# The wire

What travels between a client and a server: two gRPC services over protocol buffers. The Python client needs none of
this page; it is for programs in other languages, and for those who read traffic. The tables are written from the two
files by `python -m tests.pages`, and a test compares them.

`meanrev proto --out .` writes both files: [meanrev.proto](../proto/meanrev.proto), which is frozen, so that clients of
the earlier service work unchanged, and [research.proto](../proto/research.proto), to which fields and methods are only
added. `meanrev call HOST METHOD '{...}'` calls any method with JSON through the server's reflection, without stubs.

## Conventions

- A **matrix** is row-major: `rows`, `cols` and `values`, or `values_f32` at half the bytes. NaN is a missing price.
- **Options** are one JSON object in the field `metadata` of the request; [options](options.md) lists them. Further
  results come in the `metadata` of the reply.
- **Research methods** take `MatrixChunk`s of one matrix, about 2 MiB each, and report `done` of `total` while they
  compute. A kept matrix (`matrix_id`) stands for an upload ([matrices](matrices.md)).
- **Errors** are gRPC statuses. The trailing metadata `meanrev-error` has `field`, `rule`, `value` and `index` as JSON
  ([statuses](statuses.md)).
- **Tokens** travel as the metadata `authorization: Bearer TOKEN` ([security](security.md)).
- The standard services `grpc.health.v1.Health` and server reflection answer beside these two.

## MeanRevService

<MeanRevService METHODS>

## MeanRevResearch

<MeanRevResearch METHODS>

## Messages of MeanRevService

<MeanRevService MESSAGES>

## Messages of MeanRevResearch

<MeanRevResearch MESSAGES>
"""
