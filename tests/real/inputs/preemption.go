// Goroutines that compute without calls: the scheduler preempts them with SIGURG, and so does the collector.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

func compute(rounds int) uint64 {
	value := uint64(1)
	for i := 0; i < rounds; i++ {
		value = value*6364136223846793005 + 1442695040888963407
	}
	return value
}

func main() {
	runtime.GOMAXPROCS(2)
	var group sync.WaitGroup
	results := make([]uint64, 6)
	for i := range results {
		i := i // one for each goroutine: before Go 1.22 they would share it
		group.Add(1)
		go func() {
			defer group.Done()
			results[i] = compute(40000000 + i)
		}()
	}
	done := make(chan bool)
	go func() {
		group.Wait()
		close(done)
	}()
	for collecting := true; collecting; {
		select {
		case <-done:
			collecting = false
		default:
			runtime.GC()
		}
	}
	fmt.Println(results)
}
