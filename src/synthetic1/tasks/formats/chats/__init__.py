"""Rows whose problem is a conversation: lists of messages."""
