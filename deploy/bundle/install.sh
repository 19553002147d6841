#!/bin/sh
# Installs Chaguan from this bundle, without a network: sh install.sh /opt/chaguan
# A second run with a newer bundle upgrades; the data is elsewhere and stays.
set -eu

target=${1:-}
python=${PYTHON:-python3}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

fail() {
	echo "install.sh: $1" >&2
	exit 1
}

[ -n "$target" ] || fail "say where to: sh install.sh /opt/chaguan"
cd "$here"
sha256sum --check --quiet SHA256SUMS || fail "the bundle is damaged or was changed; copy it again"

wanted=$(cat PYTHON)
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || fail "$python does not run"
[ "$found" = "$wanted" ] || fail "this bundle is for Python $wanted, $python is $found; name one with PYTHON=…"

mkdir -p "$target"
"$python" -m venv --clear --without-pip "$target/venv.new"
pip=$(ls "$here"/pip-*.whl)
in_venv() {
	PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1 \
		"$target/venv.new/bin/python" "$pip/pip" install --quiet --no-index --no-deps "$@"
}
in_venv --find-links wheels --require-hashes -r server.txt
in_venv wheels/chaguan-*.whl

# Programs in a virtual environment name its Python by path: the old one gives way only now, when all is there.
rm -rf "$target/venv.old"
[ ! -d "$target/venv" ] || mv "$target/venv" "$target/venv.old"
mv "$target/venv.new" "$target/venv"
sed -i "1s|venv.new/bin|venv/bin|" "$target"/venv/bin/chaguan
cp -R deploy docs examples LICENSE CHANGELOG.md "$target/"

echo "Installed. Try it:  $target/venv/bin/chaguan serve --demo --data-dir /tmp/chaguan-demo"
echo "In earnest:         $target/docs/how-to/serve-in-production.md"
