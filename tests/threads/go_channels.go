// Goroutines, channels, select, mutexes, wait groups, timers and contexts.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func check(condition bool, words string) {
	if !condition {
		fmt.Fprintln(os.Stderr, words)
		os.Exit(1)
	}
}

func main() {
	runtime.GOMAXPROCS(4)
	var seen []byte
	var mutex sync.Mutex
	note := func(letter int) {
		mutex.Lock()
		seen = append(seen, byte(letter))
		mutex.Unlock()
	}
	jobs, results := make(chan int, 3), make(chan int)
	var group sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		worker := worker
		group.Add(1)
		go func() {
			defer group.Done()
			for job := range jobs {
				note('a' + worker)
				if job%10 == 0 {
					runtime.Gosched()
				}
				results <- job * job
			}
		}()
	}
	go func() {
		for job := 0; job < 100; job++ {
			jobs <- job
		}
		close(jobs)
		group.Wait()
		close(results)
	}()
	sum := 0
	for result := range results {
		sum += result
	}
	check(sum == 328350, "sum")
	var counter atomic.Int64
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := 0; j < 100; j++ {
				counter.Add(1)
			}
		}()
	}
	group.Wait()
	check(counter.Load() == 5000, "counter")
	limited, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	ticks := time.NewTicker(time.Millisecond)
	count := 0
	for limited.Err() == nil {
		select {
		case <-ticks.C:
			count++
			note('t')
		case <-limited.Done():
			note('!')
		}
	}
	rest := len(seen) - 100 - count // the context may end while the loop looks at it
	check(rest == 0 || rest == 1, "seen")
	fmt.Println(string(seen))
}
