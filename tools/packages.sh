# What the system's package manager is asked for; sourced by setup.sh.
# shellcheck shell=bash

manager() {
  local name
  for name in apt-get dnf pacman brew; do
    if have "$name"; then printf '%s\n' "$name"; return; fi
  done
}

# package_for NEED: the package of this system that brings it. Ubuntu has no `chromium`, and Homebrew's is disabled for want of a
# signature. A `cask/NAME` is one of Homebrew's casks.
package_for() {
  case "$(manager):$1" in
    apt-get:compiler) echo gcc libc6-dev ;;
    pacman:compiler) echo base-devel ;;
    *:compiler) echo gcc ;;
    dnf:postgres) echo postgresql-server ;;
    brew:postgres) echo postgresql@17 ;;
    *:postgres) echo postgresql ;;
    brew:chromium) echo cask/google-chrome ;;
    apt-get:chromium)
      if [ "$(candidate chromium)" = 0 ] && [ "$(candidate chromium-browser)" != 0 ]; then echo chromium-browser; else echo chromium; fi ;;
    *:chromium) echo chromium ;;
    brew:node) echo node ;;
    apt-get:node) if at_least "$(candidate nodejs)" 20; then echo nodejs npm; else echo python3-pip; fi ;;
    *:node) echo nodejs npm ;;
    apt-get:pip) echo python3-pip ;;
    *) echo "$1" ;;
  esac
}

# The version of a package that apt would install ("0" if none). After refresh_lists.
candidate() {
  LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9]*:\)\{0,1\}\([0-9.]*\).*/\2/p' | grep . || echo 0
}

lists_are_fresh=
refresh_lists() {
  if [ -n "$lists_are_fresh" ] || [ "$(manager)" != apt-get ] || ! is_root; then return 0; fi
  say "Reading the list of system packages"
  apt-get update -qq >/dev/null || say "the list could not be read anew; going on with the old one"
  lists_are_fresh=1
}

# brew_line PACKAGE...: formulae and casks are installed by commands of their own.
brew_line() {
  local name formulae="" casks=""
  for name in "$@"; do
    case $name in cask/*) casks="$casks ${name#cask/}" ;; *) formulae="$formulae $name" ;; esac
  done
  [ -z "$formulae" ] || printf 'brew install%s' "$formulae${casks:+ && }"
  [ -z "$casks" ] || printf 'brew install --cask%s' "$casks"
}

# install_packages WHAT_FOR PACKAGE...: with apt as root, else stops with the line to type.
install_packages() {
  local what=$1 line
  shift
  case "$(manager)" in
    apt-get) line="sudo apt-get update; sudo apt-get install -y --no-install-recommends $*" ;;
    dnf) line="sudo dnf install -y $*" ;;
    pacman) line="sudo pacman -S --needed $*" ;;
    brew) line=$(brew_line "$@") ;;
    *) stop_with "missing: $what; install it with this system's package manager" ;;
  esac
  if [ "$(manager)" != apt-get ] || ! is_root; then stop_with "missing: $what" "$line"; fi
  refresh_lists
  say "Installing $what: $*"
  keep_postgres_quiet
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io \
    "$@" </dev/null >"$cache/packages.log" 2>&1 ||
    { let_postgres_speak; tail -n 20 "$cache/packages.log" >&2; stop_with "the packages could not be installed" "$line"; }
  let_postgres_speak
}

# Debian's package sets up and starts a server of its own. Nobody asked for one, so it is told not to while it installs.
quiet=/etc/postgresql-common/createcluster.d/quadrille-setup.conf
keep_postgres_quiet() {
  if dpkg -s postgresql-common >/dev/null 2>&1; then return 0; fi
  mkdir -p "${quiet%/*}"
  echo 'create_main_cluster = false' >"$quiet"
}
let_postgres_speak() { rm -f "$quiet"; }
