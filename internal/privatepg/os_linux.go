package privatepg

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// childAttr runs a child as the account, out of reach of the terminal's Ctrl-C, and
// has the kernel signal it when we die.
func childAttr(a *account, deathSignal syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: deathSignal}
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// serverProcesses lists the server processes that work in dataDir, postmaster and
// sessions alike. All of them have it as their working directory; sessions lead
// process groups of their own, and lose their parent when the postmaster dies.
func serverProcesses(dataDir string) []int {
	want, err := os.Stat(dataDir)
	if err != nil {
		return nil
	}
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	var pids []int
	for _, dir := range dirs {
		// A zombie has no working directory any more, so it is not listed.
		got, err := os.Stat(dir + "/cwd")
		if err != nil || !os.SameFile(want, got) {
			continue
		}
		exe, err := os.Readlink(dir + "/exe")
		// An upgrade of the package adds " (deleted)".
		if err != nil || !strings.HasPrefix(filepath.Base(exe), "postgres") {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
