// A small web server: argument is the port.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

func main() {
	var count atomic.Int64
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		fmt.Fprintf(w, "you asked for %s\n", r.URL.Path)
	})
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	go http.ListenAndServe("127.0.0.1:"+os.Args[1], nil)
	<-ended
	fmt.Println("asked for some:", count.Load() > 4)
}
