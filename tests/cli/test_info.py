"""`meanrev info`: what reflection and health tell, and whether the schema is ours."""

import json

from google.protobuf import descriptor_pb2, descriptor_pool

from meanrev_cli.commands.info import _difference
from meanrev_cli.reflection import arity, find_method
from meanrev_wire import meanrev_pb2

SERVICE = meanrev_pb2.DESCRIPTOR.services_by_name["MeanRevService"]


def test_services_methods_latency_and_versions(run, server):
    answer = json.loads(run("info", server, "--json").stdout)
    ours = answer["services"]["meanrev.MeanRevService"]
    assert ours["health"] == "SERVING"
    assert set(ours["methods"]) == {method.name for method in SERVICE.methods}
    assert ours["methods"]["EstimateOUParams"] == "stream PriceUpdate -> stream OuEstimate"
    assert answer["schema"] == "same as this client's"
    assert 0 < answer["latency_ms"] < 1000
    assert set(answer["client_versions"]) == {"python", "meanrev", "numpy", "grpcio", "protobuf"}


def test_for_a_person(run, server):
    text = run("info", server).stdout
    for word in (server, "round trip", "MeanRevService", "OptimalThresholds", "ThresholdRequest -> ThresholdResponse"):
        assert word in text


def test_no_server(run, closed_port):
    assert run("info", closed_port, "--timeout", "0.5").exit_code == 3


def changed_schema(change):
    file = descriptor_pb2.FileDescriptorProto()
    meanrev_pb2.DESCRIPTOR.CopyToProto(file)
    change(file)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindServiceByName("meanrev.MeanRevService")


def test_a_schema_that_differs_is_told_field_by_field():
    def change(file):
        message = next(message for message in file.message_type if message.name == "ThresholdRequest")
        message.field.add(name="novel", number=99, type=descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE, label=1)
        del file.service[0].method[0]

    told = _difference([changed_schema(change)])
    assert f"the server lacks meanrev.MeanRevService.{SERVICE.methods[0].name}" in told
    assert "this client does not know meanrev.ThresholdRequest.novel = 99" in told


def test_the_same_schema_is_the_same():
    assert _difference([changed_schema(lambda file: None)]) == "same as this client's"


def test_a_method_is_found_by_any_spelling():
    for spelling in (
        "PcaPortfolios",
        "MeanRevService/PcaPortfolios",
        "meanrev.MeanRevService/PcaPortfolios",
        "/meanrev.MeanRevService/PcaPortfolios",
        "meanrev.MeanRevService.PcaPortfolios",
    ):
        assert [method.name for method in find_method([SERVICE], spelling)] == ["PcaPortfolios"]
    assert find_method([SERVICE], "Portfolios") == []


def test_arity_is_in_the_schemas_words():
    assert arity(SERVICE.methods_by_name["PortfolioHealthStream"]) == "HealthRequest -> stream HealthMetric"


def test_what_serves_is_told_where_the_server_has_info(run, server):
    facts = json.loads(run("info", server, "--json").stdout)["server"]
    assert facts["backend"] in {"cuda", "native", "numpy"}
    assert facts["max_cells"] == 1_000_000
    assert "backend" in run("info", server).stdout
