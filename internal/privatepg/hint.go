package privatepg

import (
	"os"
	"runtime"
	"strings"
)

// installHint is the one command that installs PostgreSQL on this platform.
func installHint() string {
	release, _ := os.ReadFile("/etc/os-release") // absent outside Linux
	command := installCommand(runtime.GOOS, string(release))
	if command == "" {
		return "install it with the system's package manager"
	}
	if os.Geteuid() == 0 {
		command = strings.TrimPrefix(command, "sudo ")
	}
	return "run `" + command + "`"
}

// installCommand picks the command by operating system and, on Linux, by the ID and
// ID_LIKE lines of os-release. It is empty for a system it does not know.
func installCommand(goos, release string) string {
	if goos == "darwin" {
		return "brew install postgresql@17"
	}
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key != "ID" && key != "ID_LIKE" {
			continue
		}
		for id := range strings.FieldsSeq(strings.Trim(value, `"'`)) {
			switch id {
			case "debian", "ubuntu":
				return "sudo apt-get install postgresql"
			case "fedora", "rhel", "centos":
				return "sudo dnf install postgresql-server postgresql-contrib"
			case "alpine":
				return "sudo apk add postgresql postgresql-contrib"
			case "arch":
				return "sudo pacman -S postgresql"
			case "suse", "opensuse":
				return "sudo zypper install postgresql-server postgresql-contrib"
			}
		}
	}
	return ""
}
