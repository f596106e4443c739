"""mvx runs several diversified copies of one program as if they were one."""

__version__ = "0.1.0"
