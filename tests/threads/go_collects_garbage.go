// The garbage collector runs in threads of its own and stops the goroutines, also those that only compute.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
)

type node struct {
	left, right *node
	value       [4]int
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1)}
}

func (n *node) size() int {
	if n == nil {
		return 0
	}
	return 1 + n.left.size() + n.right.size()
}

func main() {
	var group sync.WaitGroup
	sizes := make([]int, 3)
	for worker := range sizes {
		worker := worker
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < 4; i++ {
				sizes[worker] += tree(11).size()
				runtime.GC()
			}
		}()
	}
	outputs := make([]string, 2)
	for i := range outputs {
		i := i
		group.Add(1)
		go func() {
			defer group.Done()
			output, err := exec.Command("echo", fmt.Sprint("from ", i)).Output()
			if err != nil {
				os.Exit(2)
			}
			outputs[i] = string(output)
		}()
	}
	group.Wait()
	for _, size := range sizes {
		if size != 4*4095 {
			os.Exit(1)
		}
	}
	var statistics runtime.MemStats
	runtime.ReadMemStats(&statistics)
	fmt.Println(outputs, statistics.NumGC >= 12)
}
