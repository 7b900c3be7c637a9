"""Rewards over HTTP: the server, its routes, and a client."""
