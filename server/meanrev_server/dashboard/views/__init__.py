"""What the pages ask for, a module a screen: each takes a request, calls methods of the service, and returns JSON."""
