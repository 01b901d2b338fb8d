"""The embedded engine of TagPR: a Tinker server for one machine."""

__version__ = "0.1.0"
