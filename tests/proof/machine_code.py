"""What a kernel costs on a GPU: registers, stack and spills as ptxas counts them, its loop from the disassembly.

A loop's `pass` is its shortest way round, which for the sweep is a bar without an event; `body` is all of it, the slow
paths of divisions left out.
"""

import heapq
import io
import re
import subprocess
import sysconfig
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from gpu_kernels.compile import cubin

_DISASSEMBLER = Path(sysconfig.get_path("purelib")) / "nvidia" / "cu13" / "bin" / "nvdisasm"
_USAGE = re.compile(
    r"Function properties for (\w+)\n"
    r"\D+(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads\n"
    r"ptxas info\s+: Used (\d+) registers"
)
_INSTRUCTION = re.compile(r"^\s*/\*[0-9a-f]+\*/\s+(@!?U?P\w+ )?([A-Z][\w.]*)\s*(.*);")
_LABEL = re.compile(r"^(\.L\w+):")
_TARGET = re.compile(r"`\((\.L\w+)\)")


class Cost(NamedTuple):
    """What one entry takes on one architecture: bytes a thread, and its code for the size of its loop."""

    registers: int
    stack: int
    spills: int
    code: str

    @property
    def instructions(self):
        return len(_parse(self.code)[0])

    @property
    def loop_body(self):
        return _loop(self.code)[0]

    @property
    def loop_pass(self):
        return _loop(self.code)[1]


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
    return _DISASSEMBLER.exists()


def costs(operation, architecture, folder):
    """Return the cost of each entry of an operation, compiled as gpu_kernels.compile does it.

    Args:
        operation: A name of compile.sources().
        architecture: Such as "sm_90".
        folder: For the machine code; the cache must not hold it, for ptxas speaks when it compiles.
    """
    code, said = _compiled(operation, architecture)
    file = folder / "code.cubin"
    file.write_bytes(code)
    done = subprocess.run([_DISASSEMBLER, "-c", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    usage = {name: map(int, figures) for name, *figures in _USAGE.findall(said)}
    return {name: Cost(*_figures(usage[name]), body) for name, body in _functions(done.stdout)}


def _compiled(operation, architecture):
    """Return the machine code and what ptxas says of it."""
    import cuda.core

    said = io.StringIO()
    options = partial(cuda.core.ProgramOptions, ptxas_options=["-v"])

    class Listening:
        def __init__(self, *words):
            self.program = program(*words)

        def compile(self, form):
            return self.program.compile(form, logs=said)

    program = cuda.core.Program
    with mock.patch.multiple(cuda.core, Program=Listening, ProgramOptions=options):
        code = cubin(operation, architecture)
    assert said.getvalue(), "the cache held this kernel"
    return code, said.getvalue()


def _figures(usage):
    stack, stored, loaded, registers = usage
    return registers, stack, stored + loaded


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


@cache
def _loop(code):
    """Return the size of the largest loop and of its shortest way round; zeros where there is none."""
    edges = _edges(*_parse(code))
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
