"""`meanrev proto`: the schema, from the wheel or the checkout."""

import json

import pytest
from google.protobuf import descriptor_pb2

from meanrev_wire import meanrev_pb2, research_pb2


@pytest.mark.parametrize(("name", "module"), [("meanrev.proto", meanrev_pb2), ("research.proto", research_pb2)])
def test_writes_the_schema_and_prints_its_paths(run, tmp_path, name, module):
    result = run("proto", "--out", str(tmp_path / "new" / "folder"))
    path = tmp_path / "new" / "folder" / name
    assert result.exit_code == 0
    assert str(path) in result.stdout.splitlines()
    text = path.read_text(encoding="utf-8")
    assert "package meanrev;" in text
    file = descriptor_pb2.FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(file)
    for method in file.service[0].method:
        assert f"rpc {method.name}(" in text.replace(" (", "(")


def test_json(run, tmp_path):
    assert json.loads(run("proto", "--out", str(tmp_path), "--json").stdout) == {
        "paths": [str(tmp_path / "meanrev.proto"), str(tmp_path / "research.proto")]
    }


def test_a_folder_that_cannot_be_made_is_one_line(run, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run("proto", "--out", str(tmp_path / "file" / "folder"))
    assert result.exit_code == 4
    assert "--out names another" in result.stderr


def test_from_the_wheel(run, tmp_path, monkeypatch):
    import importlib

    module = importlib.import_module("meanrev_cli.commands.proto")
    for name in ("meanrev.proto", "research.proto"):
        (tmp_path / name).write_bytes(b"// packaged\n")
    monkeypatch.setattr(module.resources, "files", lambda package: tmp_path)
    run("proto", "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / "meanrev.proto").read_bytes() == b"// packaged\n"
