"""Rows of programming problems in the layouts of trainers and of test collections."""
