"""What many scripts do: names, hashes, temporary files, a child, a pipe, an exit status."""

import datetime as dt
import hashlib
import json
import os
import platform
import random
import socket
import sys
import tempfile
import time
import uuid
from pathlib import Path

print(
    sorted({str(n) for n in range(100)})[:5], json.dumps({"b": [1, 2], "a": None}, sort_keys=True)
)
with open("order", "w") as file:
    print({str(n) for n in range(1000)}, random.random(), uuid.uuid4(), time.time(), file=file)
with open("ids", "w") as file:
    print(os.getpid(), os.getppid(), hash("text"), id(file), file=file)
with tempfile.TemporaryDirectory(dir=".") as folder:
    with tempfile.NamedTemporaryFile("w+", dir=folder) as file:
        file.write("text" * 1000)
        file.flush()
        file.seek(0)
        print(len(file.read()), Path(file.name).exists())
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 100000)
        print(file.tell())
print(sorted(os.listdir(".")), sorted(os.environ)[:1], hashlib.sha256(b"").hexdigest())
one, other = socket.socketpair()
one.sendall(b"ping")
print(other.recv(10))
one.close()
print(other.recv(10))
start = time.monotonic()
time.sleep(0.05)
print(time.monotonic() - start >= 0.05)
print(len(os.urandom(20)), dt.datetime.now(dt.UTC).year >= 2025, platform.system())
if (child := os.fork()) == 0:
    print("child", flush=True)
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
reader, writer = os.pipe()
os.write(writer, b"pipe")
print(os.read(reader, 10))
try:
    os.stat("nothing")
except FileNotFoundError as error:
    print(error)
print("error", file=sys.stderr)
sys.exit(4)
