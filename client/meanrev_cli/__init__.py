"""The command line: `meanrev serve`, `demo`, `doctor`, `info`, `health`, `call`, `proto` and `config`.

The room stands above the client and the server; nothing imports it. Its third-party parts come with the [server] extra.
"""
