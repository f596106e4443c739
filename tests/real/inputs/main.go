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
