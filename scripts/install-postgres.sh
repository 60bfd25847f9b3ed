#!/bin/sh
# Makes sure that a PostgreSQL server of version 14 or newer is installed, for the
# service's private database and for the tests. It installs one where that takes no
# question (Debian and Ubuntu, as root or with passwordless sudo); elsewhere it prints
# the one command to run and exits 1. Run again, it finds the server and does nothing.
set -eu

min=14

# usable DIR: whether DIR holds a server that is new enough.
usable() {
	[ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 1
	major=$("$1/postgres" --version 2>/dev/null | sed -n 's/.*(PostgreSQL) \([0-9][0-9]*\).*/\1/p')
	[ "${major:-0}" -ge "$min" ]
}

# installed: the places internal/privatepg searches, in its order.
installed() {
	old_ifs=$IFS
	IFS=:
	for dir in $PATH; do
		if usable "$dir"; then
			IFS=$old_ifs
			return 0
		fi
	done
	IFS=$old_ifs
	for dir in "$(pg_config --bindir 2>/dev/null || true)" \
		/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/lib/postgresql*/bin \
		/usr/libexec/postgresql* /usr/lib64/postgresql-*/bin \
		/opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
		/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin \
		/Applications/Postgres.app/Contents/Versions/*/bin; do
		if usable "$dir"; then
			return 0
		fi
	done
	return 1
}

# as_root COMMAND...: runs it as root, without asking for a password.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# advise COMMAND: the way out where this script may not install.
advise() {
	echo "PostgreSQL $min or newer is needed. Install it with:" >&2
	echo "    $1" >&2
	exit 1
}

# install_debian: the server alone. The package would also create a cluster of its own
# and start it on port 5432, which nobody asked for; a configuration that is there
# already says what its owner wants and stays.
install_debian() {
	if ! as_root true 2>/dev/null; then
		advise "sudo apt-get install postgresql"
	fi
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		as_root mkdir -p /etc/postgresql-common
		echo "create_main_cluster = false" |
			as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
	fi
	as_root apt-get update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		-o Dpkg::Options::=--force-confold postgresql
	if ! installed; then
		echo "The postgresql package of this release is older than version $min." >&2
		advise "see https://www.postgresql.org/download/ for a newer one"
	fi
}

if installed; then
	exit 0
fi
if [ "$(uname -s)" = Darwin ]; then
	advise "brew install postgresql@17"
fi
ids=
if [ -r /etc/os-release ]; then
	ids=$(sed -n 's/^ID\(_LIKE\)\{0,1\}=//p' /etc/os-release | tr -d "\"'" | tr '\n' ' ')
fi
for id in $ids; do
	case $id in
	debian | ubuntu)
		install_debian
		exit 0
		;;
	fedora | rhel | centos) advise "sudo dnf install postgresql-server postgresql-contrib" ;;
	alpine) advise "sudo apk add postgresql postgresql-contrib" ;;
	arch) advise "sudo pacman -S postgresql" ;;
	suse | opensuse) advise "sudo zypper install postgresql-server postgresql-contrib" ;;
	esac
done
advise "the system's package manager; see https://www.postgresql.org/download/"
