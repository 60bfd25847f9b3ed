// Package procstat reads from Linux's /proc how much processor time went where.
package procstat

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc: USER_HZ, which is 100 on every platform that Go
// runs Linux on.
const tick = 10 * time.Millisecond

// Process is what /proc/PID/stat says of one process, all its threads together.
type Process struct {
	PID, Parent int
	// Own is the time of the process itself, Ended that of its children that have
	// ended and been waited for, with their whole lives.
	Own, Ended time.Duration
}

// ParseProcess reads the text of /proc/PID/stat.
func ParseProcess(stat []byte) (Process, error) {
	// The name in brackets may hold anything, brackets and spaces too.
	end := bytes.LastIndexByte(stat, ')')
	pid, _, found := strings.Cut(string(stat), " ")
	if end < 0 || !found {
		return Process{}, errors.New("no process: " + strconv.Quote(string(stat)))
	}
	fields := strings.Fields(string(stat[end+1:]))
	const state, parent, userTime, endedSystemTime = 0, 1, 11, 14
	if len(fields) <= endedSystemTime {
		return Process{}, fmt.Errorf("process %s: %d fields after state %q", pid, len(fields), fields[:min(len(fields), state+1)])
	}
	var numbers [6]int64
	for i, text := range append([]string{pid, fields[parent]}, fields[userTime:endedSystemTime+1]...) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Process{}, fmt.Errorf("process %s: %w", pid, err)
		}
		numbers[i] = n
	}
	return Process{
		PID: int(numbers[0]), Parent: int(numbers[1]),
		Own:   time.Duration(numbers[2]+numbers[3]) * tick,
		Ended: time.Duration(numbers[4]+numbers[5]) * tick,
	}, nil
}

// Read returns what /proc says of a running process.
func Read(pid int) (Process, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return Process{}, err
	}
	return ParseProcess(stat)
}

// Family returns the time used by a process and its children, ended ones included,
// and how many of them live. The parent moves a child's whole life to its own account
// when the child ends, so only the sum of both is steady.
func Family(pid int) (used time.Duration, children int, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, 0, err
	}
	found := false
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || err != nil && strings.Contains(err.Error(), "no such process") {
			continue // ended meanwhile
		}
		if err != nil {
			return 0, 0, err
		}
		p, err := ParseProcess(stat)
		switch {
		case err != nil:
			return 0, 0, err
		case p.PID == pid:
			found = true
			used += p.Own + p.Ended
		case p.Parent == pid:
			children++
			used += p.Own
		}
	}
	if !found {
		return 0, 0, fmt.Errorf("process %d does not run", pid)
	}
	return used, children, nil
}

// ParseBusy reads the text of /proc/stat: the time that all processors together spent
// on processes, that stolen by the hypervisor included. Interrupts are left out, since
// no process is billed for them.
func ParseBusy(stat []byte) (time.Duration, error) {
	line, _, _ := strings.Cut(string(stat), "\n")
	fields := strings.Fields(line)
	const user, nice, system, steal = 1, 2, 3, 8
	if len(fields) <= steal || fields[0] != "cpu" {
		return 0, errors.New("no sum of processors: " + strconv.Quote(line))
	}
	var busy int64
	for _, i := range []int{user, nice, system, steal} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, err
		}
		busy += n
	}
	return time.Duration(busy) * tick, nil
}

// Busy returns the time that all processors together were busy since the start of the
// machine.
func Busy() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return ParseBusy(stat)
}
