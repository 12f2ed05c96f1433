"""The demo: real oil prices through a real server and client, drawn in a terminal and on a page.

crude holds the prices, service the server and client, story what is computed, terminal and page how it is shown.
"""
