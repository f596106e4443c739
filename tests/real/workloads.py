"""Real programs, as data: what is run, what has to be equal, what does not work yet and why.

A workload is a script. It runs in a fresh folder that always has the same path, first natively and then under mvx; standard
output, standard error, exit status and every file that it leaves must be equal. So a script prints only what does
not change from one native run to the next: it tests a random number or a date, and does not show it.

``prepare`` runs natively, once for all runs of a workload. A script with ``parts`` runs natively itself and puts ``$MVX``
before the commands that shall run under mvx: the way to have a server under mvx and its client outside. ``$PORT`` and
``$PORT2`` are free ports of 127.0.0.1.
"""

from __future__ import annotations

import dataclasses
import shutil

# The Debian package of each program that a workload needs.
PACKAGES = {
    "awk": "mawk",
    "bash": "bash",
    "busybox": "busybox-static",
    "curl": "curl",
    "dash": "dash",
    "gcc": "gcc",
    "git": "git",
    "go": "golang-go",
    "gzip": "gzip",
    "lighttpd": "lighttpd",
    "make": "make",
    "memcached": "memcached",
    "musl-gcc": "musl-tools",
    "nginx": "nginx-light",
    "node": "nodejs",
    "openssl": "openssl",
    "perl": "perl",
    "python3": "python3",
    "redis-benchmark": "redis-tools",
    "redis-server": "redis-server",
    "sqlite3": "sqlite3",
    "ssh-keygen": "openssh-client",
    "tar": "tar",
    "wrk": "wrk",
    "xz": "xz-utils",
    "zstd": "zstd",
}


@dataclasses.dataclass(frozen=True)
class Known:
    """A failure that is known: its cause, and where it shows."""

    cause: str
    variants: tuple[int, ...] = (2, 3)
    policies: tuple[str, ...] = ("effects", "strict", "stream")
    always: bool = True  # or only now and then


@dataclasses.dataclass(frozen=True)
class Workload:
    """One script and how it is judged."""

    name: str
    script: str
    programs: tuple[str, ...] = ()
    shell: str = "bash"
    prepare: str = ""
    parts: bool = False
    # Files whose content is another in every native run; that they are there is compared all the same.
    varying: tuple[str, ...] = ()
    # Also runs as the user nobody.
    nobody: bool = False
    # In the short selection with these numbers of variants (under `effects`), or with everything.
    short: tuple[int, ...] = (2,)
    short_everywhere: bool = False
    timeout_s: float = 60.0
    known: Known | None = None

    def missing(self) -> dict[str, str]:
        """Return the programs that this machine lacks, with their packages."""
        needed = (self.shell, *self.programs)
        return {name: PACKAGES[name] for name in needed if shutil.which(name) is None}


# Functions that scripts with servers need.
SERVERS = r"""
await_port() { # until somebody listens on this port
    for _ in $(seq 600); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
        sleep 0.05
    done
    echo "nobody listens" >&2
    return 1
}
finish() { # a signal to the server, and its end
    kill "-$1" "$server"
    local status=0
    wait "$server" || status=$?
    server=
    echo "server ended: $status"
}
server=
trap '[[ -z $server ]] || kill -KILL "$server"' EXIT
"""

# 20,000 lines that look random and are always the same.
LINES = r"""
awk 'BEGIN { x = 42; for (i = 0; i < 20000; i++) { x = (x * 16807) % 2147483647; print x, i, x % 97 } }' >lines
"""

TREE = r"""
mkdir -p tree/a/b/c tree/d
for name in one two three; do
    seq 1 500 >"tree/a/$name"
    seq 1 50 | sed "s/^/$name /" >"tree/a/b/c/$name.txt"
done
ln -s ../a/one tree/d/link
ln tree/a/two tree/d/hard
head -c 100000 /dev/zero >tree/d/zeros
chmod 640 tree/a/three
find tree -exec touch -h -d '2020-02-02 02:02:02 UTC' {} +
"""

WORKLOADS: list[Workload] = []


def _add(name: str, script: str, programs: str = "", **fields: object) -> None:
    WORKLOADS.append(Workload(name, script, tuple(programs.split()), **fields))  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------------------
# coreutils and other small tools

_add("exit_status", "true; false; echo $?; (exit 5); echo $?; exit 7", short_everywhere=True)

_add("death_by_signal", "echo before; kill -TERM $$; echo after", short_everywhere=True)

_add(
    "sort",
    "sort lines >by_text; sort -n lines >by_number; sort -u -k3n lines; sort -m by_text by_text | md5sum",
    "awk",
    prepare=LINES,
    nobody=True,
)

_add(
    "sort_with_threads",
    "sort --parallel=2 many | md5sum; sort --parallel=2 -n -o sorted many; tail -n 2 sorted",
    "awk",
    prepare=LINES + "for _ in 1 2 3 4 5 6 7 8 9 10; do cat lines; done >many",
)

_add(
    "dd",
    r"""
dd if=lines of=copy bs=1 count=3000 status=none
dd if=lines bs=512 skip=3 count=7 conv=ucase status=none | md5sum
dd if=/dev/zero of=copy bs=100 seek=5 count=2 conv=notrunc status=none
dd if=/dev/zero of=sparse bs=4096 seek=100 count=1 status=none
dd if=lines of=appended oflag=append conv=notrunc status=none
dd if=lines of=/dev/null bs=4096 2>&1 | sed 's/copied.*/copied/'
""",
    "awk",
    prepare=LINES,
)

_add(
    "copy_and_find",
    r"""
cp -r tree plain
cp -a tree exact
cp -rl tree linked
find exact | sort
find exact -type f -size +1k -newermt 2019-01-01 -printf '%p %s %m %y %n\n' | sort
find plain -name '*.txt' -exec wc -l {} + | sort
find plain -name '*.txt' -print0 | sort -z | xargs -0 -n 1 -P 1 md5sum
find tree linked -samefile tree/a/one
diff -r tree exact && echo same
mv plain moved; rm -r moved linked
""",
    prepare=TREE,
    nobody=True,
)

_add(
    "ls_du_stat",
    r"""
ls -l --time-style=full-iso tree tree/a tree/d
ls -laR tree | sed -E '/ \.\.?$/d'
ls -l /usr/bin | wc -l
ls /proc/self/fd >/dev/null && echo descriptors
du -a --apparent-size tree | sort -k2
du -sb /usr/include >/dev/null && echo usage
df . >/dev/null && echo space
stat -c '%n %s %a %F %h' tree/a/*
stat -c %i tree/a/one | grep -c .
ls --color=always tree/a
ls nothing; echo "status $?"
""",
    prepare=TREE,
    nobody=True,
)

_add(
    "digests",
    "md5sum lines >sums; sha256sum lines >>sums; sha512sum <lines; cksum lines; b2sum lines; md5sum -c <(head -n 1 sums)",
    "awk",
    prepare=LINES,
)

_add(
    "text_tools",
    r"""
tee one two <lines | wc
tee -a one </dev/null
split -l 3000 lines part.
split -b 50000 --numeric-suffixes lines bytes.
head -n 5 lines; tail -n 5 lines; tail -c 20 lines
cut -d ' ' -f 3 lines | sort -n | uniq -c | sort -rn | head -n 3
tr 0-9 a-j <lines | tail -n 1
paste -d, <(head -n 3 lines) <(tail -n 3 lines)
nl lines | sed -n '100,102p'
comm -12 <(head -n 100 lines | sort) <(head -n 50 lines | sort) | wc -l
grep -c '^1' lines; grep -n 77 lines | head -n 2
fold -w 20 lines | head -n 3; rev lines | tail -n 1; tac lines | head -n 1
printf '%s\n' b a c | sort | paste -sd+
expr 6 '*' 7; seq -s ' ' 1 10; basename /a/b.c .c; dirname /a/b.c
od -A d -t x1z <<<hello; base64 <<<hello
""",
    "awk",
    prepare=LINES,
    nobody=True,
)

_add(
    "date_and_time",
    r"""
date -u -d @86400; date -u -d '2024-02-29 +1 year' +%F
year=$(date +%Y); [ "$year" -ge 2025 ] && echo this year
before=$(date +%s%N); sleep 0.05; after=$(date +%s%N)
[ $((after - before)) -ge 50000000 ] && echo later
date +%s.%N >stamp
touch -d '2001-01-01 UTC' old; stat -c %y old
TZ=Europe/Paris date -d @1700000000
{ time true; } 2>&1 | grep -c real
""",
    varying=("stamp",),
    nobody=True,
)

_add(
    "random_bytes",
    r"""
head -c 100000 /dev/urandom >random
head -c 16 /dev/urandom | od -An -tx1 >shown
shuf -i 1-1000 >shuffled; sort -n shuffled | md5sum
mktemp -p . name.XXXXXX | tr -c '\n' x | wc -c
wc -c random
cat /proc/sys/kernel/random/uuid >uuid; wc -c uuid
rm -f name.*
""",
    varying=("random", "shown", "shuffled", "uuid"),
)

_add(
    "permissions_and_links",
    r"""
umask 027; echo x >file; stat -c %a file
umask; chmod u+x,g-r file; stat -c %a file
ln -s file link; readlink link; readlink -f link | sed "s,$PWD/,,"
mkdir -m 711 folder; stat -c %a folder; rmdir folder
mkfifo pipe; cat pipe & echo through >pipe; wait
touch -r file other; [ ! file -nt other ] && echo times
truncate -s 12345 big; stat -c %s big; install -m 600 file installed
id -u >/dev/null; whoami >/dev/null; groups >/dev/null; hostname >/dev/null; uname -s; nproc >/dev/null; tty; echo $?
env -i A=1 B=2 env; nice -n 5 nice; timeout 5 true; echo $?; timeout 0.2 sleep 5; echo $?
""",
    nobody=True,
)

# ---------------------------------------------------------------------------------------------------------------------
# Shells

_SHELL = r"""
echo "arguments $# $0" | sed 's/[^ ]*script/script/'
cat <<END
here $((6 * 7))
$(echo nested | tr a-z A-Z)
END
x=1; (x=2; echo "in $x"); echo "out $x"
seq 1 100 | sed -n 's/9$/&!/p' | tr '\n' ' ' | wc -c
for i in 1 2 3; do (sleep 0.0$i; echo "job $i" >"job.$i") & done
wait; cat job.1 job.2 job.3
sleep 0.05 & first=$!; (exit 3) & second=$!
wait "$first"; echo "first $?"; wait "$second"; echo "second $?"
[ "$$" = "$(sh -c 'echo $PPID')" ] || [ "$$" = "$(sh -c 'cat /proc/$PPID/stat' | cut -d ' ' -f 4)" ] && echo own number
echo $$ >pid; kill -0 "$(cat pid)" && echo alive
trap 'echo got USR1' USR1; kill -USR1 $$; echo after
trap 'echo "leaving with $?"' EXIT
f() { local y=5; echo "f $1 $y"; return 4; }
f a; echo "$?"
while read -r word rest; do echo "$rest:$word"; done <<END
a b c
d e f
END
case abc in a*) echo matched ;; esac
exec 3>third; echo three >&3; exec 3>&-; cat third
{ echo to error >&2; } 2>captured; cat captured
cat nothing 2>&1; echo "status $?"
set -- p q r; shift; echo "$*"
cat /proc/self/stat | cut -d ' ' -f 2
echo out; echo err >&2
printf '%s\n' *
exit 9
"""

_add("dash", _SHELL, shell="dash", varying=("pid",), nobody=True, short=(1, 2, 3))
_add("bash", _SHELL, varying=("pid",), nobody=True, short=(1, 2, 3))
_add(
    "busybox_sh",
    "exec busybox sh script_for_busybox",
    "busybox",
    prepare="cat >script_for_busybox <<'STOP'\n" + _SHELL.replace("END", "EOT") + "STOP\n",
    varying=("pid",),
    nobody=True,
)

_add(
    "bash_features",
    r"""
echo $RANDOM$RANDOM >random; [ "$RANDOM" != "$RANDOM" ] && echo two numbers
echo "$EPOCHREALTIME" >time; echo "$SRANDOM" >>random
[ "$BASHPID" = $$ ] && echo same; (/bin/true; [ "$BASHPID" != $$ ] && echo other)
diff <(seq 1 5) <(seq 1 6); echo "status $?"
coproc cat; echo to coprocess >&"${COPROC[1]}"; read -r -u "${COPROC[0]}" line; echo "$line"
exec {COPROC[1]}>&-; wait
declare -A map=([a]=1 [b]=2); echo "${map[a]} ${!map[*]}"
mapfile -t rows < <(seq 1 1000); echo "${#rows[@]}"
false | true; echo "${PIPESTATUS[*]}"
set -o pipefail; false | true; echo $?
read -r -t 0.1 line < <(sleep 0.4); echo "read $?"
[[ abc =~ b(.) ]] && echo "${BASH_REMATCH[1]}"
printf -v text '%05d' 42; echo "$text"
cat <<<"a here string"
trap 'echo "child $?"' CHLD; (exit 4) & wait $!; trap - CHLD
( trap 'echo in subshell' EXIT; exit 2 ); echo $?
{ bash -c 'kill -9 $$'; echo "killed $?"; } 2>&1 | sed 's/.*: *[0-9]* Killed.*/Killed/'
bash -c 'trap "echo term; exit 5" TERM; kill $$; sleep 1'; echo $?
sleep 5 & kill $!; wait $!; echo "waited $?"
for i in $(seq 30); do echo "$i" | cat; done | tail -n 1
time_spent=$SECONDS; [ "$time_spent" -lt 50 ] && echo quick
ulimit -n >/dev/null; umask; jobs; times >/dev/null; type -t cat
exec 5<>file; echo both >&5; cat file
""",
    varying=("random", "time"),
    nobody=True,
)

_add(
    "pipes_and_signals",
    r"""
yes | head -n 3; echo "${PIPESTATUS[*]}"
seq 1 100000 | head -n 1; echo "${PIPESTATUS[*]}"
sh -c 'echo a; sleep 0.1; echo b' | while read -r line; do echo "got $line"; done
mkfifo pipe; seq 1 20000 >pipe & md5sum <pipe; wait
(trap '' PIPE; sh -c 'seq 1 100000 2>/dev/null; echo $? >&2' | head -n 1) 2>&1
timeout -s INT 0.2 sleep 3; echo $?
timeout 0.3 sh -c 'while :; do sleep 0.05; done'; echo $?
sh -c 'kill -STOP $$; echo continued' & sleep 0.3; kill -CONT $!; wait; echo stopped and continued
seq 1 8 | xargs -P 4 -I{} sh -c 'echo {} >x.{}'; cat x.? | sort -n | paste -sd,
setsid sh -c 'echo own session'; nohup true 2>/dev/null; (sleep 0.1; echo late) & wait
tail -f x.1 --pid=$(sh -c 'sleep 0.3 >/dev/null 2>&1 & echo $!')
""",
)

_add(
    "awk_and_perl",
    r"""
awk '{ count[$3]++ } END { for (key in count) print key, count[key] | "sort -n"; close("sort -n") }' lines
awk 'BEGIN { while (("seq 1 5" | getline line) > 0) sum += line; print sum; srand(); print (rand() < 1) }'
awk 'BEGIN { system("echo from system"); print ENVIRON["LANG"]; printf "%.3f\n", sin(1) }'
perl -e 'my %h; while (<>) { my @f = split; $h{$f[2]}++ } print "$_ $h{$_}\n" for sort { $a <=> $b } keys %h' lines
perl -e 'my %h = map { $_ => 1 } 1 .. 50; print join(",", keys %h), "\n"' >order; wc -w order
perl -e 'print rand() < 1 ? "random\n" : "no\n"; my $p = fork; if (!$p) { print "child\n"; exit 3 } waitpid $p, 0; print $? >> 8, "\n"'
perl -MFile::Temp=tempfile -e 'my ($f, $n) = tempfile(UNLINK => 1); print $f "x\n"; close $f; print -s $n, "\n"'
perl -MTime::HiRes=time,sleep -e 'my $t = time; sleep 0.05; print time - $t >= 0.05 ? "slept\n" : "no\n"'
perl -e '$SIG{ALRM} = sub { print "alarm\n"; exit 0 }; alarm 1; select undef, undef, undef, 5'
perl -e 'open my $p, "-|", "seq 1 1000" or die; my $s = 0; $s += $_ while <$p>; print "$s\n"; print `echo ticks`'
perl -MDigest::MD5=md5_hex -MPOSIX -e 'print md5_hex("x"), " ", POSIX::floor(2.5), "\n"; printf "%s\n", $$ == POSIX::getpid()'
perl -MIO::Socket::INET -e 'my $l = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die; if (!fork) { my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $l->sockport); print $c "hello\n"; exit } my $s = $l->accept; print scalar <$s>; wait'
""",
    "awk perl",
    prepare=LINES,
    varying=("order",),
)

# ---------------------------------------------------------------------------------------------------------------------
# Python (the Python that runs the tests may be another: this is Debian's)


def _add_python(name: str, program: str, **fields: object) -> None:
    prepare = f"cat >program.py <<'STOP'\n{program.strip()}\nSTOP\n"
    _add(name, "exec /usr/bin/python3 program.py", "python3", prepare=prepare, **fields)


_add_python(
    "python_basics",
    r"""
import hashlib, json, os, random, sys, tempfile, time, uuid, datetime, socket, platform, collections, re
print(sorted({str(n) for n in range(100)})[:5], json.dumps({"b": [1, 2], "a": None}, sort_keys=True))
with open("order", "w") as f: print({str(n) for n in range(1000)}, random.random(), uuid.uuid4(), time.time(), file=f)
with open("ids", "w") as f: print(os.getpid(), os.getppid(), hash("text"), file=f)
with tempfile.TemporaryDirectory(dir=".") as folder:
    with tempfile.NamedTemporaryFile("w+", dir=folder) as f:
        f.write("text" * 1000); f.flush(); f.seek(0)
        print(len(f.read()), os.path.exists(f.name))
    with tempfile.TemporaryFile() as f: f.write(b"x" * 100000); print(f.tell())
print(os.listdir("."), sorted(os.environ)[:1], hashlib.sha256(os.urandom(4) * 0).hexdigest())
a, b = socket.socketpair(); a.sendall(b"ping"); print(b.recv(10)); a.close(); print(b.recv(10))
start = time.monotonic(); time.sleep(0.05); print(time.monotonic() - start >= 0.05)
print(len(secret := os.urandom(20)), datetime.datetime.now().year >= 2025, platform.system())
if (child := os.fork()) == 0: print("child", flush=True); os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
r, w = os.pipe(); os.write(w, b"pipe"); print(os.read(r, 10))
try: open("nothing")
except FileNotFoundError as e: print(e)
print("error", file=sys.stderr); sys.exit(4)
""",
    varying=("order", "ids"),
    nobody=True,
    short=(1, 2, 3),
)

_add_python(
    "python_subprocess",
    r"""
import os, signal, subprocess, sys
print(subprocess.run(["seq", "3"], capture_output=True, text=True).stdout.split())
print(subprocess.run("echo $((1+1)); exit 3", shell=True, stdout=subprocess.PIPE))
p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
out, _ = p.communicate(b"x" * 300000); print(len(out), p.returncode)
p = subprocess.Popen(["sleep", "20"]); p.terminate(); print(p.wait())
p = subprocess.Popen(["sleep", "20"], start_new_session=True); os.killpg(p.pid, signal.SIGKILL); print(p.wait())
try: subprocess.run(["sleep", "20"], timeout=0.2)
except subprocess.TimeoutExpired as e: print(e.cmd)
try: subprocess.run(["/nothing"])
except FileNotFoundError as e: print(e)
procs = [subprocess.Popen([sys.executable, "-c", f"print({n}*{n})"], stdout=subprocess.PIPE) for n in range(4)]
print([p.communicate()[0] for p in procs])
a = subprocess.Popen(["seq", "1000"], stdout=subprocess.PIPE)
b = subprocess.Popen(["wc", "-l"], stdin=a.stdout, stdout=subprocess.PIPE); a.stdout.close()
print(b.communicate()[0], a.wait())
print(subprocess.run(["env"], env={"ONLY": "this"}, capture_output=True).stdout)
print(subprocess.run(["sh", "-c", "pwd; ls /proc/self/fd | wc -l"], cwd="/", close_fds=True, capture_output=True).stdout)
r, w = os.pipe()
subprocess.run(["sh", "-c", f"echo passed >&{w}"], pass_fds=[w]); print(os.read(r, 20))
for n in range(20): subprocess.run(["true"], check=True)
print(os.system("exit 3") >> 8, os.popen("echo popen").read())
""",
    nobody=True,
)

_add_python(
    "python_threads",
    r"""
import concurrent.futures, queue, threading, time, os
q, results = queue.Queue(), []
def work():
    while (n := q.get()) is not None: results.append(n * n)
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
for n in range(2000): q.put(n)
for _ in threads: q.put(None)
[t.join() for t in threads]
print(sum(results))
lock, total = threading.Lock(), 0
def add():
    global total
    for _ in range(500):
        with lock: total += 1
threads = [threading.Thread(target=add) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]; print(total)
with concurrent.futures.ThreadPoolExecutor(3) as pool: print(sum(pool.map(lambda n: n + 1, range(300))))
event = threading.Event(); timer = threading.Timer(0.1, event.set); timer.start(); print(event.wait(5)); timer.join()
def write(n):
    with open(f"file.{n}", "w") as f:
        for m in range(50): print(n, m, file=f)
threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
local = threading.local(); local.x = 1; print(threading.active_count(), local.x)
""",
)

_add_python(
    "python_one_thread_at_a_time",
    r"""
import threading
log = []
for n in range(10):
    t = threading.Thread(target=lambda: print("thread", n, flush=True)); t.start(); t.join()
a, b = threading.Semaphore(1), threading.Semaphore(0)
def turn(mine, other, name):
    for n in range(20):
        mine.acquire(); print(name, n, flush=True); other.release()
threads = [threading.Thread(target=turn, args=x) for x in ((a, b, "ping"), (b, a, "pong"))]
[t.start() for t in threads]; [t.join() for t in threads]
""",
)

_add_python(
    "python_asyncio",
    r"""
import asyncio, contextlib, signal, os, sys
async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper()); await writer.drain()
    writer.close()
async def client(port, n):
    r, w = await asyncio.open_connection("127.0.0.1", port)
    for k in range(5):
        w.write(b"client %d line %d\n" % (n, k)); await w.drain()
        assert await r.readline() == b"CLIENT %d LINE %d\n" % (n, k)
    w.close(); await w.wait_closed(); return n
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(await asyncio.gather(*(client(port, n) for n in range(10))))
    server.close(); await server.wait_closed()
    if sys.version_info < (3, 12):  # later ones do so by themselves: no thread waits for the child
        watcher = asyncio.PidfdChildWatcher(); watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)
    p = await asyncio.create_subprocess_exec("seq", "5", stdout=asyncio.subprocess.PIPE)
    print(await p.communicate(), p.returncode)
    p = await asyncio.create_subprocess_shell("cat; exit 6", stdin=-1, stdout=-1)
    print(await p.communicate(b"input"), p.returncode)
    with contextlib.suppress(asyncio.TimeoutError): await asyncio.wait_for(asyncio.sleep(10), 0.1); print("no")
    loop = asyncio.get_running_loop(); got = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, got.set); os.kill(os.getpid(), signal.SIGUSR1); await got.wait(); print("signal")
    async with asyncio.timeout(5):
        q = asyncio.Queue(3)
        async def produce(): [await q.put(n) for n in range(20)]
        t = asyncio.create_task(produce()); print([await q.get() for _ in range(20)]); await t
asyncio.run(main())
""",
)

_add_python(
    "python_asyncio_threads",
    r"""
import asyncio
async def main():
    p = await asyncio.create_subprocess_exec("seq", "5", stdout=asyncio.subprocess.PIPE)
    print(await p.communicate(), p.returncode)
    print(await asyncio.gather(*(asyncio.to_thread(lambda n: n * n, n) for n in range(20))))
    print((await asyncio.get_running_loop().getaddrinfo("localhost", 80))[0][0].name)
asyncio.run(main())
""",
    short=(),
    known=Known("the order of threads", always=False),
)

_add_python(
    "python_http",
    r"""
import http.server, json, os, signal, urllib.request, urllib.error
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing": self.send_error(404); return
        body = json.dumps({"path": self.path, "numbers": list(range(50))}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"sum": sum(data)}).encode()
        self.send_response(200); self.end_headers(); self.wfile.write(body)
    def log_message(self, *words): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
if (child := os.fork()) == 0: server.serve_forever()
url = f"http://127.0.0.1:{server.server_port}"
for n in range(20):
    with urllib.request.urlopen(f"{url}/{n}") as answer: print(json.load(answer)["path"])
with urllib.request.urlopen(urllib.request.Request(url, json.dumps([1, 2, 3]).encode())) as answer: print(json.load(answer))
try: urllib.request.urlopen(f"{url}/missing")
except urllib.error.HTTPError as e: print(e)
os.kill(child, signal.SIGTERM); print(os.waitpid(child, 0)[1])
""",
    nobody=True,
)

_add_python(
    "python_http_in_thread",
    r"""
import http.server, json, threading, urllib.request, urllib.error
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing": self.send_error(404); return
        body = json.dumps({"path": self.path, "numbers": list(range(50))}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"sum": sum(data)}).encode()
        self.send_response(200); self.end_headers(); self.wfile.write(body)
    def log_message(self, *words): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}); thread.start()
url = f"http://127.0.0.1:{server.server_port}"
for n in range(20):
    with urllib.request.urlopen(f"{url}/{n}") as answer: print(json.load(answer)["path"])
with urllib.request.urlopen(urllib.request.Request(url, json.dumps([1, 2, 3]).encode())) as answer: print(json.load(answer))
try: urllib.request.urlopen(f"{url}/missing")
except urllib.error.HTTPError as e: print(e)
server.shutdown(); thread.join(); server.server_close()
""",
    short=(),
    known=Known("the order of threads", always=False),
)

_add_python(
    "python_multiprocessing",
    r"""
import multiprocessing, os
def square(n): return n * n
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool: print(pool.map(square, range(20)))
    a, b = multiprocessing.Pipe(); p = multiprocessing.Process(target=b.send, args=({"x": 1},)); p.start(); print(a.recv()); p.join()
""",
    short=(),
)

_add_python(
    "python_sqlite",
    r"""
import sqlite3
c = sqlite3.connect("base.db"); c.execute("create table t (n integer primary key, text)")
with c: c.executemany("insert into t values (?, ?)", ((n, f"row {n}") for n in range(5000)))
print(c.execute("select count(*), sum(n) from t").fetchone()); c.close()
""",
)

# ---------------------------------------------------------------------------------------------------------------------
# Compilers, make, git, sqlite

_GENERATE_C = r"""
awk 'BEGIN {
    print "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>"
    for (i = 0; i < 240; i++) {
        printf "\nstatic int table_%d[] = {%d, %d, %d};\n", i, i, i * 7 % 31, i * i
        printf "__attribute__((noinline)) int function_%d(int x)\n{\n", i
        printf "    int sum = %d;\n    for (int k = 0; k < 3; k++)\n        sum += table_%d[k] * (x + k);\n    return sum;\n}\n", i, i
    }
    print "\nint main(void)\n{\n    long total = 0;"
    for (i = 0; i < 240; i++) printf "    total += function_%d(%d);\n", i, i
    print "    printf(\"%ld\\n\", total);\n    return total % 100;\n}"
}' >generated.c
"""

_add(
    "gcc",
    "wc -l generated.c; gcc -O1 -Wall -o program generated.c && ./program; echo $?; gcc -O0 -c -o object.o generated.c; size object.o; gcc -O1 -pipe -static -o static generated.c; ./static; gcc -c nothing.c; echo $?",
    "gcc awk",
    prepare=_GENERATE_C,
)

_GENERATE_PROJECT = r"""
mkdir -p project; cd project
for i in 1 2 3 4 5 6 7 8; do printf 'int part_%d(int x) { return x * %d + 1; }\n' $i $i >part_$i.c; done
{ for i in 1 2 3 4 5 6 7 8; do echo "int part_$i(int);"; done
  echo '#include <stdio.h>'; echo 'int main(void) { int x = 1;'
  for i in 1 2 3 4 5 6 7 8; do echo "x = part_$i(x);"; done; echo 'printf("%d\n", x); return 0; }'; } >main.c
cat >Makefile <<'STOP'
OBJECTS := main.o $(patsubst %,part_%.o,1 2 3 4 5 6 7 8)
program: $(OBJECTS)
	@gcc -o $@ $^
%.o: %.c
	@gcc -O1 -c -o $@ $<
check: program
	./program
clean:
	rm -f *.o program
.PHONY: check clean
STOP
"""

_add(
    "make_j2",
    "cd project; make -j2 check; make -j2; make clean; ls; make -j2 -s; ./program; make nothing; echo $?",
    "make gcc",
    prepare=_GENERATE_PROJECT,
)

_add(
    "make_alone",
    "cd project; make check; make -n clean; touch main.c; make; make -q; echo $?",
    "make gcc",
    prepare=_GENERATE_PROJECT,
    short=(),
)

_GIT = r"""
export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'
export GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
"""

_add(
    "git",
    _GIT
    + r"""
git config --global pack.threads 1; git config --global grep.threads 1; git config --global index.threads 1
git init -q -b main project; cd project
for i in $(seq 1 30); do seq 1 $((i * 10)) >file.$i; done; mkdir sub; echo x >sub/y
git add .; git commit -q -m first; git log --format='%H %s'
for i in 1 2 3; do echo more >>file.$i; git commit -q -a -m "change $i"; done
git checkout -q -b topic HEAD~1; echo topic >>file.9; git commit -q -a -m topic
git checkout -q main; git merge -q -m merge topic; git log --oneline --graph
git diff HEAD~1 --stat; git status --short; git tag v1; git describe
git gc -q; git fsck; git count-objects -v | grep -v size; git show --stat HEAD~1
git clone -q . ../copy; cd ../copy; git log --format=%H | wc -l; git grep -n topic; git stash list; git blame -s file.9 | tail -n 1
""",
    "git",
    varying=("project/.git/index", "copy/.git/index"),
    nobody=True,
)

_add(
    "git_with_threads",
    _GIT
    + r"""
git init -q -b main project; cd project
for i in $(seq 1 300); do seq $i $((i + 100)) >file.$i; done
git add .; git commit -q -m first; git repack -q -a -d -f --threads=2; git grep --threads=2 -c 77 | wc -l; rm -rf .git
""",
    "git",
    varying=("project/.git/index", "project/.git/objects/*"),
    short=(),
    known=Known("threads", always=False),
)

_add(
    "sqlite",
    r"""
{ echo 'create table t (n integer primary key, word text, x real);'
  echo 'begin;'; seq 1 10000 | sed "s/.*/insert into t values (&, 'word &', & * 1.5);/"; echo 'commit;'
  echo 'select count(*), sum(n), max(x) from t; create index i on t (word); select n from t where word = '"'word 77'"';'
  echo 'delete from t where n % 3 = 0; vacuum; pragma integrity_check;'; } >commands
sqlite3 base.db <commands
for i in 1 2 3 4 5; do sqlite3 base.db "insert into t (word) values ('single $i')"; done
sqlite3 base.db 'select count(*) from t' .dump | md5sum
sqlite3 :memory: 'select hex(randomblob(4)) <> hex(randomblob(4)), sqlite_version() > 3'
""",
    "sqlite3",
    nobody=True,
)

_add(
    "sqlite_wal",
    "sqlite3 base.db 'pragma journal_mode=wal; create table t (n); insert into t values (1); select * from t;'",
    "sqlite3",
    short=(),
    known=Known("a file mapped shared and writable (base.db-shm) is refused for now", (1, 2, 3)),
)

# ---------------------------------------------------------------------------------------------------------------------
# Archives, compression, cryptography

_add(
    "tar",
    r"""
tar cf a.tar --sort=name tree; tar tvf a.tar --full-time --numeric-owner | awk '{ print $1, $3, $4, $6 }'
mkdir out; tar xf a.tar -C out; diff -r tree out/tree && echo same
tar czf a.tgz --sort=name tree; tar tzf a.tgz | wc -l; gzip -dc a.tgz | tar tf - | head -n 2
tar cJf a.txz --sort=name tree; tar xJOf a.txz tree/a/one | tail -n 1
tar cf - tree | (cd out && tar xf - --keep-newer-files) ; echo $?
tar xf nothing.tar; echo $?
""",
    "tar gzip xz awk",
    prepare=TREE,
    varying=("a.tar", "a.tgz", "a.txz"),
    nobody=True,
)

_add(
    "gzip",
    "gzip -k lines; gzip -l lines.gz; gunzip -c lines.gz | cmp - lines; gzip -9 <lines | gzip -d | md5sum; zcat lines.gz | wc; gzip -t lines.gz; echo $?; bzip2 -k lines 2>/dev/null; gzip lines; ls",
    "awk gzip",
    prepare=LINES,
    nobody=True,
)

_add(
    "xz",
    "xz -k lines; xz -dc lines.xz | cmp - lines; xz -T2 --block-size=100000 -c lines >two.xz; xz -dc two.xz | md5sum; xz -T2 -dc two.xz | md5sum; xz -t two.xz; echo $?",
    "awk xz",
    prepare=LINES,
)

_add(
    "zstd",
    "zstd -q -k lines; zstd -dc lines.zst | cmp - lines; zstd -q -T2 -B100000 -c lines >two.zst; zstd -q -dc two.zst | md5sum; zstd -q --single-thread -c lines | md5sum; zstd -q -t two.zst; echo $?; zstd -q -19 lines -o best.zst",
    "awk zstd",
    prepare=LINES,
)

_add(
    "openssl",
    r"""
openssl rand -hex 32 >random; wc -c random
openssl genrsa -out key.pem 2048 2>/dev/null; openssl rsa -in key.pem -check -noout
openssl rsa -in key.pem -pubout -out public.pem 2>/dev/null
openssl dgst -sha256 lines; openssl dgst -sha256 -sign key.pem -out signature lines
openssl dgst -sha256 -verify public.pem -signature signature lines
openssl enc -aes-256-cbc -pbkdf2 -pass pass:secret -in lines -out encrypted
openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:secret -in encrypted | cmp - lines && echo decrypted
openssl req -x509 -key key.pem -subj /CN=localhost -days 2 -out certificate.pem; openssl x509 -in certificate.pem -noout -subject
openssl ecparam -name prime256v1 -genkey -noout -out ec.pem; openssl ec -in ec.pem -noout -check 2>&1
""",
    "openssl awk",
    prepare=LINES,
    varying=("random", "*.pem", "signature", "encrypted"),
    nobody=True,
)

_add(
    "openssl_speed",
    "openssl speed -seconds 1 -bytes 16 sha256 2>/dev/null | grep -c '^sha256'",
    "openssl",
    short=(),
    known=Known(
        "an alarm for a program that computes without making calls comes too late", (1, 2, 3)
    ),
)

_TLS = """
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=localhost -days 2 -out certificate.pem 2>/dev/null
head -c 300000 /dev/zero | tr '\\0' x >page
"""

_add(
    "openssl_server",
    SERVERS
    + r"""
$MVX openssl s_server -accept 127.0.0.1:$PORT -key key.pem -cert certificate.pem -WWW -quiet 2>log & server=$!
await_port $PORT
for _ in 1 2 3; do
    printf 'GET /page HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$PORT -quiet 2>/dev/null | wc -c
done
printf 'GET /page HTTP/1.0\r\n\r\n' | $MVX openssl s_client -connect 127.0.0.1:$PORT -quiet 2>/dev/null | wc -c
finish TERM
""",
    "openssl",
    prepare=_TLS,
    parts=True,
    varying=("log", "*.pem"),
)

_add(
    "openssl_both",
    SERVERS
    + r"""
openssl s_server -accept 127.0.0.1:$PORT -key key.pem -cert certificate.pem -WWW -quiet 2>log & server=$!
await_port $PORT
printf 'GET /page HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$PORT -quiet 2>/dev/null | wc -c
finish TERM
""",
    "openssl",
    prepare=_TLS,
    varying=("log", "*.pem"),
)

_add(
    "ssh_keygen",
    "ssh-keygen -q -t ed25519 -N '' -C me -f ed; ssh-keygen -q -t rsa -b 2048 -N secret -C me -f rsa; ssh-keygen -l -f ed.pub | cut -c 1-10; ssh-keygen -y -f ed | cut -c 1-20; echo data >data; ssh-keygen -q -Y sign -f ed -n file data; echo $?; ssh-keygen -y -f rsa -P wrong 2>/dev/null; echo $?; ssh-keygen -B -f ed >bubble; ls",
    "ssh-keygen",
    varying=("ed", "ed.pub", "rsa", "rsa.pub", "data.sig", "bubble"),
)

# ---------------------------------------------------------------------------------------------------------------------
# Clients and servers

_WEB = """
import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words): pass
    def version_string(self): return "test"
    def date_time_string(self, timestamp=None): return "now"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200); self.end_headers(); self.wfile.write(body[::-1])
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), functools.partial(Handler, directory="web")).serve_forever()
"""
_WEB_FILES = f"""
mkdir web; seq 1 5000 >web/numbers; echo '<h1>hello</h1>' >web/index.html; head -c 700000 /dev/zero >web/zeros
find web -exec touch -d '2020-02-02 UTC' {{}} +
cat >web.py <<'STOP'
{_WEB}STOP
"""

_add(
    "curl",
    SERVERS
    + r"""
python3 web.py $PORT & server=$!
await_port $PORT
u=http://127.0.0.1:$PORT
$MVX curl -s $u/ ; $MVX curl -s $u/numbers | md5sum; $MVX curl -s -o zeros $u/zeros; cmp zeros web/zeros
$MVX curl -s -d 'some text' $u/; echo
$MVX curl -s -i $u/index.html | tr -d '\r'
$MVX curl -s -f $u/missing; echo "status $?"
$MVX curl -s $u/index.html $u/numbers $u/ | wc
$MVX curl -s http://127.0.0.1:1/; echo "status $?"
$MVX curl -s --limit-rate 2M $u/zeros | wc -c
$MVX curl -s -w '%{http_code} %{size_download}\n' -o /dev/null http://localhost:$PORT/numbers
finish TERM
""",
    "curl python3",
    prepare=_WEB_FILES,
    parts=True,
)

_add(
    "python_web_server",
    SERVERS
    + r"""
$MVX /usr/bin/python3 web.py $PORT & server=$!
await_port $PORT
u=http://127.0.0.1:$PORT
for _ in 1 2 3 4 5; do curl -s $u/numbers | md5sum; curl -s -d abc $u/; echo; done
finish TERM
""",
    "curl python3",
    prepare=_WEB_FILES,
    parts=True,
)

_add(
    "redis",
    SERVERS
    + "options='--jemalloc-bg-thread no'\n"
    + r"""
$MVX redis-server $options --port $PORT --bind 127.0.0.1 --save '' --appendonly no --logfile log --dir . & server=$!
await_port $PORT
r() { redis-cli -p $PORT "$@"; }
r set key value; r get key; r incr counter; r lpush list a b c; r lrange list 0 -1; r hset h f 1 g 2; r hgetall h | sort
for i in $(seq 1 200); do echo "set k$i v$i"; done | r --pipe | tail -n 1
r dbsize; r get k77; r info server | grep -c redis_version; r expire k1 100; r exists k1 k2 nothing
r eval 'return redis.call("get", KEYS[1])' 1 key; r multi; r ping
r save; r config get port | head -n 1
finish TERM
""",
    "redis-server redis-benchmark",
    parts=True,
    varying=("log", "dump.rdb"),
    nobody=True,
)

_add(
    "redis_benchmark",
    SERVERS
    + "options='--jemalloc-bg-thread no'\n"
    + r"""
$MVX redis-server $options --port $PORT --bind 127.0.0.1 --save '' --appendonly no --logfile log --dir . & server=$!
await_port $PORT
redis-benchmark -p $PORT -n 2000 -c 20 -t ping,set,get,incr,lpush,mset -q | tr '\r' '\n' | grep -c 'requests per second, p50'
redis-benchmark -p $PORT -n 5000 -c 5 -P 16 -t set,get -q | tr '\r' '\n' | grep -c 'requests per second, p50'
redis-cli -p $PORT get counter:__rand_int__ >counter; redis-cli -p $PORT bgsave; sleep 0.5; redis-cli -p $PORT ping
finish TERM
""",
    "redis-server redis-benchmark",
    parts=True,
    varying=("log", "counter", "dump.rdb"),
)

_add(
    "redis_append_only",
    SERVERS
    + "options='--jemalloc-bg-thread no'\n"
    + r"""
start() { $MVX redis-server $options --port $PORT --bind 127.0.0.1 --save '' --appendonly yes --logfile log --dir . & server=$!; await_port $PORT; }
start
for i in $(seq 1 100); do echo "set k$i v$i"; done | redis-cli -p $PORT | sort | uniq -c
redis-cli -p $PORT bgrewriteaof; sleep 0.5
finish TERM
start
redis-cli -p $PORT dbsize; redis-cli -p $PORT get k50
finish TERM
""",
    "redis-server redis-benchmark",
    parts=True,
    varying=("log", "appendonlydir/*"),
    short=(),
)

_NGINX = r"""
cat >nginx.conf <<STOP
worker_processes WORKERS; daemon off; pid nginx.pid; error_log error.log;
events { worker_connections 64; }
http {
    access_log access.log; server_tokens off;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    server { listen 127.0.0.1:$PORT; root web; location /echo { return 200 "echo \$request_uri\n"; } }
    server { listen 127.0.0.1:$PORT2; location / { proxy_pass http://127.0.0.1:$PORT; } }
}
STOP
[ "$(id -u)" = 0 ] && sed -i '1i user root;' nginx.conf
"""
_NGINX_CHECK = r"""
for _ in 1 2 3; do curl -s $u/ $u/numbers | md5sum; done
curl -s -H 'Host: x' $u/echo/1; curl -s -o /dev/null -w '%{http_code}\n' $u/missing
curl -s -r 10-20 $u/numbers; curl -s -I $u/index.html | tr -d '\r' | grep -v Date
curl -s $u/zeros | md5sum; curl -s http://127.0.0.1:$PORT2/numbers | md5sum
"""
_NGINX_VARYING = ("*.log", "nginx.conf", "nginx.pid")

_add(
    "nginx_one_process",
    SERVERS
    + _NGINX.replace("daemon off;", "daemon off; master_process off;").replace("WORKERS", "1")
    + r"""
$MVX nginx -p "$PWD" -e error.log -c nginx.conf & server=$!
await_port $PORT; u=http://127.0.0.1:$PORT
"""
    + _NGINX_CHECK
    + "finish QUIT\n",
    "nginx curl",
    prepare=_WEB_FILES,
    parts=True,
    varying=_NGINX_VARYING,
)

_add(
    "nginx",
    SERVERS
    + _NGINX.replace("WORKERS", "2")
    + r"""
$MVX nginx -p "$PWD" -e error.log -c nginx.conf & server=$!
await_port $PORT; u=http://127.0.0.1:$PORT
"""
    + _NGINX_CHECK
    + r"""
wrk -t 1 -c 8 -d 1 $u/numbers >wrk.txt; grep -c Requests/sec wrk.txt; grep -E 'Socket errors|Non-2xx' wrk.txt
kill -HUP $server; sleep 1; curl -s $u/echo/2; kill -USR1 $server; sleep 0.3; curl -s $u/echo/3
finish QUIT
""",
    "nginx curl wrk",
    prepare=_WEB_FILES,
    parts=True,
    varying=(*_NGINX_VARYING, "wrk.txt"),
    nobody=True,
)

_add(
    "nginx_daemon",
    _NGINX.replace("WORKERS", "2").replace("daemon off;", "")
    + r"""
nginx -p "$PWD" -e error.log -c nginx.conf; echo "started $?"; u=http://127.0.0.1:$PORT
"""
    + _NGINX_CHECK
    + r"""
nginx -p "$PWD" -e error.log -c nginx.conf -s reload; sleep 0.5; curl -s $u/echo/9
nginx -p "$PWD" -e error.log -c nginx.conf -s quit
for _ in $(seq 100); do [ -e nginx.pid ] || break; sleep 0.05; done; ls
""",
    "nginx curl",
    prepare=_WEB_FILES,
    varying=_NGINX_VARYING,
    short=(),
)

_add(
    "lighttpd",
    SERVERS
    + r"""
cat >lighttpd.conf <<STOP
server.document-root = "$PWD/web"
server.bind = "127.0.0.1"
server.port = $PORT
server.modules = ("mod_access", "mod_dirlisting", "mod_accesslog")
server.errorlog = "$PWD/error.log"
accesslog.filename = "$PWD/access.log"
index-file.names = ("index.html")
server.tag = "test"
STOP
$MVX lighttpd -D -f lighttpd.conf & server=$!
await_port $PORT; u=http://127.0.0.1:$PORT
for _ in 1 2 3 4 5; do curl -s $u/ $u/numbers | md5sum; done
curl -s -o /dev/null -w '%{http_code}\n' $u/missing; curl -s $u/zeros | md5sum
curl -s -I $u/index.html | tr -d '\r' | grep -v -e Date -e ETag
wrk -t 1 -c 8 -d 1 $u/numbers >wrk.txt; grep -c Requests/sec wrk.txt; grep -E 'Socket errors|Non-2xx' wrk.txt
finish TERM
""",
    "lighttpd curl wrk",
    prepare=_WEB_FILES,
    parts=True,
    varying=("*.log", "wrk.txt", "lighttpd.conf"),
    nobody=True,
)

_MEMCACHED = r"""
[ "$(id -u)" = 0 ] && as='-u root' || as=
$MVX memcached -l 127.0.0.1 -p $PORT -U 0 -t 2 $as $options & server=$!
await_port $PORT
exec 3<>/dev/tcp/127.0.0.1/$PORT
for i in $(seq 1 50); do
    printf 'set key%d 0 0 5\r\nval%02d\r\nget key%d\r\n' $i $i $i >&3
    for _ in 1 2 3 4; do read -r -t 20 line <&3; echo "${line%$'\r'}"; done
done | md5sum
printf 'incr none 1\r\n' >&3; read -r -t 20 line <&3; echo "${line%$'\r'}"
printf 'version\r\nquit\r\n' >&3; read -r -t 20 line <&3; echo "${line%% *}"
exec 3>&-
for i in 1 2 3 4; do (exec 4<>/dev/tcp/127.0.0.1/$PORT; printf 'get key%d\r\nquit\r\n' $i >&4; tr -d '\r' <&4 >answer.$i) & clients="${clients:-} $!"; done
wait $clients; cat answer.?
finish TERM
"""

_add(
    "memcached",
    SERVERS
    + "options='-o no_lru_maintainer,no_lru_crawler'\n"
    + _MEMCACHED,
    "memcached",
    parts=True,
)

_add(
    "memcached_by_default",
    SERVERS
    + "options=\n"
    + _MEMCACHED,
    "memcached",
    parts=True,
    short=(),
    known=Known("the order of threads: how long the LRU maintainer sleeps", always=False),
)

_GO = r"""
mkdir -p source; cd source
cat >main.go <<'STOP'
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sort"
	"sync"
	"time"
)

func main() {
	switch os.Args[1] {
	case "hello":
		fmt.Println("hello", len(os.Args))
		table := map[string]int{"a": 1, "b": 2, "c": 3}
		keys := []string{}
		for key := range table {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		bytes := make([]byte, 8)
		rand.Read(bytes)
		start := time.Now()
		time.Sleep(20 * time.Millisecond)
		text, _ := json.Marshal(table)
		fmt.Println(keys, string(text), len(bytes), time.Since(start) >= 20*time.Millisecond)
		os.WriteFile("written", []byte("by go\n"), 0o644)
		os.Exit(3)
	case "routines":
		var group sync.WaitGroup
		sums := make([]int, 8)
		for i := range sums {
			group.Add(1)
			go func(i int) {
				defer group.Done()
				for k := 0; k < 1000000; k++ {
					sums[i] += k % (i + 2)
				}
			}(i)
		}
		group.Wait()
		fmt.Println(sums)
		out, err := exec.Command("echo", "from a child").CombinedOutput()
		fmt.Print(string(out), err, "\n")
	case "http":
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "you asked for %s\n", r.URL.Path) })
		go http.Serve(listener, nil)
		for i := 0; i < 10; i++ {
			answer, err := http.Get(fmt.Sprintf("http://%s/%d", listener.Addr(), i))
			if err != nil {
				panic(err)
			}
			io.Copy(os.Stdout, answer.Body)
			answer.Body.Close()
		}
	}
}
STOP
export HOME=${GO_HOME:-$PWD} GOFLAGS=-mod=mod GO111MODULE=off GOTOOLCHAIN=local CGO_ENABLED=0
go build -o ../program main.go
cd ..; rm -rf source
"""

_add("go_hello", "./program hello a b", "go", prepare=_GO, nobody=True)
_add("go_routines", "./program routines", "go", prepare=_GO)
_add("go_http", "./program http", "go", prepare=_GO)

_MUSL = r"""
cat >program.c <<'STOP'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <pthread.h>
#include <dirent.h>
static void *run(void *word) { return strdup(word); }
int main(int argc, char **argv)
{
    printf("musl %d\n", argc);
    char *list[] = {"d", "b", "a", "c"};
    qsort(list, 4, sizeof *list, (int (*)(const void *, const void *))strcmp);
    FILE *file = fopen("written", "w");
    for (int i = 0; i < 1000; i++) fprintf(file, "%d\n", i);
    fclose(file);
    fflush(stdout);
    if (fork() == 0) { execlp("echo", "echo", "child", (char *)0); _exit(1); }
    int status; wait(&status);
    printf("%d %d\n", WEXITSTATUS(status), time(0) > 1700000000);
    pthread_t thread; void *word;
    pthread_create(&thread, 0, run, "thread"); pthread_join(thread, &word);
    puts(word);
    FILE *pipe = popen("seq 1 3", "r"); char line[20];
    while (fgets(line, sizeof line, pipe)) fputs(line, stdout);
    printf("%d\n", pclose(pipe));
    int entries = 0; DIR *folder = opendir("."); while (readdir(folder)) entries++; closedir(folder);
    printf("%d\n", entries);
    return 5;
}
STOP
musl-gcc -static -O1 -o program program.c
musl-gcc -static-pie -fPIE -O1 -o pie program.c
gcc -static -O1 -o glibc program.c
"""

_add(
    "static_programs",
    "./program x; echo $?; ./pie x; echo $?; ./glibc; echo $?",
    "musl-gcc gcc",
    prepare=_MUSL,
    nobody=True,
)

_NODE = r"""
cat >server.js <<'STOP'
const http = require("http");
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => response.end(JSON.stringify({ path: request.url, length: body.length }) + "\n"));
});
server.listen(Number(process.argv[2]), "127.0.0.1");
process.on("SIGTERM", () => server.close(() => { console.log("closed"); process.exit(0); }));
STOP
cat >hello.js <<'STOP'
const fs = require("fs"), os = require("os"), crypto = require("crypto"), child = require("child_process");
console.log("hello", [3, 1, 2].sort(), new Map([["a", 1]]));
fs.writeFileSync("written", "by node\n");
console.log(fs.readFileSync("written", "utf8").trim(), crypto.randomBytes(8).length, Math.random() < 1);
console.log(child.execSync("echo child").toString().trim());
fs.promises.readFile("written").then((data) => {
  console.log(data.length);
  setTimeout(() => { console.log("later"); process.exitCode = 3; }, 30);
});
STOP
"""

_add("node_hello", "node --single-threaded hello.js", "node", prepare=_NODE)
_add("node_threads", "node hello.js", "node", prepare=_NODE, short=())
_add(
    "node_http",
    SERVERS
    + r"""
$MVX node server.js $PORT & server=$!
await_port $PORT
for i in 1 2 3 4 5; do curl -s http://127.0.0.1:$PORT/$i; curl -s -d "$(seq 1 100)" http://127.0.0.1:$PORT/post; done
finish TERM
""",
    "node curl",
    prepare=_NODE,
    parts=True,
)
