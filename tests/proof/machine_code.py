"""What a kernel costs on a GPU, read from its machine code: registers, local memory, spills, instructions of its loop.

A loop's `pass` is its shortest way round, which for the sweep is a bar without an event; `body` is all of it, the slow
paths of divisions left out.
"""

import heapq
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import NamedTuple

from gpu_kernels import compile as kernels

_TOOLS = Path(sysconfig.get_path("purelib")) / "nvidia" / "cu13" / "bin"
_USAGE = re.compile(r"Function (\w+):\s+REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)")
_INSTRUCTION = re.compile(r"^\s*/\*[0-9a-f]+\*/\s+(@!?U?P\w+ )?([A-Z][\w.]*)\s*(.*);")
_LABEL = re.compile(r"^(\.L\w+):")
_TARGET = re.compile(r"`\((\.L\w+)\)")


class Cost(NamedTuple):
    """What one entry takes on one architecture; bytes a thread, instructions of the largest loop."""

    registers: int
    stack: int
    local_accesses: int
    loop_body: int
    loop_pass: int


class Instruction(NamedTuple):
    """A line of machine code: its predicate, its name, its operands."""

    predicate: str
    name: str
    operands: str


def available():
    """Tell whether NVRTC and the disassembler are installed."""
    try:
        import cuda.core  # noqa: F401
    except ImportError:
        return False
    return (_TOOLS / "nvdisasm").exists() and (_TOOLS / "cuobjdump").exists()


def costs(operation, architecture, folder):
    """Return the cost of each entry of an operation."""
    file = folder / "code.cubin"
    file.write_bytes(kernels.cubin(operation, architecture))
    usage = {name: figures for name, *figures in _USAGE.findall(_say("cuobjdump", "-res-usage", file))}
    return {name: _cost(code, *map(int, usage[name])) for name, code in _functions(_say("nvdisasm", "-c", file))}


def _cost(code, registers, stack, _shared, local):
    instructions, labels = _parse(code)
    accesses = sum(each.name.split(".")[0] in {"STL", "LDL"} for each in instructions)
    body, shortest = _loop(_edges(instructions, labels))
    return Cost(registers, stack + local, accesses, body, shortest)


def _say(tool, *words):
    done = subprocess.run([_TOOLS / tool, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _functions(text):
    parts = re.split(r"^\.text\.(\w+):", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _parse(code):
    """Return the instructions and where each label stands among them."""
    instructions, labels = [], {}
    for line in code.splitlines():
        if label := _LABEL.match(line):
            labels[label[1]] = len(instructions)
        elif found := _INSTRUCTION.match(line):
            instructions.append(Instruction(found[1] or "", found[2], found[3]))
    return instructions, labels


def _edges(instructions, labels):
    """Return the instructions that may follow each; a call counts as one instruction."""
    meeting = {}
    edges = []
    for place, (predicate, name, operands) in enumerate(instructions):
        kind = name.split(".")[0]
        targets = [labels[label] for label in _TARGET.findall(operands) if label in labels]
        after = [place + 1] if place + 1 < len(instructions) else []
        if kind == "BSSY":
            meeting[operands.split(",")[0]] = targets
        elif kind == "BSYNC":
            after = meeting.get(operands.strip(), after)
        elif kind == "BRA":
            always = not predicate and not re.match(r"!?U?P\d", operands)
            after = targets if always else [*after, *targets]
        elif kind in {"EXIT", "RET"} and not predicate:
            after = []
        edges.append(after)
    return edges


def _loop(edges):
    """Return the size of the largest loop and of its shortest way round; zeros where there is none."""
    heads = {target for place, after in enumerate(edges) for target in after if target <= place and target != place}
    loops = [(len(_body(edges, head)), _way_round(edges, head)) for head in heads]
    return max(loops, default=(0, 0))


def _body(edges, head):
    """Return the places on some way from a head back to it that never goes above it."""
    reached, stack = {head}, [head]
    while stack:
        fresh = [after for after in edges[stack.pop()] if after > head and after not in reached]
        reached.update(fresh)
        stack.extend(fresh)
    before = {}
    for place in reached:
        for after in edges[place]:
            before.setdefault(after, []).append(place)
    body, stack = set(), [place for place in before.get(head, []) if place in reached]
    while stack:
        place = stack.pop()
        if place not in body:
            body.add(place)
            stack.extend(before.get(place, []) if place != head else [])
    return body


def _way_round(edges, head):
    queue, done = [(1, head)], set()
    while queue:
        length, place = heapq.heappop(queue)
        for after in edges[place]:
            if after == head:
                return length
            if after not in done:
                done.add(after)
                heapq.heappush(queue, (length + 1, after))
    return 0
