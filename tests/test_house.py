"""The rules of CONTRIBUTING.md: every operation is complete, and names agree from the wire to the docs."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from meanrev.methods.research import RESEARCH
from meanrev_server.rpc.registry import module_name
from meanrev_wire import meanrev_pb2, research_pb2
from tests.sources import imported, nodes, parsed

ROOT = Path(__file__).resolve().parent.parent
KERNELS = ROOT / "gpu_kernels"
SERVER = ROOT / "server/meanrev_server"

pytestmark = pytest.mark.skipif(not KERNELS.is_dir(), reason="needs the checkout, and this run has the wheel alone")

OPERATIONS = sorted(path.parent.name for path in KERNELS.glob("*/__init__.py"))
SERVICES = (
    meanrev_pb2.DESCRIPTOR.services_by_name["MeanRevService"],
    research_pb2.DESCRIPTOR.services_by_name["MeanRevResearch"],
)
METHODS = [method.name for service in SERVICES for method in service.methods]
RESEARCH_METHODS = [
    method.name
    for method in SERVICES[1].methods
    if method.input_type is research_pb2.MatrixChunk.DESCRIPTOR and method.server_streaming
]
CLIENT_METHODS = {
    "EstimateOUParams": "ou",
    "OptimalThresholds": "thresholds",
    "BacktestWithCosts": "backtest",
    "ComputeLogReturns": "log_returns",
    "PcaPortfolios": "pca",
    "CaraOptimalWeights": "cara",
    "SharpeOptimalWeights": "sharpe",
    "MultiperiodOptimize": "multiperiod",
    "PortfolioStats": "portfolio_stats",
    "GenerateSignals": "signals",
    "PortfolioHealthStream": "health",
    "Info": "info",
    "Backtest": "backtest",
    "RealityCheck": "reality_check",
    "ReturnStats": "stats",
    "FitOu": "fit_ou",
    "RunTests": "tests",
    "SweepThresholds": "sweep",
    "ScanPairs": "scan",
    "TradeResiduals": "statarb",
    "FitResiduals": "residuals",
    "FitPair": "pair",
    "FitJohansen": "johansen",
    "PutMatrix": "put",
    "AppendRows": "append",
    "ListMatrices": "matrices",
    "DropMatrix": "drop",
    "SubmitJob": "submit",
    "WatchJob": "job",
    "FetchResult": "job",
    "CancelJob": "job",
    "ListJobs": "jobs",
    "PublishPrices": "publish",
    "PutPortfolio": "put_portfolio",
    "GetPortfolio": "get_portfolio",
}
ROOMS = ("gpu_kernels", "proto/meanrev_wire", "server", "client", "batch")


def modules():
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "_pb2" not in path.name]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "place",
    [
        "gpu_kernels/{}/model.py",
        "gpu_kernels/{}/host.py",
        "tests/naive/{}.py",
        "bench/bench_{}.py",
        "docs/operations/{}.md",
    ],
)
def test_every_operation_has_its_model_twin_oracle_bench_and_page(operation, place):
    assert (ROOT / place.format(operation)).is_file()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_has_tests(operation):
    assert list((ROOT / "tests" / "gpu_kernels" / operation).glob("test_*.py"))


def test_methods_and_client_methods_are_the_same():
    client = importlib.import_module("meanrev").Client
    assert set(CLIENT_METHODS) == set(METHODS)
    assert all(hasattr(client, name) for name in CLIENT_METHODS.values())


@pytest.mark.parametrize("name", RESEARCH)
def test_one_module_of_the_client_knows_a_research_methods_replies(name):
    """A new method adds its module, a line of Methods beside its import, and its results; submit and jobs find it."""
    research = RESEARCH[name].research
    assert research.method in METHODS
    assert CLIENT_METHODS[research.method] == name
    wanted = research.reply.DESCRIPTOR.name
    sources = [path for path in modules() if path.is_relative_to(ROOT / "client")]
    importing = [path.relative_to(ROOT / "client") for path in sources if wanted in imported(path)]
    assert importing == [Path(*research.read.__module__.split(".")).with_suffix(".py")]


def test_every_method_has_one_place_in_the_server():
    """A handler, a research task, or a part of the weights' stream."""
    weights_stream = importlib.import_module("meanrev_server.weights_stream")
    handlers = {path.stem for path in (SERVER / "handlers").glob("[!_]*.py")}
    tasks = {path.stem for path in (SERVER / "research/tasks").glob("[!_]*.py")}
    places = sorted([*handlers, *tasks, *map(module_name, weights_stream.HANDLERS)])
    assert places == sorted(map(module_name, METHODS))


@pytest.mark.parametrize("method", RESEARCH_METHODS)
def test_a_research_method_is_one_file_of_the_server(method):
    """Its routes and its jobs come from the catalogue, which names no method."""
    named = re.compile(rf'"{method}"|\b{method}Options\b|\btasks(\.| import .*){module_name(method)}\b')
    assert [path.name for path in SERVER.rglob("*.py") if named.search(path.read_text(encoding="utf-8"))] == [
        f"{module_name(method)}.py"
    ]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_all_is_complete(path):
    """Ruff sorts it (RUF022), and finds names in it that do not exist."""
    tree = parsed(path)
    exported = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    ]
    public = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    if not exported:
        assert not public, f"{sorted(public)} are public but __all__ is missing"
        return
    assert public <= set(exported[0])


def test_the_maths_room_reads_no_clock_environment_or_log():
    for path in KERNELS.rglob("*.py"):
        whole = {alias.name for node in nodes(path) if isinstance(node, ast.Import) for alias in node.names}
        assert not whole & {"os", "time", "logging", "threading", "asyncio", "grpc"}, path


def test_every_public_name_of_the_maths_has_a_user():
    """Product code reads it, or a build does; tests of the name itself do not count."""
    folders = ("gpu_kernels", "server", "client", "batch", "tests/proof")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    read = {
        node.id if isinstance(node, ast.Name) else node.attr
        for path in paths
        for node in nodes(path)
        if isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    }
    built = (ROOT / "Dockerfile.cuda").read_text(encoding="utf-8")
    for path in KERNELS.rglob("*.py"):
        for node in parsed(path).body:
            named = [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
            if isinstance(node, ast.Assign):
                named = [target.id for target in node.targets if isinstance(target, ast.Name)]
            unread = [name for name in named if not name.startswith("_") and name not in read and name not in built]
            assert not unread, path
