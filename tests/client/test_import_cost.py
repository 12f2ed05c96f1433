import subprocess
import sys

HEAVY = (
    "grpc",
    "numpy",
    "pandas",
    "scipy",
    "narwhals",
    "google.protobuf",
    "meanrev_server",
    "gpu_kernels",
    "asyncio",
    "importlib.metadata",
)


def loaded_after(program):
    code = f"{program}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def test_importing_the_package_loads_the_standard_library_alone():
    assert loaded_after("import meanrev") == "[]"


def test_catching_its_errors_loads_no_more():
    assert loaded_after("import meanrev\nmeanrev.MeanRevError, meanrev.InvalidInput") == "[]"


def test_a_client_loads_neither_pandas_nor_narwhals_nor_the_server():
    loaded = loaded_after("import meanrev\nmeanrev.Client('localhost:1')")
    assert not {"pandas", "narwhals", "meanrev_server", "gpu_kernels", "scipy"} & set(eval(loaded))


def test_numpy_prices_computed_in_process_load_neither_pandas_nor_narwhals():
    loaded = loaded_after("import meanrev\nmeanrev.Client('local').log_returns([1.0, 2.0])")
    assert not {"pandas", "narwhals", "scipy"} & set(eval(loaded))
