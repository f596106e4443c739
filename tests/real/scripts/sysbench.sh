sysbench cpu --threads=4 --events=200 --time=0 run >cpu
grep -E 'total number of events' cpu
sysbench threads --threads=4 --events=100 --time=0 --thread-yields=100 run >threads
grep -E 'total number of events' threads
sysbench mutex --threads=4 --mutex-locks=2000 --mutex-loops=1000 run >mutex
grep -E 'total number of events' mutex
