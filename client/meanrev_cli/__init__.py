"""The command line `meanrev`; root.COMMANDS lists its commands.

The package stands above the client, the server and the demo, and nothing imports it. Its third-party parts come with
the [server] extra.
"""
