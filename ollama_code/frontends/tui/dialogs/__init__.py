"""Choosing a model and watching one arrive."""
