"""Children in every way that subprocess has."""

import os
import signal
import subprocess
import sys
from functools import partial

run = partial(subprocess.run, check=False)
PIPE = subprocess.PIPE
print(run(["seq", "3"], capture_output=True, text=True).stdout.split())
print(run("echo $((1+1)); exit 3", shell=True, stdout=PIPE))
child = subprocess.Popen(["cat"], stdin=PIPE, stdout=PIPE)
output, _ = child.communicate(b"x" * 300000)
print(len(output), child.returncode)
child = subprocess.Popen(["sleep", "20"])
child.terminate()
print(child.wait())
child = subprocess.Popen(["sleep", "20"], start_new_session=True)
os.killpg(child.pid, signal.SIGKILL)
print(child.wait())
try:
    run(["sleep", "20"], timeout=0.2)
except subprocess.TimeoutExpired as error:
    print(error.cmd)
try:
    run(["/nothing"])
except FileNotFoundError as error:
    print(error)
children = [
    subprocess.Popen([sys.executable, "-c", f"print({n}*{n})"], stdout=PIPE) for n in range(4)
]
print([child.communicate()[0] for child in children])
first = subprocess.Popen(["seq", "1000"], stdout=PIPE)
second = subprocess.Popen(["wc", "-l"], stdin=first.stdout, stdout=PIPE)
first.stdout.close()
print(second.communicate()[0], first.wait())
print(run(["env"], env={"ONLY": "this"}, capture_output=True).stdout)
command = ["sh", "-c", "pwd; ls /proc/self/fd | wc -l"]
print(run(command, cwd="/", close_fds=True, capture_output=True).stdout)
reader, writer = os.pipe()
run(["sh", "-c", f"echo passed >&{writer}"], pass_fds=[writer])
print(os.read(reader, 20))
for _ in range(20):
    run(["true"], check=True)
print(os.system("exit 3") >> 8, os.popen("echo popen").read())
