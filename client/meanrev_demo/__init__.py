"""The demo: real oil prices through a real server and client, drawn in a terminal and on a page.

crude holds the prices, service starts the server and its client, story computes the figures, and terminal and page show
them. `meanrev demo` runs it. style also serves the page that `meanrev sweep` writes.
"""
