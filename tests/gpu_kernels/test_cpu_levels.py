"""Which kernels a CPU can run, by the words of /proc/cpuinfo."""

import platform

from gpu_kernels import cpu_levels
from gpu_kernels.cpu_levels import LEVELS, features, supported, widest


def test_a_processor_has_the_levels_whose_every_feature_it_has():
    third, fourth = LEVELS["x86-64-v3"], LEVELS["x86-64-v4"]
    assert supported(fourth) == ("x86-64-v4", "x86-64-v3")
    assert supported(third | {"sse", "avx512f"}) == ("x86-64-v3",)
    assert all(supported(third - {feature}) == () for feature in third)


def test_another_machine_has_none():
    assert supported(["fp", "asimd", "sve"]) == ()


def test_the_widest_vectors_are_those_that_the_levels_have():
    assert [widest(LEVELS[level]) for level in LEVELS] == [8, 4]
    assert widest(["sse2", "avx"]) == widest(["fp", "asimd"]) == 2


def test_the_features_begin_with_the_machine():
    assert features().startswith(platform.machine())


def test_without_proc_there_is_only_the_machine(monkeypatch, tmp_path):
    monkeypatch.setattr(cpu_levels, "Path", lambda _: tmp_path / "missing")
    features.cache_clear()
    assert features() == platform.machine()
    features.cache_clear()
