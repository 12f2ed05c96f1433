"""channelz shows the server's sockets on a port of this machine alone."""

import grpc
import pytest

from meanrev_server.config import load
from meanrev_server.errors import ConfigError
from tests.server.observation.observing import LOG_RETURNS, observing, returns

pb2 = pytest.importorskip("grpc_channelz.v1.channelz_pb2", reason="needs the extra channelz")


def test_it_counts_the_calls_of_the_server():
    from grpc_channelz.v1 import channelz_pb2_grpc

    with observing(channelz="127.0.0.1:0") as server:
        for _ in range(3):
            server.unary(LOG_RETURNS, returns())
        with grpc.insecure_channel(server.app.observation.channelz_address) as channel:
            servers = channelz_pb2_grpc.ChannelzStub(channel).GetServers(pb2.GetServersRequest(), timeout=30).server
    assert 3 in [each.data.calls_succeeded for each in servers]


def test_the_servers_own_port_has_none():
    with observing(channelz="127.0.0.1:0") as server:
        assert server.refused("/grpc.channelz.v1.Channelz/GetServers").code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("address", ["0.0.0.0:0", "example.org:1", "[::]:0"])
def test_no_other_machine_may_reach_it(address):
    with pytest.raises(ConfigError, match="channelz must be on a loopback address"):
        load(None, {}, {"channelz": address})
