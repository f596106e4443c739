"""`python -m mvx`."""

from mvx.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
