"""`meanrev proto`: the schema, from the wheel or the checkout."""

import json

from google.protobuf import descriptor_pb2

from meanrev_wire import meanrev_pb2


def test_writes_the_schema_and_prints_its_path(run, tmp_path):
    result = run("proto", "--out", str(tmp_path / "new" / "folder"))
    path = tmp_path / "new" / "folder" / "meanrev.proto"
    assert result.exit_code == 0
    assert result.stdout.strip() == str(path)
    text = path.read_text(encoding="utf-8")
    assert "package meanrev;" in text
    file = descriptor_pb2.FileDescriptorProto()
    meanrev_pb2.DESCRIPTOR.CopyToProto(file)
    for method in file.service[0].method:
        assert f"rpc {method.name}(" in text.replace(" (", "(")


def test_json(run, tmp_path):
    assert json.loads(run("proto", "--out", str(tmp_path), "--json").stdout) == {
        "path": str(tmp_path / "meanrev.proto")
    }


def test_a_folder_that_cannot_be_made_is_one_line(run, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run("proto", "--out", str(tmp_path / "file" / "folder"))
    assert result.exit_code == 4
    assert "--out names another" in result.stderr


def test_from_the_wheel(run, tmp_path, monkeypatch):
    import importlib

    module = importlib.import_module("meanrev_cli.commands.proto")
    (tmp_path / "meanrev.proto").write_bytes(b"// packaged\n")
    monkeypatch.setattr(module.resources, "files", lambda package: tmp_path)
    run("proto", "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / "meanrev.proto").read_bytes() == b"// packaged\n"
