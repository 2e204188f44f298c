#!/bin/sh
# Brings in what the tests need and pip does not: PostgreSQL with PostGIS, Chromium, curl, fonts for Chinese, GDAL's
# programs (a client of what is stored and written here, and the measure of an import's speed), QGIS without its
# desktop (another client: its library, its providers and its Python, 200 MB to fetch), and a library of GCC's that
# the Node of Playwright asks for.
# Only what is missing, through apt where there is one; elsewhere it says what is missing and fails.
set -eu

has_postgis() {
  for control in /usr/share/postgresql/*/extension/postgis.control; do
    version=$(basename "$(dirname "$(dirname "$control")")")
    [ -f "$control" ] && [ -x "/usr/lib/postgresql/$version/bin/initdb" ] && return 0
  done
  programs=$(pg_config --sharedir 2>/dev/null) && [ -f "$programs/extension/postgis.control" ]
}

has_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

has_chinese_fonts() { command -v fc-list && [ -n "$(fc-list :lang=zh-cn family)" ]; }

# The fixture in tests/connected.py looks in the same places.
has_qgis() {
  for python in /usr/bin/python3 python3; do
    QT_QPA_PLATFORM=offscreen "$python" -c 'import qgis.core' && return 0
  done
  return 1
}

has_libatomic() { [ "$(uname)" != Linux ] || /sbin/ldconfig -p | grep -q 'libatomic\.so\.1'; }

# What is missing, one Debian package a line.
missing() {
  has_postgis >/dev/null 2>&1 || echo postgresql-15-postgis-3
  has_chromium >/dev/null 2>&1 || echo chromium
  has_libatomic >/dev/null 2>&1 || echo libatomic1
  command -v curl >/dev/null 2>&1 || echo curl
  command -v ogr2ogr >/dev/null 2>&1 || echo gdal-bin
  has_qgis >/dev/null 2>&1 || echo python3-qgis
  has_chinese_fonts >/dev/null 2>&1 || echo fonts-noto-cjk fontconfig
}

give_up() {
  packages=$(missing | tr '\n' ' ')
  echo "测试缺少以下部件（按 Debian 软件包名列出）：$packages" >&2
  echo "$1" >&2
  echo "The tests lack these parts (named as Debian packages): $packages" >&2
  echo "$2" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# Debian 12 has PostgreSQL 15; other releases have one version of their own.
postgis_package() {
  apt-cache pkgnames postgresql- | grep -E '^postgresql-[0-9]+-postgis-3$' | sort -V |
    awk '{ last = $0 } $0 == "postgresql-15-postgis-3" { exit } END { print last }'
}

install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  packages=$(missing | sed "s/^postgresql-15-postgis-3$/$(postgis_package)/")
  # shellcheck disable=SC2086  # one word a package is meant
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $packages >/dev/null
}

[ -z "$(missing)" ] && exit 0
command -v apt-get >/dev/null ||
  give_up '本机没有 apt，请自行安装后重试。' 'This machine has no apt: install them by its own means, then try again.'
echo "正在用 apt 安装 · Installing with apt: $(missing | tr '\n' ' ')"
install || give_up 'apt 未能安装（见上文），请自行安装后重试。' 'apt could not install them (see above): install them, then try again.'
[ -z "$(missing)" ] ||
  give_up 'apt 运行后仍然缺少，请自行安装后重试。' 'They are still missing after apt ran: install them, then try again.'
