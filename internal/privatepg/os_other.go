//go:build !linux

package privatepg

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// childAttr runs a child as the account, out of reach of the terminal's Ctrl-C.
// Only Linux signals children of a dead parent.
func childAttr(a *account, _ syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// serverProcesses lists the postmaster of dataDir, told from a stranger with the
// same process id by its command line. Sessions are not seen; launch waits for them.
func serverProcesses(dataDir string) []int {
	pid, _ := readPIDFile(dataDir)
	if pid <= 0 {
		return nil
	}
	out, err := exec.CommandContext(context.Background(), "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil || !strings.Contains(string(out), "-D "+dataDir+" ") {
		return nil
	}
	return []int{pid}
}
