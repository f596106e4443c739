python3 python_signals.py
