// peers_co.go WORK X TIMES - Go's goroutines in the benchmarks of coroutines,
// on one thread: prints the nanoseconds of CPU time that one takes. TIMES 0: as
// many as take 25 ms. `park` prints "parked" when X of them wait, and waits, too.
//
//	yield     X goroutines call runtime.Gosched in turn
//	spawn     64 are started, do nothing, and are waited for
//	channel   one sends, one receives; the channel holds X
//	fan-in    X send, one receives; the channel holds none
//	fan-out   one sends, X receive
//
// Read before: peers_co.h.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

const runNS = 25_000_000

func cpuNS() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

// run does it so often, and returns how often it did.
func timed(run func(int) int, times int) float64 {
	fixed := times > 0
	if !fixed {
		times = 100
	}
	for {
		start := cpuNS()
		done := run(times)
		took := cpuNS() - start
		if fixed || took >= runNS {
			return float64(took) / float64(done)
		}
		times *= 4
	}
}

// X - 1 others yield for ever; a run counts the turns of all.
func yielding(x int) func(int) int {
	turns := 0
	for i := 1; i < x; i++ {
		go func() {
			for {
				turns++
				runtime.Gosched()
			}
		}()
	}
	return func(times int) int {
		for turns = 0; turns < times; turns++ {
			runtime.Gosched()
		}
		return turns
	}
}

func spawning(int) func(int) int {
	const atOnce = 64
	return func(times int) int {
		var wg sync.WaitGroup
		done := 0
		for ; done < times; done += atOnce {
			wg.Add(atOnce)
			for i := 0; i < atOnce; i++ {
				go wg.Done()
			}
			wg.Wait()
		}
		return done
	}
}

// So many senders for ever; a run receives.
func receiving(senders, capacity int) func(int) int {
	c := make(chan uint64, capacity)
	for i := 0; i < senders; i++ {
		go func() {
			for n := uint64(0); ; n++ {
				c <- n
			}
		}()
	}
	return func(times int) int {
		for i := 0; i < times; i++ {
			<-c
		}
		return times
	}
}

func sending(receivers int) func(int) int {
	c := make(chan uint64)
	for i := 0; i < receivers; i++ {
		go func() {
			for range c {
			}
		}()
	}
	return func(times int) int {
		for i := 0; i < times; i++ {
			c <- uint64(i)
		}
		return times
	}
}

func park(x int) {
	var ready sync.WaitGroup
	never := make(chan bool)
	ready.Add(x)
	for i := 0; i < x; i++ {
		go func() {
			ready.Done()
			<-never
		}()
	}
	ready.Wait()
	fmt.Println("parked")
	select {}
}

func main() {
	runtime.GOMAXPROCS(1)
	x, _ := strconv.Atoi(os.Args[2])
	times, _ := strconv.Atoi(os.Args[3])
	switch os.Args[1] {
	case "yield":
		fmt.Println(timed(yielding(x), times))
	case "spawn":
		fmt.Println(timed(spawning(x), times))
	case "channel":
		fmt.Println(timed(receiving(1, x), times))
	case "fan-in":
		fmt.Println(timed(receiving(x, 0), times))
	case "fan-out":
		fmt.Println(timed(sending(x), times))
	case "park":
		park(x)
	default:
		os.Exit(2)
	}
}
